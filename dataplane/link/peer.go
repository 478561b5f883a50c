package link

import (
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
)

// A peer link is one veth pair between two VPCs' namespaces, and either VPC
// may be the first to want it. Who wants it has set its own end up; an end
// that is down keeps the pair for the other VPC's sake. Each end's alias is
// the id of the VPC at the other end.
//
// The functions below look into both namespaces: their caller sees to it that
// one of them runs at a time.

func isPeer(l netlink.Link) bool { return strings.HasPrefix(l.Attrs().Name, peerPrefix) }

// PeerReady reports whether the end of p in vpc is as EnsurePeer leaves it,
// as far as that can be seen from there.
func PeerReady(h *netlink.Handle, vpc string, p Peer) (bool, error) {
	own, err := find(h, PeerName(p.Consumer, p.Provider))
	if own == nil || err != nil {
		return false, err
	}
	mac, _ := ends(vpc, p)
	a := own.Attrs()
	return own.Type() == "veth" && right(own) && a.Alias == p.other(vpc) && a.HardwareAddr.String() == mac.String(), nil
}

// EnsurePeer makes the link p of a VPC exist and its end there work. h is a
// socket of that VPC's namespace; both namespaces exist, at path(id).
func EnsurePeer(h *netlink.Handle, vpc string, p Peer, path func(vpc string) string) error {
	if err := ensurePeer(h, vpc, p, path); err != nil {
		return fmt.Errorf("peer link of %s and %s: %w", p.Consumer, p.Provider, err)
	}
	return nil
}

func ensurePeer(h *netlink.Handle, vpc string, p Peer, path func(vpc string) string) error {
	name, other := PeerName(p.Consumer, p.Provider), p.other(vpc)
	w, err := Open(path(other))
	if err != nil {
		return err
	}
	defer w.Close()
	own, err := find(h, name)
	if err != nil {
		return err
	}
	theirs, err := find(w, name)
	if err != nil {
		return err
	}
	if !paired(own, theirs) {
		if err := errors.Join(removeAny(h, own), removeAny(w, theirs)); err != nil {
			return err
		}
		if own, theirs, err = createPeer(h, w, vpc, p, path(other)); err != nil {
			return err
		}
	}
	if err := setAlias(w, theirs, vpc); err != nil {
		return err
	}
	if err := netns.Do(path(vpc), func() error { return netns.SetSysctls(peerSysctls(name)) }); err != nil {
		return err
	}
	mac, _ := ends(vpc, p)
	if err := setHardware(h, own, mac); err != nil {
		return err
	}
	if err := setAddrs(h, own, nil); err != nil {
		return err
	}
	if err := setAlias(h, own, other); err != nil {
		return err
	}
	if err := setUp(h, own); err != nil {
		return err
	}
	if theirs.Attrs().Flags&net.FlagUp == 0 {
		return nil
	}
	return awaitCarrier(end{h, own}, end{w, theirs})
}

// createPeer makes the pair. The other VPC's end stays down until its own
// EnsurePeer.
func createPeer(h, w *netlink.Handle, vpc string, p Peer, path string) (own, theirs netlink.Link, err error) {
	ns, err := netns.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer ns.Close()
	attrs := netlink.NewLinkAttrs()
	attrs.Name, attrs.MTU = PeerName(p.Consumer, p.Provider), MTU
	pair := netlink.NewVeth(attrs)
	pair.HardwareAddr, pair.PeerHardwareAddr = ends(vpc, p)
	pair.PeerName = attrs.Name
	pair.PeerNamespace = netlink.NsFd(ns.Fd())
	if err := h.LinkAdd(pair); err != nil {
		return nil, nil, fmt.Errorf("add veth pair: %w", err)
	}
	if own, err = h.LinkByName(attrs.Name); err != nil {
		return nil, nil, err
	}
	theirs, err = w.LinkByName(attrs.Name)
	return own, theirs, err
}

// ends are the hardware addresses of the end of p in vpc and of the other.
func ends(vpc string, p Peer) (own, theirs net.HardwareAddr) {
	consumer, provider := PeerMACs(p.Consumer, p.Provider)
	if p.Consumer == vpc {
		return consumer, provider
	}
	return provider, consumer
}

// PrunePeers takes a VPC's ends of all peer links but want out of use, and
// removes the links that the other VPC does not use either. It returns the
// VPCs at the other ends of those.
func PrunePeers(h *netlink.Handle, vpc string, want []Peer, path func(vpc string) string) (former []string, err error) {
	keep := map[string]string{}
	for _, p := range want {
		keep[PeerName(p.Consumer, p.Provider)] = p.other(vpc)
	}
	links, err := list(h)
	if err != nil {
		return nil, err
	}
	for name, l := range links {
		other := l.Attrs().Alias
		if !isPeer(l) || keep[name] != "" && keep[name] == other {
			continue
		}
		if err := h.LinkSetDown(l); err != nil {
			return former, fmt.Errorf("set %s down: %w", name, err)
		}
		if used, err := usedBy(other, l, path); used || err != nil {
			if err != nil {
				return former, err
			}
			continue
		}
		if err := remove(h, l); err != nil {
			return former, err
		}
		former = append(former, other)
	}
	return former, nil
}

// usedBy reports whether the VPC other has the far end of l up.
func usedBy(other string, l netlink.Link, path func(vpc string) string) (bool, error) {
	if other == "" || !netns.Exists(path(other)) {
		return false, nil
	}
	w, err := Open(path(other))
	if err != nil {
		return false, err
	}
	defer w.Close()
	theirs, err := find(w, l.Attrs().Name)
	if err != nil {
		return false, err
	}
	return paired(l, theirs) && theirs.Attrs().Flags&net.FlagUp != 0, nil
}

// RemovePeers removes all peer links of a VPC, whoever uses them, and returns
// the VPCs at their other ends.
func RemovePeers(h *netlink.Handle) (former []string, err error) {
	links, err := list(h)
	if err != nil {
		return nil, err
	}
	for _, l := range links {
		if !isPeer(l) {
			continue
		}
		if err := remove(h, l); err != nil {
			return former, err
		}
		former = append(former, l.Attrs().Alias)
	}
	return former, nil
}

// HasPeers reports whether a namespace has a peer link, in use or not.
func HasPeers(h *netlink.Handle) (bool, error) {
	links, err := list(h)
	for _, l := range links {
		if isPeer(l) {
			return true, err
		}
	}
	return false, err
}

func removeAny(h *netlink.Handle, l netlink.Link) error {
	if l == nil {
		return nil
	}
	return remove(h, l)
}
