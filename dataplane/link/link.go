package link

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Open opens a route netlink socket in the namespace at path, for the
// functions of this package and of route. The caller closes it.
func Open(path string) (h *netlink.Handle, err error) {
	err = netns.Do(path, func() error {
		h, err = netlink.NewHandle(unix.NETLINK_ROUTE)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("open route netlink: %w", err)
	}
	return h, nil
}

// Prune removes from a VPC's namespace every link that is not the VPC's end
// of one of want. Its workload's end goes with it. Peer links are left to
// SetPeers.
func Prune(h *netlink.Handle, want []Link) error {
	keep := map[string]string{"lo": ""}
	for _, l := range want {
		keep[Name(l.ENI)] = l.ENI
	}
	links, err := list(h)
	if err != nil {
		return err
	}
	for name, l := range links {
		if alias, ok := keep[name]; ok && (name == "lo" || l.Type() == "veth" && l.Attrs().Alias == alias) || isPeer(l) {
			continue
		}
		if err := remove(h, l); err != nil {
			return err
		}
	}
	return nil
}

// Ensure makes every link of want exist and work: the VPC's end in the
// namespace at vpc, which h is a socket of, the workload's end in the
// namespace at path(ENI), which must exist. A link in known is left alone if
// its VPC's end is there; Ensure adds to known what it has seen to be right,
// so that a process looks into each workload's namespace once.
func Ensure(h *netlink.Handle, vpc string, want []Link, path func(eni string) string, known map[string]Link) error {
	owner := map[string]string{}
	for _, l := range want {
		name := Name(l.ENI)
		if other := owner[name]; other != "" {
			return fmt.Errorf("%s and %s share the link name %s", other, l.ENI, name)
		}
		owner[name] = l.ENI
	}
	links, err := list(h)
	if err != nil {
		return err
	}
	for _, l := range want {
		router := links[Name(l.ENI)]
		if router != nil && known[l.ENI] == l && right(router) {
			continue
		}
		delete(known, l.ENI)
		if err := ensure(h, vpc, router, l, path(l.ENI)); err != nil {
			return fmt.Errorf("link %s: %w", l.ENI, err)
		}
		known[l.ENI] = l
	}
	return nil
}

// ensure makes one link right; router is its VPC's end, if there is one.
func ensure(h *netlink.Handle, vpc string, router netlink.Link, l Link, path string) error {
	mac, err := net.ParseMAC(l.MAC)
	if err != nil {
		return err
	}
	w, err := Open(path)
	if err != nil {
		return err
	}
	defer w.Close()
	eth0, err := find(w, "eth0")
	if err != nil {
		return err
	}
	if router != nil && !paired(router, eth0) {
		if err := remove(h, router); err != nil {
			return err
		}
		router = nil
	}
	if router == nil {
		if router, eth0, err = create(h, w, l, mac, path, eth0); err != nil {
			return err
		}
	}
	inside := append(workloadSysctls(l), quietIPv6("eth0", l.IPv6.IsValid())...)
	if err := netns.Do(path, func() error { return netns.SetSysctls(inside) }); err != nil {
		return err
	}
	if err := setWorkload(w, eth0, l, mac, router.Attrs().HardwareAddr); err != nil {
		return fmt.Errorf("workload's end: %w", err)
	}
	if err := netns.Do(vpc, func() error { return netns.SetSysctls(routerSysctls(Name(l.ENI))) }); err != nil {
		return err
	}
	if err := setRouter(h, router, l); err != nil {
		return err
	}
	return awaitCarrier(end{w, eth0}, end{h, router})
}

// create makes the pair; junk is an eth0 that does not belong to it.
func create(h, w *netlink.Handle, l Link, mac net.HardwareAddr, path string, junk netlink.Link) (router, eth0 netlink.Link, err error) {
	if junk != nil {
		if err := remove(w, junk); err != nil {
			return nil, nil, err
		}
	}
	ns, err := netns.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer ns.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name = Name(l.ENI)
	attrs.MTU = MTU
	pair := netlink.NewVeth(attrs)
	pair.PeerName = "eth0"
	pair.PeerHardwareAddr = mac
	pair.PeerNamespace = netlink.NsFd(ns.Fd())
	if err := h.LinkAdd(pair); err != nil {
		return nil, nil, fmt.Errorf("add veth pair: %w", err)
	}
	if router, err = h.LinkByName(attrs.Name); err != nil {
		return nil, nil, err
	}
	eth0, err = w.LinkByName("eth0")
	return router, eth0, err
}

// setRouter makes the VPC's end right. The alias comes last: a link without
// it is junk to Prune.
func setRouter(h *netlink.Handle, router netlink.Link, l Link) error {
	if err := setHardware(h, router, nil); err != nil {
		return err
	}
	if err := setUp(h, router); err != nil {
		return err
	}
	want := map[netip.Prefix]bool{}
	if l.IPv6.IsValid() {
		want[netip.PrefixFrom(RouterIPv6, 64)] = true
	}
	if err := setAddrs(h, router, want); err != nil {
		return err
	}
	return setAlias(h, router, l.ENI)
}

func setAlias(h *netlink.Handle, l netlink.Link, alias string) error {
	if l.Attrs().Alias == alias {
		return nil
	}
	if err := h.LinkSetAlias(l, alias); err != nil {
		return fmt.Errorf("set alias: %w", err)
	}
	return nil
}

// end is a link and a socket of its namespace.
type end struct {
	h *netlink.Handle
	l netlink.Link
}

// kernelPatience is how long the kernel may take for what it does on its own
// time: a millisecond, but where the machine is full its workers come last, and
// may be many seconds late.
const kernelPatience = time.Minute

// awaitCarrier waits until packets leave by both ends of a pair that are up.
// Until the kernel has noticed that an end's carrier has come, which it does on
// its own time, it throws away what is sent there. Asking makes a kernel of
// 6.7 or later notice.
func awaitCarrier(ends ...end) error {
	began := time.Now()
	for _, e := range ends {
		for {
			l, err := e.h.LinkByIndex(e.l.Attrs().Index)
			if err != nil {
				return fmt.Errorf("find link %s: %w", e.l.Attrs().Name, err)
			}
			if l.Attrs().OperState == netlink.OperUp {
				break
			}
			if time.Since(began) > kernelPatience {
				return fmt.Errorf("link %s has no carrier", l.Attrs().Name)
			}
			time.Sleep(time.Millisecond)
		}
	}
	return nil
}

// right reports whether a VPC's end still looks as setRouter left it.
func right(router netlink.Link) bool {
	return router.Attrs().MTU == MTU && router.Attrs().Flags&net.FlagUp != 0
}

// paired reports whether two links are the ends of one veth pair; nil is no
// link.
func paired(a, b netlink.Link) bool {
	return a != nil && b != nil && a.Type() == "veth" && b.Type() == "veth" &&
		a.Attrs().ParentIndex == b.Attrs().Index && b.Attrs().ParentIndex == a.Attrs().Index
}

func list(h *netlink.Handle) (map[string]netlink.Link, error) {
	links, err := Dump(h.LinkList)
	if err != nil {
		return nil, fmt.Errorf("list links: %w", err)
	}
	byName := make(map[string]netlink.Link, len(links))
	for _, l := range links {
		byName[l.Attrs().Name] = l
	}
	return byName, nil
}

// find returns nil for a link that is not there.
func find(h *netlink.Handle, name string) (netlink.Link, error) {
	l, err := h.LinkByName(name)
	if _, absent := errors.AsType[netlink.LinkNotFoundError](err); absent {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("find link %s: %w", name, err)
	}
	return l, nil
}

// remove takes a link away. Devices that the kernel itself put into the
// namespace cannot be deleted; they are set down.
func remove(h *netlink.Handle, l netlink.Link) error {
	err := h.LinkDel(l)
	switch {
	case err == nil || errors.Is(err, unix.ENODEV):
		return nil
	case errors.Is(err, unix.EOPNOTSUPP):
		err = h.LinkSetDown(l)
	}
	if err != nil {
		return fmt.Errorf("remove link %s: %w", l.Attrs().Name, err)
	}
	return nil
}

// Dump repeats a dump that a change has interrupted.
func Dump[T any](dump func() ([]T, error)) ([]T, error) {
	for range 10 {
		if all, err := dump(); !errors.Is(err, netlink.ErrDumpInterrupted) {
			return all, err
		}
	}
	return dump()
}
