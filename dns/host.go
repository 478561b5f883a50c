package dns

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/postern/postern/vpc"
)

// addHost adds the names of an ENI. Each private IPv4 address has a name made
// from it. A workload also has one made from its id, with the records that the
// subnet's options allow.
func (v *View) addHost(e vpc.ENI, subnet vpc.Subnet, region string) {
	if e.Address.IsValid() {
		name := HostName(e.Address, region)
		v.Hosts = append(v.Hosts, RRSet{Name: name, A: []netip.Addr{e.Address}})
		v.Pointers[e.Address] = name
	}
	if e.Type != vpc.InterfaceWorkload {
		return
	}
	byResource := subnet.Names.ByResource || subnet.Native // IPv6-only: there is nothing else to make a name from
	answered := types{a: subnet.Names.A, aaaa: subnet.Names.AAAA}.addresses([]vpc.ENI{e})
	if !byResource && len(answered) == 0 {
		return
	}
	host := RRSet{Name: ResourceName(e.ID, region), A: answered}
	v.Hosts = append(v.Hosts, host)
	for _, a := range e.Addresses() {
		if byResource || a.Is6() && subnet.Names.AAAA {
			v.Pointers[a] = host.Name
		}
	}
}

// HostName is the private DNS name of an instance address in a Region.
func HostName(a netip.Addr, region string) string {
	b := a.As4()
	return fmt.Sprintf("ip-%d-%d-%d-%d.%s", b[0], b[1], b[2], b[3], InternalDomain(region))
}

// ResourceName is the private DNS name of the instance that an ENI stands for:
// its id is that of the ENI with another prefix.
func ResourceName(eni, region string) string {
	return "i-" + strings.TrimPrefix(eni, "eni-") + "." + InternalDomain(region)
}

// InternalDomain is the parent of the instances' names in a Region.
func InternalDomain(region string) string {
	if region == "us-east-1" {
		return "ec2.internal"
	}
	return region + ".compute.internal"
}
