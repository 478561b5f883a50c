package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"github.com/postern/postern/dataplane"
	"github.com/postern/postern/dataplane/conntrack"
	"github.com/postern/postern/dataplane/link"
	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/nflog"
	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/dataplane/route"
	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

func trials() []trial {
	all := []trial{
		{"namespaces as files", tryBind, "run in a mount namespace of your own; in a container, permit mount(2)"},
		{"pairs of links (veth)", tryVeth, "a kernel with CONFIG_VETH, or: modprobe veth"},
		{"routes", tryRoute, "a kernel with CONFIG_INET"},
		{"settings of namespaces", trySysctls, "mount /proc/sys writable; for the settings of nf_conntrack: modprobe nf_conntrack"},
	}
	for _, f := range nft.Features() {
		all = append(all, trial{"nftables: " + f.Name, func(_ context.Context, path string) error {
			return nft.Open(path).Apply(f.Ruleset)
		}, "a kernel with CONFIG_NF_TABLES_INET, CONFIG_NFT_CT, _LOG, _NAT, _NUMGEN, _LIMIT, _REJECT and CONFIG_NF_CONNTRACK_TIMEOUT, _MARK and _ZONES, or: modprobe nf_tables nft_ct nft_log nft_nat nft_numgen nft_limit nft_reject_inet"})
	}
	return append(all,
		trial{"room for connections", tryRoom, fmt.Sprintf("sysctl net.netfilter.nf_conntrack_max=%d on the host: it is the limit of each VPC", 4*minConnections)},
		trial{"counters of connections", tryConntrack, "a kernel with CONFIG_NF_CT_NETLINK and CONFIG_NF_CONNTRACK_EVENTS, or: modprobe nf_conntrack_netlink"},
		trial{"logging to this process", tryLog, "a kernel with CONFIG_NETFILTER_NETLINK_LOG, or: modprobe nfnetlink_log"},
	)
}

// tryBind works on a mount namespace that ends with its thread.
func tryBind(_ context.Context, path string) error {
	dir, err := os.MkdirTemp("", "postern-probe-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "namespace")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return err
	}
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good
		done <- bind(path, file)
	}()
	return <-done
}

func bind(namespace, file string) error {
	if err := unix.Unshare(unix.CLONE_NEWNS); err != nil {
		return fmt.Errorf("create mount namespace: %w", err)
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		return fmt.Errorf("make mounts private: %w", err)
	}
	if err := unix.Mount(namespace, file, "", unix.MS_BIND, ""); err != nil {
		return fmt.Errorf("bind a network namespace: %w", err)
	}
	if !netns.Exists(file) {
		return errors.New("the mount is not there")
	}
	return unix.Unmount(file, unix.MNT_DETACH)
}

func tryVeth(_ context.Context, path string) error {
	h, err := link.Open(path)
	if err != nil {
		return err
	}
	defer h.Close()
	a := netlink.NewLinkAttrs()
	a.Name, a.MTU = "probe0", link.MTU
	pair := netlink.NewVeth(a)
	pair.PeerName = "probe1"
	if err := h.LinkAdd(pair); err != nil {
		return fmt.Errorf("add a pair: %w", err)
	}
	return errors.Join(h.LinkSetAlias(pair, "eni-0123456789abcdef0"), h.LinkSetUp(pair))
}

func tryRoute(_ context.Context, path string) error {
	h, err := link.Open(path)
	if err != nil {
		return err
	}
	defer h.Close()
	return route.Set(h, "", nil, nil, nil)
}

func trySysctls(_ context.Context, path string) error {
	return netns.Do(path, func() error { return netns.SetSysctls(dataplane.Sysctls()) })
}

// minConnections is how many connections a VPC tracks at least: those of one
// load balancer to one target, each from a port of its own.
const minConnections = 65536

// tryRoom reads a limit that only the host can change.
func tryRoom(_ context.Context, path string) error {
	const name = "/proc/sys/net/netfilter/nf_conntrack_max"
	return netns.Do(path, func() error {
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		n, err := strconv.Atoi(strings.TrimSpace(string(b)))
		if err == nil && n < minConnections {
			err = fmt.Errorf("%s is %d, less than %d", name, n, minConnections)
		}
		return err
	})
}

func tryConntrack(ctx context.Context, path string) error {
	s, err := conntrack.Open(path)
	if err != nil {
		return err
	}
	_, _, err = s.Collect(ctx)
	return errors.Join(err, s.Close())
}

func tryLog(ctx context.Context, path string) error {
	s, err := nflog.Open(path, nft.LogGroup, nft.Snaplen)
	if err != nil {
		return err
	}
	_, _, err = s.Collect(ctx)
	return errors.Join(err, s.Close())
}
