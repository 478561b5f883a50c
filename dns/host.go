package dns

import (
	"net/netip"

	"github.com/postern/postern/vpc"
)

// addHost adds the names of an ENI. Each private IPv4 address has a name made
// from it. A workload also has one made from its id, with the records that the
// subnet's options allow.
func (v *View) addHost(e vpc.ENI, subnet vpc.Subnet, region string) {
	if e.Address.IsValid() {
		name := vpc.HostName(e.Address, region)
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
	host := RRSet{Name: vpc.ResourceName(e.ID, region), A: answered}
	v.Hosts = append(v.Hosts, host)
	for _, a := range e.Addresses() {
		if byResource || a.Is6() && subnet.Names.AAAA {
			v.Pointers[a] = host.Name
		}
	}
}
