package eks

import (
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/eks"
)

const (
	maxGroups      = 4  // security groups of a cluster beside its own ("Amazon EKS service quotas")
	maxPublicCIDRs = 40 // ibid.

	// The Kubernetes minor versions that EKS offers, in standard and extended
	// support (EKS release calendar, April 2026).
	oldestMinor = 31
	latestMinor = 35
)

var (
	clusterName = regexp.MustCompile(`^[0-9A-Za-z][A-Za-z0-9\-_]*$`)
	roleARN     = regexp.MustCompile(`^arn:aws:iam::([0-9]{12}):role/[\x21-\x7e]+$`)

	// logTypes in the order in which EKS answers them.
	logTypes = []string{"api", "audit", "authenticator", "controllerManager", "scheduler"}

	serviceRanges = []netip.Prefix{
		netip.MustParsePrefix("10.0.0.0/8"),
		netip.MustParsePrefix("172.16.0.0/12"),
		netip.MustParsePrefix("192.168.0.0/16"),
	}
)

// checkRequest checks what can be said about a request without the store.
func checkRequest(caller auth.Caller, in *eks.CreateClusterInput, limits vpc.Limits) error {
	name := wire.Value(in.Name)
	if len(name) > 100 || !clusterName.MatchString(name) {
		return errName(name)
	}
	if err := checkRole(caller, name, wire.Value(in.RoleArn)); err != nil {
		return err
	}
	if in.Version != nil && !offered(*in.Version) {
		return errVersion(name)
	}
	if in.OutpostConfig != nil {
		return errOutpost(name, in.OutpostConfig.OutpostArns) // there are none
	}
	if err := checkAccess(name, in); err != nil {
		return err
	}
	if err := checkServiceCIDR(name, in.KubernetesNetworkConfig); err != nil {
		return err
	}
	if err := checkLogging(name, in.Logging); err != nil {
		return err
	}
	return checkTags(name, in.Tags, limits.TagsPer)
}

func checkRole(caller auth.Caller, cluster, arn string) error {
	m := roleARN.FindStringSubmatch(arn)
	if m == nil {
		return errRole(cluster, arn)
	}
	if m[1] != caller.Account {
		return errCrossAccountRole()
	}
	return nil
}

// offered reports whether EKS makes clusters of that Kubernetes version.
func offered(version string) bool {
	minor, ok := strings.CutPrefix(version, "1.")
	n, err := strconv.Atoi(minor)
	return ok && err == nil && strconv.Itoa(n) == minor && n >= oldestMinor && n <= latestMinor
}

// checkAccess checks who may reach the cluster's API, and from where.
func checkAccess(cluster string, in *eks.CreateClusterInput) error {
	c := in.ResourcesVpcConfig
	if !orDefault(c.EndpointPublicAccess, true) && !orDefault(c.EndpointPrivateAccess, false) {
		return errNoAccess(cluster)
	}
	if len(c.SecurityGroupIds) > maxGroups {
		return errGroupCount(cluster, maxGroups)
	}
	if len(c.PublicAccessCidrs) > maxPublicCIDRs {
		return errPublicCIDRCount(cluster, maxPublicCIDRs)
	}
	var bad []string
	for _, s := range c.PublicAccessCidrs {
		if p, err := netip.ParsePrefix(s); err != nil || !p.Addr().Is4() || p != p.Masked() || reservedRange(p) {
			bad = append(bad, s)
		}
	}
	if len(bad) > 0 {
		return errPublicCIDRs(cluster, bad)
	}
	if a := in.AccessConfig; a != nil && !orDefault(a.BootstrapClusterCreatorAdminPermissions, true) &&
		authenticationMode(a) == eks.AuthenticationModeConfigMap {
		return errCreatorAccess(cluster)
	}
	return nil
}

// reservedRange reports whether no client on the internet has an address of
// p. EKS refuses those blocks.
func reservedRange(p netip.Prefix) bool {
	a := p.Addr()
	return p.Bits() > 0 && (a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast())
}

func authenticationMode(a *eks.CreateAccessConfigRequest) string {
	if a == nil {
		return eks.AuthenticationModeConfigMap
	}
	return orDefault(a.AuthenticationMode, eks.AuthenticationModeConfigMap)
}

// checkServiceCIDR checks the block of the Kubernetes services' addresses.
func checkServiceCIDR(cluster string, k *eks.KubernetesNetworkConfigRequest) error {
	if k == nil || k.ServiceIpv4Cidr == nil {
		return nil
	}
	if wire.Value(k.IpFamily) == eks.IpFamilyIpv6 {
		return errServiceCIDRIPv6(cluster)
	}
	if !serviceCIDR(*k.ServiceIpv4Cidr).IsValid() {
		return errServiceCIDR(cluster, *k.ServiceIpv4Cidr)
	}
	return nil
}

// serviceCIDR parses a block that EKS accepts for services; the zero Prefix
// where it does not.
func serviceCIDR(s string) netip.Prefix {
	p, err := netip.ParsePrefix(s)
	if err != nil || p != p.Masked() || p.Bits() < 12 || p.Bits() > 24 {
		return netip.Prefix{}
	}
	inside := func(r netip.Prefix) bool { return r.Bits() <= p.Bits() && r.Contains(p.Addr()) }
	if !slices.ContainsFunc(serviceRanges, inside) {
		return netip.Prefix{}
	}
	return p
}

func checkLogging(cluster string, l *eks.Logging) error {
	if l == nil {
		return nil
	}
	for _, setup := range l.ClusterLogging {
		for _, t := range setup.Types {
			if !slices.Contains(logTypes, t) {
				return errLogType(cluster, t)
			}
		}
	}
	return nil
}

func checkTags(cluster string, tags map[string]string, limit int) error {
	if len(tags) > limit {
		return errTagCount(cluster, limit)
	}
	for k := range tags {
		if !userTag(k) {
			return errTagKey(cluster, k)
		}
	}
	return nil
}

// orDefault is what p points to, or def where the request left it out.
func orDefault[T any](p *T, def T) T {
	if p == nil {
		return def
	}
	return *p
}
