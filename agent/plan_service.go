package agent

import (
	"net/netip"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/vpc"
)

// addConsumes leads the endpoints of the VPC to the services of customers.
func (p *Plan) addConsumes(r records) {
	peers := peering{}
	for _, c := range r.Consumes {
		c.each(func(eni zoned, w way) {
			switch {
			case w.Spliced:
				p.Doors = append(p.Doors, Door{Address: w.Address, Arrival: arrival(eni.ENI, c.Endpoint), Splice: &w})
			case w.Provider != r.Network.ID: // otherwise the frontend is here
				p.Kernel.Filter.Steers = append(p.Kernel.Filter.Steers, w.steer(r.Network.ID))
				peers.add(r.Network.ID, w.Provider, w.Address.Addr())
			}
		})
	}
	p.Kernel.Peers = append(p.Kernel.Peers, peers.list()...)
}

// addServes takes what comes to the load balancers of the VPC, from endpoints
// and from inside, to their targets. Where an endpoint's connections go through
// the splice proxy, the endpoint's side accepts them.
func (p *Plan) addServes(r records) {
	peers := peering{}
	for _, c := range r.Serves {
		c.each(func(eni zoned, w way) {
			switch {
			case w.Spliced || w.Provider != r.Network.ID:
			case eni.VPC == r.Network.ID:
				p.Kernel.Filter.Frontends = append(p.Kernel.Filter.Frontends, w.frontend(""))
			default:
				p.Kernel.Filter.Frontends = append(p.Kernel.Filter.Frontends, w.frontend(link.PeerName(eni.VPC, r.Network.ID)))
				peers.add(eni.VPC, r.Network.ID, netip.Addr{})
			}
		})
	}
	for _, b := range r.Balancers {
		for _, node := range b.Nodes {
			for _, w := range (lane{b, node}).ways(node.Addresses()) {
				if w.Spliced {
					p.Doors = append(p.Doors, Door{Address: w.Address, Splice: &w})
					continue
				}
				p.Kernel.Filter.Frontends = append(p.Kernel.Filter.Frontends, w.frontend(""))
			}
		}
	}
	p.Kernel.Peers = append(p.Kernel.Peers, peers.list()...)
}

// each calls f for every way of every interface of an endpoint whose provider
// has let it in.
func (c connection) each(f func(eni zoned, w way)) {
	if c.Endpoint.Admission != vpc.Admitted {
		return
	}
	for _, eni := range c.ENIs {
		l, ok := pin(c, eni)
		if !ok {
			continue
		}
		for _, w := range l.ways(eni.Addresses()) {
			f(eni, w)
		}
	}
}
