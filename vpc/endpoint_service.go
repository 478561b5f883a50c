package vpc

import (
	"slices"
	"strings"
	"sync"
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

// offered are the services that Postern can put behind an endpoint, ordered by
// name.
var offered = []struct {
	short, api, id string
	fips, noPolicy bool
}{
	{short: "ec2", api: "ec2", id: "vpce-svc-0e6b5a1f0c2d94e11"},
	{short: "eks", api: "eks", id: "vpce-svc-0e6b5a1f0c2d94e10"},
	{short: "eks-auth", api: "eks-auth", id: "vpce-svc-0e6b5a1f0c2d94e14"},
	{short: "eks-fips", api: "eks", id: "vpce-svc-0e6b5a1f0c2d94e15", fips: true},
	{short: "elasticloadbalancing", api: "elasticloadbalancing", id: "vpce-svc-0e6b5a1f0c2d94e16"},
	{short: "logs", api: "logs", id: "vpce-svc-0e6b5a1f0c2d94e12"},
	{short: "oidc-eks", api: "oidc-eks", id: "vpce-svc-0e6b5a1f0c2d94e17", noPolicy: true},
	{short: "sts", api: "sts", id: "vpce-svc-0e6b5a1f0c2d94e13"},
}

// EndpointServices returns the services that exist in a Region, ordered by
// name; none for an unknown Region. Availability says which are offered.
func EndpointServices(region string) []EndpointService {
	return slices.Clone(endpointServices()[region])
}

// endpointServices are those of all Regions. They are made once, since every
// call through an endpoint asks for one.
var endpointServices = sync.OnceValue(func() map[string][]EndpointService {
	all := map[string][]EndpointService{}
	for _, r := range regions {
		for _, o := range offered {
			all[r.Name] = append(all[r.Name], EndpointService{
				Name:         "com.amazonaws." + r.Name + "." + o.short,
				Short:        o.short,
				ID:           o.id,
				API:          o.api,
				Region:       r.Name,
				PrivateNames: privateNames(o.api, r.Name, o.fips),
				Policy:       !o.noPolicy,
				FIPS:         o.fips,
				AddressTypes: []string{"ipv4", "ipv6"},
			})
		}
	}
	return all
})

// privateNames are the names by which the SDKs ask for the API with FIPS or
// without. The issuers of clusters are not asked for by an SDK.
func privateNames(api, region string, fips bool) []string {
	if api == "oidc-eks" {
		p := PartitionOf(region)
		return []string{"oidc.eks." + region + "." + p.Suffix, "oidc-eks." + region + "." + p.DualStack}
	}
	var names []string
	for _, h := range Hostnames(api, region) {
		if h.FIPS == fips {
			names = append(names, h.Name)
		}
	}
	return names
}

// DualStackName reports whether a private name of a service is one that has
// IPv6 addresses when the endpoint's record type is service-defined.
func DualStackName(name string) bool {
	return slices.ContainsFunc(partitions, func(p Partition) bool { return strings.HasSuffix(name, "."+p.DualStack) })
}

// FindEndpointService returns the service of that full name.
func FindEndpointService(name string) (EndpointService, bool) {
	rest, ok := strings.CutPrefix(name, "com.amazonaws.")
	if !ok {
		return EndpointService{}, false
	}
	region, _, _ := strings.Cut(rest, ".")
	for _, s := range endpointServices()[region] {
		if s.Name == name {
			return s, true
		}
	}
	return EndpointService{}, false
}

// BaseName is the parent of the service's vpce names.
func (s EndpointService) BaseName() string {
	return s.Short + "." + EndpointDomain(s.Region)
}

// EndpointDomain is the parent of all names of endpoints in a Region.
func EndpointDomain(region string) string { return region + ".vpce." + PartitionOf(region).Suffix }

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
