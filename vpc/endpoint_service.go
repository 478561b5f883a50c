package vpc

import (
	"net/netip"
	"slices"
	"strings"
)

// EndpointService is a service of AWS that an interface endpoint can lead to.
type EndpointService struct {
	Name         string // com.amazonaws.us-east-1.eks
	Short        string // eks: the label before the Region in the vpce names
	ID           string // vpce-svc-…, the same in every account
	API          string // the service that answers behind it: its signing name
	Region       string
	PrivateNames []string // what private DNS answers, the SDK's default name first
	Policy       bool     // endpoint policies are supported
	FIPS         bool     // only FIPS-approved TLS
	AddressTypes []string // supportedIpAddressTypes: ipv4, ipv6
}

// offered are the services that Postern can put behind an endpoint. In the
// names R stands for the Region.
var offered = []struct {
	short, api, id string
	names          []string
	fips, noPolicy bool
}{
	{short: "ec2", api: "ec2", id: "vpce-svc-0e6b5a1f0c2d94e11", names: []string{"ec2.R.amazonaws.com", "ec2.R.api.aws"}},
	{short: "eks", api: "eks", id: "vpce-svc-0e6b5a1f0c2d94e10", names: []string{"eks.R.amazonaws.com", "eks.R.api.aws"}},
	{short: "eks-auth", api: "eks-auth", id: "vpce-svc-0e6b5a1f0c2d94e14", names: []string{"eks-auth.R.api.aws"}},
	{short: "eks-fips", api: "eks", id: "vpce-svc-0e6b5a1f0c2d94e15", names: []string{"fips.eks.R.amazonaws.com", "eks-fips.R.api.aws"}, fips: true},
	{short: "elasticloadbalancing", api: "elasticloadbalancing", id: "vpce-svc-0e6b5a1f0c2d94e16", names: []string{"elasticloadbalancing.R.amazonaws.com", "elasticloadbalancing.R.api.aws"}},
	{short: "logs", api: "logs", id: "vpce-svc-0e6b5a1f0c2d94e12", names: []string{"logs.R.amazonaws.com", "logs.R.api.aws"}},
	{short: "oidc-eks", api: "oidc-eks", id: "vpce-svc-0e6b5a1f0c2d94e17", names: []string{"oidc.eks.R.amazonaws.com", "oidc-eks.R.api.aws"}, noPolicy: true},
	{short: "sts", api: "sts", id: "vpce-svc-0e6b5a1f0c2d94e13", names: []string{"sts.R.amazonaws.com", "sts.R.api.aws"}},
}

// absent are the Regions that lack a service ("Access Amazon EKS using AWS
// PrivateLink").
var absent = map[string][]string{
	"eks":      {"ap-southeast-5", "ap-southeast-7", "mx-central-1", "ap-east-2"},
	"eks-fips": {"ap-southeast-5", "ap-southeast-7", "mx-central-1", "ap-east-2"},
}

// EndpointServices returns the services offered in a Region, ordered by name;
// none for an unknown Region.
func EndpointServices(region string) []EndpointService {
	if _, ok := FindRegion(region); !ok {
		return nil
	}
	var all []EndpointService
	for _, o := range offered {
		if slices.Contains(absent[o.short], region) {
			continue
		}
		s := EndpointService{
			Name:         "com.amazonaws." + region + "." + o.short,
			Short:        o.short,
			ID:           o.id,
			API:          o.api,
			Region:       region,
			Policy:       !o.noPolicy,
			FIPS:         o.fips,
			AddressTypes: []string{"ipv4", "ipv6"},
		}
		for _, name := range o.names {
			s.PrivateNames = append(s.PrivateNames, strings.Replace(name, "R", region, 1))
		}
		all = append(all, s)
	}
	return all
}

// DualStackName reports whether a private name of a service is one that has
// IPv6 addresses when the endpoint's record type is service-defined.
func DualStackName(name string) bool { return strings.HasSuffix(name, ".api.aws") }

// FindEndpointService returns the service of that full name.
func FindEndpointService(name string) (EndpointService, bool) {
	rest, ok := strings.CutPrefix(name, "com.amazonaws.")
	if !ok {
		return EndpointService{}, false
	}
	region, _, _ := strings.Cut(rest, ".")
	for _, s := range EndpointServices(region) {
		if s.Name == name {
			return s, true
		}
	}
	return EndpointService{}, false
}

