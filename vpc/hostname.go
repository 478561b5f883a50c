package vpc

import (
	"net/netip"
	"slices"
	"strings"
	"sync"
)

// Hostname is a name under which the SDKs ask for a service's API.
type Hostname struct {
	Name      string
	DualStack bool // it has IPv6 addresses, too
	FIPS      bool
}

// publicAPIs are the services that are asked for by public names. Their order
// numbers PublicAddress.
var publicAPIs = []string{"eks", "ec2", "logs", "sts", "eks-auth", "elasticloadbalancing"}

// Hostnames are the names of a service's API in a Region, as the endpoint rules
// of the SDKs have them: the plain one first, then dual-stack, FIPS, and both
// together. A name that stands for two of them is there once. None for an
// unknown Region or API.
func Hostnames(api, region string) []Hostname {
	if _, ok := FindRegion(region); !ok || !slices.Contains(publicAPIs, api) {
		return nil
	}
	p := PartitionOf(region)
	plain := Hostname{Name: api + "." + region + "." + p.Suffix}
	dual := Hostname{Name: api + "." + region + "." + p.DualStack, DualStack: true}
	fips := Hostname{Name: api + "-fips." + region + "." + p.Suffix, FIPS: true}
	both := Hostname{Name: api + "-fips." + region + "." + p.DualStack, DualStack: true, FIPS: true}
	switch {
	case api == "eks-auth": // has dual-stack names only
		return []Hostname{dual, both}
	case p.Name == "aws-us-gov": // everything there is FIPS
		return []Hostname{plain, dual, both}
	case api == "eks" && p.Name == "aws":
		fips.Name = "fips.eks." + region + "." + p.Suffix
	}
	return []Hostname{plain, dual, fips, both}
}

// PublicService finds the API and Region that a public DNS name (without a
// trailing dot) belongs to.
func PublicService(name string) (api, region string, ok bool) {
	of, ok := publicNames()[strings.ToLower(name)]
	return of.api, of.region, ok
}

type publicName struct{ api, region string }

var publicNames = sync.OnceValue(func() map[string]publicName {
	all := map[string]publicName{}
	for _, api := range publicAPIs {
		for _, r := range regions {
			for _, h := range Hostnames(api, r.Name) {
				all[h.Name] = publicName{api, r.Name}
			}
		}
	}
	return all
})

// PublicAddress is the address that the public names of a service's API
// resolve to. It lies in 198.18.0.0/15, which no network routes (RFC 2544):
// it stands for the public internet, which a private subnet cannot reach.
func PublicAddress(api, region string) netip.Addr {
	service := slices.Index(publicAPIs, api)
	r := slices.IndexFunc(regions, func(r Region) bool { return r.Name == region })
	if service < 0 || r < 0 {
		return netip.Addr{}
	}
	return netip.AddrFrom4([4]byte{198, 18, byte(r + 1), byte(service + 1)})
}
