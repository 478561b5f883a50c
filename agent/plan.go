package agent

import (
	"net/netip"
	"slices"
	"time"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/dns"
	"github.com/postern/postern/vpc"
)

// doorPort is where an interface endpoint of an AWS service listens.
const doorPort = 443

// Plan is everything that a node must hold for one VPC.
type Plan struct {
	Kernel    dataplane.VPC
	Names     dns.View
	Public    []dns.RRSet  // the endpoints' regional and zonal names, which every VPC sees
	Doors     []Door       // one an endpoint ENI
	Resolvers []netip.Addr // where the resolver listens
	FlowLogs  []vpc.FlowLog
	Unlogged  []netip.Addr // traffic with them is in no flow log
}

// Door is an address where an endpoint accepts connections.
type Door struct {
	Address netip.AddrPort
	Arrival vpc.Arrival // of its connections, without their source
}

// plan turns the records of a VPC into what the node must hold for it. It
// reports false for a VPC in which nothing lives: that one needs no
// namespace. An interval of 0 leaves the flow logs' own.
func plan(r records, interval time.Duration) (Plan, bool) {
	if len(r.ENIs) == 0 {
		return Plan{}, false
	}
	names := dns.Records{Network: r.Network, Subnets: r.Subnets, ENIs: r.ENIs, Endpoints: r.Endpoints}
	p := Plan{
		Resolvers: resolvers(r),
		FlowLogs:  slices.Clone(r.FlowLogs),
		Public:    dns.PublicNames(names),
		Names:     dns.Build(names),
	}
	if interval > 0 {
		for i := range p.FlowLogs {
			p.FlowLogs[i].Interval = interval
		}
	}
	p.Kernel = dataplane.VPC{
		ID:     r.Network.ID,
		Locals: slices.Clone(p.Resolvers),
		Filter: nft.Config{Resolvers: p.Resolvers, ENIs: r.ENIs, Groups: r.Groups},
	}
	p.Unlogged = slices.Clone(p.Resolvers)
	subnets := map[string]vpc.Subnet{}
	for _, s := range r.Subnets {
		subnets[s.ID] = s
		p.Kernel.Locals = append(p.Kernel.Locals, vpc.Gateway(s.CIDR))
		p.Unlogged = append(p.Unlogged, vpc.Gateway(s.CIDR))
		p.Kernel.Filter.Gateways = append(p.Kernel.Filter.Gateways, vpc.Gateway(s.CIDR))
	}
	endpoints := map[string]vpc.Endpoint{}
	for _, e := range r.Endpoints {
		endpoints[e.ID] = e
	}
	for _, e := range r.ENIs {
		switch e.Type {
		case vpc.InterfaceEndpoint:
			p.Kernel.Locals = append(p.Kernel.Locals, e.Address)
			p.Doors = append(p.Doors, door(e, endpoints[e.Endpoint]))
		case vpc.InterfaceWorkload:
			subnet := subnets[e.Subnet]
			p.Kernel.Links = append(p.Kernel.Links, link.Link{
				ENI: e.ID, MAC: e.MAC, Address: e.Address, Subnet: subnet.CIDR, Gateway: vpc.Gateway(subnet.CIDR)})
		}
	}
	sortAddrs(p.Unlogged)
	p.Unlogged = slices.Compact(p.Unlogged)
	sortAddrs(p.Kernel.Locals)
	p.Kernel.Locals = slices.Compact(p.Kernel.Locals)
	return p, true
}

func door(eni vpc.ENI, e vpc.Endpoint) Door {
	return Door{
		Address: netip.AddrPortFrom(eni.Address, doorPort),
		Arrival: vpc.Arrival{
			Endpoint: e.ID,
			VPC:      eni.VPC,
			ENI:      eni.ID,
			Service:  e.Service,
			Account:  eni.Account,
			Region:   eni.Region,
		},
	}
}

// resolvers are the addresses of the VPC's resolver: base + 2 of the VPC and
// of each subnet, and the link-local one.
func resolvers(r records) []netip.Addr {
	all := []netip.Addr{vpc.Resolver(r.Network.CIDR), vpc.LinkLocalResolver}
	for _, s := range r.Subnets {
		all = append(all, vpc.Resolver(s.CIDR))
	}
	sortAddrs(all)
	return slices.Compact(all)
}

func sortAddrs(a []netip.Addr) { slices.SortFunc(a, netip.Addr.Compare) }
