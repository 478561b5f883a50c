package agent

import (
	"net/netip"
	"slices"
	"time"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/health"
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
	Public    []dns.RRSet  // the names of endpoints and load balancers that every VPC sees
	Doors     []Door       // where connections are accepted
	Resolvers []netip.Addr // where the resolver listens
	FlowLogs  []vpc.FlowLog
	Unlogged  []netip.Addr // traffic with them is in no flow log
	Checks    []health.Check
}

// Door is an address where an endpoint or a load balancer accepts connections.
type Door struct {
	Address netip.AddrPort
	Arrival vpc.Arrival // of its connections, without their source
	Splice  *way        // where the splice proxy takes them; nil: the API answers
}

// plan turns the records of a VPC into what the node must hold for it. It
// reports false for a VPC in which nothing lives: that one needs no
// namespace. An interval of 0 leaves the flow logs' own.
func plan(r records, interval time.Duration, limits vpc.PathLimits) (Plan, bool) {
	if len(r.ENIs) == 0 {
		return Plan{}, false
	}
	names := r.names()
	p := Plan{
		Resolvers: resolvers(r),
		FlowLogs:  slices.Clone(r.FlowLogs),
		Public:    dns.PublicNames(names),
		Names:     dns.Build(names),
		Checks:    checks(r),
	}
	if interval > 0 {
		for i := range p.FlowLogs {
			p.FlowLogs[i].Interval = interval
		}
	}
	p.Kernel = dataplane.VPC{
		ID:     r.Network.ID,
		Locals: slices.Clone(p.Resolvers),
		Filter: nft.Config{
			Resolvers:    p.Resolvers,
			ENIs:         r.judged(),
			Groups:       r.Groups,
			QueryLimit:   limits.Queries,
			EndpointIdle: limits.EndpointIdle,
			ClampMSS:     limits.ClampMSS,
		},
	}
	p.Unlogged = slices.Clone(p.Resolvers)
	p.addGateways(r)
	p.addInterfaces(r)
	p.addConsumes(r)
	p.addServes(r)
	sortAddrs(p.Unlogged)
	p.Unlogged = slices.Compact(p.Unlogged)
	sortAddrs(p.Kernel.Locals)
	p.Kernel.Locals = slices.Compact(p.Kernel.Locals)
	return p, true
}

// addGateways adds the implicit router's address in each subnet.
func (p *Plan) addGateways(r records) {
	for _, s := range r.Subnets {
		if !s.CIDR.IsValid() {
			continue
		}
		gateway := vpc.Gateway(s.CIDR)
		p.Kernel.Locals = append(p.Kernel.Locals, gateway)
		p.Kernel.Filter.Gateways = append(p.Kernel.Filter.Gateways, gateway)
		p.Unlogged = append(p.Unlogged, gateway)
	}
}

// addInterfaces adds the links of workloads, and the addresses that the VPC
// itself answers: those of endpoints, with a door for the services of AWS, and
// of load balancers.
func (p *Plan) addInterfaces(r records) {
	subnets := map[string]vpc.Subnet{}
	for _, s := range r.Subnets {
		subnets[s.ID] = s
	}
	endpoints := map[string]vpc.Endpoint{}
	for _, e := range r.Endpoints {
		endpoints[e.ID] = e
	}
	for _, e := range r.ENIs {
		if e.Type == vpc.InterfaceWorkload {
			p.Kernel.Links = append(p.Kernel.Links, workloadLink(e, subnets[e.Subnet]))
			continue
		}
		p.Kernel.Locals = append(p.Kernel.Locals, e.Addresses()...)
		if _, ours := vpc.FindEndpointService(endpoints[e.Endpoint].Service); !ours {
			continue
		}
		for _, a := range e.Addresses() {
			p.Doors = append(p.Doors, Door{Address: netip.AddrPortFrom(a, doorPort), Arrival: arrival(e, endpoints[e.Endpoint])})
		}
	}
}

func workloadLink(e vpc.ENI, sn vpc.Subnet) link.Link {
	l := link.Link{ENI: e.ID, MAC: e.MAC, Address: e.Address, IPv6: e.IPv6}
	if e.Address.IsValid() {
		l.Subnet, l.Gateway = sn.CIDR, vpc.Gateway(sn.CIDR)
	}
	return l
}

func arrival(eni vpc.ENI, e vpc.Endpoint) vpc.Arrival {
	return vpc.Arrival{
		Endpoint: e.ID,
		VPC:      eni.VPC,
		ENI:      eni.ID,
		Service:  e.Service,
		Account:  eni.Account,
		Region:   eni.Region,
	}
}

// judged are the ENIs as the filter sees them: nothing is let in to an endpoint
// that its provider has not let in.
func (r records) judged() []vpc.ENI {
	shut := map[string]bool{}
	for _, e := range r.Endpoints {
		shut[e.ID] = e.Admission != vpc.Admitted
	}
	all := slices.Clone(r.ENIs)
	for i, e := range all {
		if shut[e.Endpoint] {
			all[i].Groups = nil
		}
	}
	return all
}

// names are what the resolver's view is made from.
func (r records) names() dns.Records {
	n := dns.Records{
		Network:   r.Network,
		Subnets:   r.Subnets,
		ENIs:      r.ENIs,
		Endpoints: r.Endpoints,
		Services:  map[string]vpc.ServiceConfiguration{},
		Down:      map[string]bool{},
	}
	for _, c := range r.Consumes {
		n.Services[c.Endpoint.Service] = c.Service
		for _, e := range c.ENIs {
			if l, ok := pin(c, e); !ok || !l.healthy() {
				n.Down[e.ID] = true
			}
		}
	}
	for _, b := range r.Balancers {
		n.LoadBalancers = append(n.LoadBalancers, b.LoadBalancer)
		for _, node := range b.Nodes {
			if !(lane{b, node}).healthy() {
				n.Down[node.ID] = true
			}
		}
	}
	return n
}

// resolvers are the addresses of the VPC's resolver: base + 2 of the VPC and
// of each subnet, the link-local one, and that of IPv6 where the VPC has it.
func resolvers(r records) []netip.Addr {
	all := []netip.Addr{vpc.Resolver(r.Network.CIDR), vpc.LinkLocalResolver}
	if r.Network.IPv6.CIDR.IsValid() {
		all = append(all, vpc.LinkLocalResolver6)
	}
	for _, s := range r.Subnets {
		if s.CIDR.IsValid() {
			all = append(all, vpc.Resolver(s.CIDR))
		}
	}
	sortAddrs(all)
	return slices.Compact(all)
}

func sortAddrs(a []netip.Addr) { slices.SortFunc(a, netip.Addr.Compare) }
