package eks

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/postern/postern/wire"
)

// The errors of the EKS API, one function a case. The service sends the
// members of an error's shape that do not apply as null.

// clusterError is an error of a shape that names a cluster and perhaps parts
// of it. An empty name is sent as null.
func clusterError(status int, code, cluster, message string, parts ...string) *wire.Error {
	detail := map[string]any{"clusterName": nil}
	if cluster != "" {
		detail["clusterName"] = cluster
	}
	for _, p := range parts {
		detail[p] = nil
	}
	return &wire.Error{Code: code, Message: message, Status: status, Detail: detail}
}

func errClusterNotFound(name string) error {
	return clusterError(404, "ResourceNotFoundException", name, "No cluster found for name: "+name+".",
		"nodegroupName", "fargateProfileName", "addonName", "subscriptionId")
}

func errClusterExists(name string) error {
	return clusterError(409, "ResourceInUseException", name, "Cluster already exists with name: "+name,
		"nodegroupName", "addonName")
}

func errClusterLimit(name string, limit int) error {
	return clusterError(400, "ResourceLimitExceededException", name,
		fmt.Sprintf("Cluster limit exceeded: the limit is %d clusters per Region.", limit),
		"nodegroupName", "subscriptionId")
}

func errDeletionProtected(name string) error {
	return clusterError(400, "InvalidRequestException", name,
		"Cluster "+name+" cannot be deleted because deletion protection is enabled.",
		"nodegroupName", "addonName", "subscriptionId")
}

func errCrossAccountRole() error {
	return &wire.Error{Code: "AccessDeniedException", Message: "Cross-account pass role is not allowed.", Status: 403}
}

// invalid is an InvalidParameterException about a cluster.
func invalid(cluster, message string) error {
	return clusterError(400, "InvalidParameterException", cluster, message,
		"nodegroupName", "fargateProfileName", "addonName", "subscriptionId")
}

func errTokenReused(cluster, token string) error {
	return invalid(cluster, "The clientRequestToken "+token+" was already used with different parameters.")
}

func errName(name string) error {
	return invalid(name, "The cluster name '"+name+"' must satisfy the regular expression pattern: "+clusterName.String())
}

func errRole(cluster, arn string) error { return invalid(cluster, "Invalid Role Arn: '"+arn+"'") }

func errVersion(cluster string) error { return invalid(cluster, "unsupported Kubernetes version") }

func errSubnetZones(cluster string) error {
	return invalid(cluster, "Subnets specified must be in at least two different AZs")
}

func errSubnetNotFound(cluster, id string) error {
	return invalid(cluster, "The subnet ID '"+id+"' does not exist")
}

func errSubnetVPC(cluster string) error {
	return invalid(cluster, "Subnets specified must belong to the same VPC")
}

func errGroupNotFound(cluster, id string) error {
	return invalid(cluster, "The security group '"+id+"' does not exist")
}

func errGroupVPC(cluster string, ids []string, vpcID string) error {
	return invalid(cluster, "Security group(s) ["+strings.Join(ids, ", ")+
		"] are not in the same VPC as the subnets. Please specify a security group that is associated with the VPC: "+vpcID+".")
}

func errGroupCount(cluster string, limit int) error {
	return invalid(cluster, fmt.Sprintf("The number of security groups exceeds the limit of %d", limit))
}

func errNoAccess(cluster string) error {
	return invalid(cluster, "Private and public endpoint access cannot be false")
}

func errPublicCIDRs(cluster string, cidrs []string) error {
	return invalid(cluster, "The following CIDRs are invalid in publicAccessCidrs: ["+strings.Join(cidrs, ", ")+"]")
}

func errPublicCIDRCount(cluster string, limit int) error {
	return invalid(cluster, fmt.Sprintf("The number of publicAccessCidrs exceeds the limit of %d", limit))
}

func errServiceCIDR(cluster, cidr string) error {
	return invalid(cluster, "The serviceIpv4Cidr "+cidr+
		" must be a block between /24 and /12 within 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
}

func errServiceCIDROverlap(cluster string, cidr, network netip.Prefix) error {
	return invalid(cluster, fmt.Sprintf("The serviceIpv4Cidr %v overlaps with the VPC CIDR block %v", cidr, network))
}

func errServiceCIDRIPv6(cluster string) error {
	return invalid(cluster, "serviceIpv4Cidr cannot be specified when ipFamily is ipv6")
}

func errSubnetsIPv6(cluster string, ids []string) error {
	return invalid(cluster, "Subnets ["+strings.Join(ids, ", ")+"] must have IPv6 CIDR blocks when ipFamily is ipv6")
}

func errCreatorAccess(cluster string) error {
	return invalid(cluster, "bootstrapClusterCreatorAdminPermissions must be true if cluster authentication mode is set to CONFIG_MAP")
}

func errLogType(cluster, name string) error {
	return invalid(cluster, "Invalid log type: "+name)
}

func errOutpost(cluster string, arns []string) error {
	return invalid(cluster, "The Outposts ["+strings.Join(arns, ", ")+"] do not exist")
}

func errTagKey(cluster, key string) error {
	return invalid(cluster, "Tag keys cannot be empty or start with 'aws:': '"+key+"'")
}

func errTagCount(cluster string, limit int) error {
	return invalid(cluster, fmt.Sprintf("A resource can have at most %d tags", limit))
}

func errInclude(value string) error {
	return invalid("", "Invalid value for include: "+value)
}

// The tag operations have two errors of their own, which carry a message only.

func errTagNotFound(arn string) error {
	return &wire.Error{Code: "NotFoundException", Message: "Resource was not found: " + arn, Status: 404}
}

func errTagRequest(message string) error {
	return &wire.Error{Code: "BadRequestException", Message: message, Status: 400}
}
