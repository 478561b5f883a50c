package agent

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/flow"
)

// network is what this node holds open for one VPC: the listeners of its
// endpoints, the sockets of its resolver, the counters of its flow logs.
type network struct {
	id        string
	agent     *Agent
	ports     map[uint16]*openPort
	resolvers map[netip.Addr]task
	flows     dataplane.Source // nil while no flow log watches the VPC
}

// resolverPort is where a VPC's resolver listens, on UDP and TCP.
const resolverPort = 53

// set makes the node hold p. The kernel comes first, since sockets need
// addresses; what is closed goes before what is opened, since addresses move
// from one endpoint to another.
func (n *network) set(ctx context.Context, p Plan, rec records) error {
	n.closeDoors(p.Doors)
	n.closeResolvers(p.Resolvers)
	if err := n.agent.Kernel.Set(ctx, p.Kernel); err != nil {
		return err
	}
	n.agent.Names.Set(n.id, p.Names)
	n.agent.health.Set(n.id, p.Checks)
	n.agent.Names.SetPublic(n.id, p.Public)
	return errors.Join(n.openDoors(p.Doors), n.openResolvers(p.Resolvers), n.watch(p, rec))
}

// closeDoors closes the doors that are not wanted any more.
func (n *network) closeDoors(want []Door) {
	wanted := byPort(want)
	for port, open := range n.ports {
		if wanted[port] == nil {
			open.close()
			delete(n.ports, port)
			continue
		}
		open.prune(wanted[port])
	}
}

// openDoors opens the doors that are not open, and tells the others where
// their connections go now.
func (n *network) openDoors(want []Door) error {
	var errs []error
	for port, doors := range byPort(want) {
		if open := n.ports[port]; open != nil {
			open.set(doors)
			continue
		}
		l, err := n.agent.Kernel.Listen(n.id, netip.AddrPortFrom(netip.IPv6Unspecified(), port))
		if err != nil {
			errs = append(errs, fmt.Errorf("listen on port %d: %w", port, err))
			continue
		}
		n.ports[port] = n.agent.listen(l, doors)
	}
	return errors.Join(errs...)
}

// byPort sorts doors by their port, then by their address.
func byPort(all []Door) map[uint16]map[netip.Addr]Door {
	ports := map[uint16]map[netip.Addr]Door{}
	for _, d := range all {
		port := d.Address.Port()
		if ports[port] == nil {
			ports[port] = map[netip.Addr]Door{}
		}
		ports[port][d.Address.Addr()] = d
	}
	return ports
}

func (n *network) closeResolvers(want []netip.Addr) {
	keep := map[netip.Addr]bool{}
	for _, a := range want {
		keep[a] = true
	}
	for a, t := range n.resolvers {
		if !keep[a] {
			t.stop()
			delete(n.resolvers, a)
		}
	}
}

func (n *network) openResolvers(want []netip.Addr) error {
	var errs []error
	for _, a := range want {
		if _, ok := n.resolvers[a]; ok {
			continue
		}
		t, err := n.resolve(netip.AddrPortFrom(a, resolverPort))
		if err != nil {
			errs = append(errs, fmt.Errorf("resolver on %v: %w", a, err))
			continue
		}
		n.resolvers[a] = t
	}
	return errors.Join(errs...)
}

// resolve answers queries at one address until the task is stopped.
func (n *network) resolve(a netip.AddrPort) (task, error) {
	udp, err := n.agent.Kernel.ListenPacket(n.id, a)
	if err != nil {
		return task{}, err
	}
	tcp, err := n.agent.Kernel.Listen(n.id, a)
	if err != nil {
		udp.Close()
		return task{}, err
	}
	return start(context.Background(), func(ctx context.Context) {
		if err := n.agent.Names.Serve(ctx, n.id, udp, tcp); err != nil && ctx.Err() == nil {
			n.agent.Log.Error("resolver stopped", "vpc", n.id, "address", a, "err", err)
		}
	}), nil
}

// watch counts traffic while a flow log wants it.
func (n *network) watch(p Plan, rec records) error {
	if len(p.FlowLogs) == 0 {
		return n.unwatch()
	}
	if n.flows == nil {
		source, err := n.agent.Kernel.Flows(n.id)
		if err != nil {
			return fmt.Errorf("count the traffic: %w", err)
		}
		n.flows = source
	}
	return n.agent.Flows.Set(n.id, flow.VPC{Logs: p.FlowLogs, ENIs: rec.ENIs, Unlogged: p.Unlogged, Source: n.flows})
}

// unwatch flushes the flow logs and stops counting.
func (n *network) unwatch() error {
	if n.flows == nil {
		return nil
	}
	n.agent.Flows.Remove(n.id)
	err := n.flows.Close()
	n.flows = nil
	return err
}

// close closes everything.
func (n *network) close() {
	n.closeDoors(nil)
	n.closeResolvers(nil)
	if err := n.unwatch(); err != nil {
		n.agent.Log.Warn("traffic counters did not close", "vpc", n.id, "err", err)
	}
}
