package dataplane

import (
	"fmt"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// A peer link needs the namespaces of both its VPCs. The Set of one makes the
// other's, bare, if it is not there yet: with its settings and nothing in it.
// A bare namespace says so, in the alias of its lo, until its own Set; it goes
// with its last peer link.
//
// Host.pairing is held by whoever makes or removes a peer link, or a VPC's
// namespace, and never while it waits for a room. Those who only make or list
// namespaces share it: each makes its own, and nobody removes one meanwhile.

const bare = "bare"

// claim makes the namespace of a VPC, or takes over the one that is there.
func (h *Host) claim(path string) (made bool, err error) {
	h.pairing.RLock()
	defer h.pairing.RUnlock()
	made = !netns.Exists(path)
	return made, makeVPC(path, "")
}

// makeVPC makes the namespace of a VPC, if there is none, and gives it its
// settings and its label.
func makeVPC(path, label string) error {
	inside := func() error { return furnish(label) }
	if netns.Exists(path) {
		return netns.Do(path, inside)
	}
	return netns.Create(path, inside)
}

// furnish gives the namespace of the calling thread the settings of a VPC, a
// label, and its local table, without which no next hop is valid: that comes
// with lo.
func furnish(label string) error {
	if err := netns.SetSysctls(Sysctls()); err != nil {
		return err
	}
	w, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer w.Close()
	lo, err := w.LinkByName("lo")
	if err != nil {
		return err
	}
	if lo.Attrs().Alias != label {
		if err := w.LinkSetAlias(lo, label); err != nil {
			return err
		}
	}
	return w.LinkSetUp(lo)
}

func isBare(path string) (bool, error) {
	label, err := readLabel(path)
	if err != nil {
		return false, fmt.Errorf("label of %s: %w", path, err)
	}
	return label == bare, nil
}

// prunePeers gives up the peer links that v does not have.
func (h *Host) prunePeers(r *room, v VPC) error {
	keep := map[string]bool{}
	for _, p := range v.Peers {
		keep[link.PeerName(p.Consumer, p.Provider)] = true
	}
	for name := range r.peers {
		if !keep[name] {
			delete(r.peers, name)
		}
	}
	if has, err := link.HasPeers(r.routes); !has || err != nil {
		return err // one that another VPC makes meanwhile is not v's to give up
	}
	h.pairing.Lock()
	defer h.pairing.Unlock()
	former, err := link.PrunePeers(r.routes, v.ID, v.Peers, h.path)
	if err != nil {
		return err
	}
	return h.removeBare(former)
}

// ensurePeers makes the peer links of v.
func (h *Host) ensurePeers(r *room, v VPC) error {
	for _, p := range v.Peers {
		name := link.PeerName(p.Consumer, p.Provider)
		ready, err := link.PeerReady(r.routes, v.ID, p)
		if err != nil {
			return err
		}
		if ready && r.peers[name] {
			continue
		}
		if err := h.ensurePeer(r, v.ID, p); err != nil {
			return err
		}
		r.peers[name] = true
	}
	return nil
}

func (h *Host) ensurePeer(r *room, vpc string, p link.Peer) error {
	h.pairing.Lock()
	defer h.pairing.Unlock()
	for _, id := range []string{p.Consumer, p.Provider} {
		if netns.Exists(h.path(id)) {
			continue
		}
		if err := makeVPC(h.path(id), bare); err != nil {
			return fmt.Errorf("namespace of %s: %w", id, err)
		}
	}
	return link.EnsurePeer(r.routes, vpc, p, h.path)
}

// abandon removes the namespace of a VPC with its peer links.
func (h *Host) abandon(r *room) error {
	h.pairing.Lock()
	defer h.pairing.Unlock()
	if r.routes != nil {
		former, err := link.RemovePeers(r.routes)
		if err != nil {
			return err
		}
		if err := h.removeBare(former); err != nil {
			return err
		}
	}
	return netns.Delete(r.path)
}

// removeBare removes those of some VPCs that are bare and have no peer link
// any more.
func (h *Host) removeBare(vpcs []string) error {
	for _, id := range vpcs {
		path := h.path(id)
		if id == "" || !netns.Exists(path) {
			continue
		}
		if is, err := isBare(path); err != nil || !is {
			if err != nil {
				return err
			}
			continue
		}
		if used, err := hasPeers(path); err != nil || used {
			if err != nil {
				return err
			}
			continue
		}
		if err := netns.Delete(path); err != nil {
			return err
		}
	}
	return nil
}

func hasPeers(path string) (bool, error) {
	w, err := link.Open(path)
	if err != nil {
		return false, err
	}
	defer w.Close()
	return link.HasPeers(w)
}

// asked reports whether a Set asked for a namespace, or nothing holds it: a
// bare one that has a peer link goes by itself.
func asked(path string) (bool, error) {
	if is, err := isBare(path); err != nil || !is {
		return true, err
	}
	used, err := hasPeers(path)
	return !used, err
}

// readLabel returns what the namespace at path says of itself: that of a
// workload its VPC.
func readLabel(path string) (string, error) {
	w, err := link.Open(path)
	if err != nil {
		return "", err
	}
	defer w.Close()
	lo, err := w.LinkByName("lo")
	if err != nil {
		return "", err
	}
	return lo.Attrs().Alias, nil
}

// writeLabel labels the namespace of the calling thread.
func writeLabel(label string) error {
	w, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return err
	}
	defer w.Close()
	lo, err := w.LinkByName("lo")
	if err != nil || lo.Attrs().Alias == label {
		return err
	}
	return w.LinkSetAlias(lo, label)
}