// PublicNames are the DNS names under which the SDKs look for a service's API
// in a Region, the default one first.
func PublicNames(api, region string) []string {
	return []string{api + "." + region + ".amazonaws.com", api + "." + region + ".api.aws"}
}

// BaseName is the parent of the service's vpce names.
func (s EndpointService) BaseName() string {
	return s.Short + "." + s.Region + ".vpce.amazonaws.com"
}

// CertificateNames are the names that the certificate behind an endpoint of
// this service must carry. One wildcard covers the regional and the zonal
// vpce names, which have the same depth.
func (s EndpointService) CertificateNames() []string {
	return append(slices.Clone(s.PrivateNames), s.BaseName(), "*."+s.BaseName())
}

// RegionalName is the endpoint's public DNS name that answers with all its
// ENIs.
func (e Endpoint) RegionalName(s EndpointService) string {
	return e.PublicName(s.BaseName(), "")
}

// ZonalName is the endpoint's public DNS name that answers with its ENI in
// one availability zone.
func (e Endpoint) ZonalName(s EndpointService, zone string) string {
	return e.PublicName(s.BaseName(), zone)
}

// PublicName is the endpoint's name in public DNS below base, the parent of
// the names of its service's endpoints: the one of an availability zone, or
// without a zone the regional one.
func (e Endpoint) PublicName(base, zone string) string {
	name := e.ID + "-" + e.Suffix
	if zone != "" {
		name += "-" + zone
	}
	return name + "." + base
}

// publicAPIs are the services that are asked for by public names.
var publicAPIs = []string{"eks", "ec2", "logs", "sts", "eks-auth", "elasticloadbalancing"}

// PublicAddress is the address that the public name of a service's API
// resolves to. It lies in 198.18.0.0/15, which no network routes (RFC 2544):
// it stands for the public internet, which a private subnet cannot reach.
func PublicAddress(api, region string) netip.Addr {
	service := slices.IndexFunc(publicAPIs, func(o string) bool { return o == api })
	r := slices.IndexFunc(regions, func(r Region) bool { return r.Name == region })
	if service < 0 || r < 0 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{198, 18, byte(r + 1), byte(service + 1)})
}

// PublicService finds the API and Region that a public DNS name (without a
// trailing dot) belongs to.
func PublicService(name string) (api, region string, ok bool) {
	labels := strings.SplitN(strings.ToLower(name), ".", 3)
	if len(labels) != 3 || (labels[2] != "amazonaws.com" && labels[2] != "api.aws") {
		return "", "", false
	}
	if !PublicAddress(labels[0], labels[1]).IsValid() {
		return "", "", false
	}
	return labels[0], labels[1], true
}

// vpceZones are the ids of the public zones that hold the regional and zonal
// names of endpoints.
var vpceZones = map[string]string{
	"us-east-1":      "Z7HUB22UULQXV",
	"us-east-2":      "ZC8PG0KIFKBRI",
	"us-west-1":      "Z12I86A8N7VCZO",
	"us-west-2":      "Z1YSA3EXCYUU9Z",
	"eu-west-1":      "Z38GZ743OKFT7T",
	"eu-west-2":      "Z7K1066E3PUKB",
	"eu-central-1":   "Z273ZU8SZ5RJPC",
	"ap-northeast-1": "Z2E726K9Y6RL4W",
	"ap-northeast-2": "Z27UANNT0PRK1T",
	"ap-southeast-1": "Z18LLCSTV4NVNL",
	"ap-southeast-2": "ZDK2GCRPAFKGO",
	"ap-south-1":     "Z2KVTB3ZLFM7JR",
	"ca-central-1":   "ZRCXCF510Y6P9",
	"sa-east-1":      "Z2LXUWEVLCVZIB",
}

// EndpointZone is the hosted zone id of a Region's regional and zonal
// endpoint names. Regions whose id is not known share a made-up one.
func EndpointZone(region string) string {
	if id, ok := vpceZones[region]; ok {
		return id
	}
	return "Z0POSTERNVPCE"
}
