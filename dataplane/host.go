package dataplane

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
)

// Config is what a Host works with. Dir and Log are required.
type Config struct {
	// Dir holds the namespaces, as bind mounts named by the ids of their VPCs
	// and ENIs. It must exist. Where it is on a mount namespace of its own,
	// the host sees nothing of them.
	Dir string
	Log *slog.Logger

	// Inherited are sockets of the Host before this one, from its Custody. The
	// new one owns them: Listen and ListenPacket take them instead of opening
	// others, and CloseInherited or Close closes what is left.
	Inherited map[string]*os.File
	// Custody gets every socket that Listen and ListenPacket open until it is
	// closed; nil: nobody.
	Custody Custody
}

// Host holds VPCs in the kernel. Its methods may be called concurrently;
// those for one VPC wait for each other.
type Host struct {
	dir     string
	log     *slog.Logger
	sockets sockets
	custody Custody

	pairing sync.RWMutex // see peers.go

	mu    sync.Mutex
	rooms map[string]*room           // by VPC id
	enis  map[string]map[string]bool // the ENIs whose namespaces a VPC owns, by its id
}

// NewHost takes over what is in c.Dir, which from then on only it changes.
func NewHost(c Config) (*Host, error) {
	if info, err := os.Stat(c.Dir); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("no folder for network namespaces at %s: %w", c.Dir, err)
	}
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, err
	}
	h := &Host{
		dir:     dir,
		log:     c.Log,
		sockets: sockets{files: maps.Clone(c.Inherited)},
		custody: c.Custody,
		rooms:   map[string]*room{},
		enis:    map[string]map[string]bool{},
	}
	return h, h.findOwners()
}

// Close lets go of the kernel. What it holds stays, and goes on; so do the
// sockets that Listen and ListenPacket have opened.
func (h *Host) Close() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, r := range h.rooms {
		r.mu.Lock()
		r.close()
		r.mu.Unlock()
		delete(h.rooms, id)
	}
	_, err := h.sockets.close()
	return err
}

// List names the VPCs that the kernel holds anything of, in order. One that is
// there only for the sake of a peer link is not its own, and not in the list.
func (h *Host) List() ([]string, error) {
	h.pairing.RLock()
	defer h.pairing.RUnlock()
	all, err := netns.List(h.dir, "vpc-")
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, id := range all {
		own := h.has(id)
		if !own {
			if own, err = asked(h.path(id)); err != nil {
				return nil, err
			}
		}
		if own {
			ids = append(ids, id)
		}
	}
	return ids, nil
}

// has reports whether this Host has a room for a VPC: its namespace then needs
// no question.
func (h *Host) has(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.rooms[id] != nil
}

// Netns is the path of the namespace of a workload's ENI.
func (h *Host) Netns(eni string) string { return filepath.Join(h.dir, eni) }

func (h *Host) path(vpc string) string { return filepath.Join(h.dir, vpc) }

// Set makes the kernel hold v and nothing else for it. New filters are in
// force when it returns; connections that were let in before go on, unless
// an address at their ends is gone.
func (h *Host) Set(ctx context.Context, v VPC) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := h.enter(v.ID)
	defer r.mu.Unlock()
	if err := r.set(h, v); err != nil {
		r.close() // begin from what the kernel says next time
		return fmt.Errorf("set %s: %w", v.ID, err)
	}
	return nil
}

// Delete removes a VPC with everything in it. Processes of its workloads live
// on, cut off; peer links are gone until the other VPC's next Set. An absent
// VPC is no error.
func (h *Host) Delete(ctx context.Context, id string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r := h.enter(id)
	defer r.mu.Unlock()
	defer r.close()
	if err := r.remove(h, id); err != nil {
		return fmt.Errorf("delete %s: %w", id, err)
	}
	h.mu.Lock()
	delete(h.rooms, id)
	h.mu.Unlock()
	return nil
}

// enter returns the room of a VPC, locked.
func (h *Host) enter(id string) *room {
	for {
		h.mu.Lock()
		r := h.rooms[id]
		if r == nil {
			r = &room{path: h.path(id)}
			h.rooms[id] = r
		}
		h.mu.Unlock()
		r.mu.Lock()
		h.mu.Lock()
		same := h.rooms[id] == r
		h.mu.Unlock()
		if same {
			return r
		}
		r.mu.Unlock() // deleted in the meantime
	}
}

// findOwners asks the namespace of each ENI which VPC it belongs to: the alias
// of its lo says so.
func (h *Host) findOwners() error {
	enis, err := netns.List(h.dir, "eni-")
	if err != nil {
		return err
	}
	for _, eni := range enis {
		owner, err := readLabel(h.Netns(eni))
		if err != nil {
			return fmt.Errorf("owner of %s: %w", eni, err)
		}
		h.own(owner, eni)
	}
	return nil
}

// owned names the ENIs whose namespaces belong to a VPC, in order.
func (h *Host) owned(vpc string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Sorted(maps.Keys(h.enis[vpc]))
}

func (h *Host) own(vpc, eni string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.enis[vpc] == nil {
		h.enis[vpc] = map[string]bool{}
	}
	h.enis[vpc][eni] = true
}

// disown removes the namespace of a VPC's ENI.
func (h *Host) disown(vpc, eni string) error {
	if err := netns.Delete(h.Netns(eni)); err != nil {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.enis[vpc], eni)
	if len(h.enis[vpc]) == 0 {
		delete(h.enis, vpc)
	}
	return nil
}

// valid refuses what has no meaning, and ids that would lead out of the
// folder.
func valid(v VPC) error {
	var errs []error
	for _, l := range v.Links {
		if !isID("eni-", l.ENI) {
			errs = append(errs, fmt.Errorf("%q is not an ENI", l.ENI))
		}
		if _, err := net.ParseMAC(l.MAC); err != nil {
			errs = append(errs, fmt.Errorf("link %s: %w", l.ENI, err))
		}
		if !l.Address.IsValid() && !l.IPv6.IsValid() {
			errs = append(errs, fmt.Errorf("link %s has no address", l.ENI))
		}
	}
	peers := map[string]bool{}
	for _, p := range v.Peers {
		name := link.PeerName(p.Consumer, p.Provider)
		switch {
		case !isID("vpc-", p.Consumer) || !isID("vpc-", p.Provider) || p.Consumer == p.Provider:
			errs = append(errs, fmt.Errorf("%q and %q are not two VPCs", p.Consumer, p.Provider))
		case p.Consumer != v.ID && p.Provider != v.ID:
			errs = append(errs, fmt.Errorf("%s is neither %s nor %s", v.ID, p.Consumer, p.Provider))
		case peers[name]:
			errs = append(errs, fmt.Errorf("there is another peer link %s besides that of %s and %s", name, p.Consumer, p.Provider))
		}
		peers[name] = true
	}
	if !isID("vpc-", v.ID) {
		errs = append(errs, fmt.Errorf("%q is not a VPC", v.ID))
	}
	return errors.Join(errs...)
}

func isID(prefix, id string) bool { return strings.HasPrefix(id, prefix) && filepath.Base(id) == id }
