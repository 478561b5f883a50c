package audit

import (
	"regexp"
	"strings"

	"github.com/postern/postern/vpc"
)

// maxResources is how many resources a record names.
const maxResources = 20

// Resource is something that a call names or has made, in the words of
// LookupEvents.
type Resource struct {
	Type string `json:"type"` // AWS::EC2::VPC
	Name string `json:"name"` // vpc-…
}

// idTypes are the types of resources by the prefix of their ids.
var idTypes = map[string]string{
	"vpc": "AWS::EC2::VPC", "subnet": "AWS::EC2::Subnet", "sg": "AWS::EC2::SecurityGroup", "acl": "AWS::EC2::NetworkAcl",
	"rtb": "AWS::EC2::RouteTable", "eni": "AWS::EC2::NetworkInterface", "vpce": "AWS::EC2::VPCEndpoint",
	"vpce-svc": "AWS::EC2::VPCEndpointService", "dopt": "AWS::EC2::DHCPOptions", "fl": "AWS::EC2::FlowLog", "igw": "AWS::EC2::InternetGateway",
	"pcx": "AWS::EC2::VPCPeeringConnection", "i": "AWS::EC2::Instance", "pl": "AWS::EC2::PrefixList", "tgw": "AWS::EC2::TransitGateway",
}

// arnTypes are the types of resources by service and kind in their ARNs.
var arnTypes = map[string]string{
	"eks:cluster": "AWS::EKS::Cluster", "eks:nodegroup": "AWS::EKS::Nodegroup", "eks:addon": "AWS::EKS::Addon",
	"eks:fargateprofile": "AWS::EKS::FargateProfile", "eks:access-entry": "AWS::EKS::AccessEntry",
	"eks:podidentityassociation": "AWS::EKS::PodIdentityAssociation", "eks:identityproviderconfig": "AWS::EKS::IdentityProviderConfig",
	"iam:role": "AWS::IAM::Role", "iam:user": "AWS::IAM::User", "iam:policy": "AWS::IAM::Policy", "iam:group": "AWS::IAM::Group",
	"iam:instance-profile": "AWS::IAM::InstanceProfile", "iam:oidc-provider": "AWS::IAM::OIDCProvider",
	"logs:log-group": "AWS::Logs::LogGroup", "elasticloadbalancing:loadbalancer": "AWS::ElasticLoadBalancingV2::LoadBalancer",
	"elasticloadbalancing:targetgroup": "AWS::ElasticLoadBalancingV2::TargetGroup", "elasticloadbalancing:listener": "AWS::ElasticLoadBalancingV2::Listener",
}

var resourceID = regexp.MustCompile(`^([a-z]+(?:-svc)?)-[0-9a-f]{8,17}$`)

// resource recognises an id or an ARN.
func resource(s string) (Resource, bool) {
	if len(s) > 2048 || strings.IndexByte(s, '-') < 0 && !strings.HasPrefix(s, "arn:") {
		return Resource{}, false
	}
	if m := resourceID.FindStringSubmatch(s); m != nil {
		t, ok := idTypes[m[1]]
		return Resource{t, s}, ok
	}
	t, name, account := named(s)
	if t == "" || name == "" || account == "" {
		return Resource{}, false
	}
	return Resource{t, name}, true
}

// named returns the type of what an ARN names, its name and its account. The
// type is empty for what is no ARN of one thing of a known kind.
func named(s string) (kind, name, account string) {
	arn, ok := vpc.ParseARN(s)
	if !ok || strings.ContainsAny(s, "*?") {
		return "", "", ""
	}
	i := strings.IndexAny(arn.Resource, "/:") // a log group's has a colon
	if i < 0 || i == len(arn.Resource)-1 {
		return "", "", ""
	}
	name = arn.Resource[i+1:]
	kind = typeOf(arn.Service, arn.Resource[:i], name)
	switch arn.Service {
	case "logs": // log-group:NAME:log-stream:…
		name, _, _ = strings.Cut(name, ":")
	case "eks": // cluster/NAME; nodegroup/CLUSTER/NAME/UUID
	default:
		name = lastPart(name)
	}
	return kind, name, arn.Account
}

func typeOf(service, kind, name string) string {
	if service == "ec2" {
		return idTypes[name[:max(strings.LastIndexByte(name, '-'), 0)]]
	}
	return arnTypes[service+":"+kind]
}
