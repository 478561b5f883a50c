package world

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const nobody = 65534

// users runs a test as root and as an ordinary user, each with a data
// directory of its own, deeper than the path of a socket may be.
func users(t *testing.T, test func(t *testing.T, uid int, dir string)) {
	t.Helper()
	if os.Getuid() != 0 {
		t.Run("self", func(t *testing.T) { test(t, os.Getuid(), dataDir(t, os.Getuid())) })
		return
	}
	for name, uid := range map[string]int{"root": 0, "nobody": nobody} {
		t.Run(name, func(t *testing.T) {
			dir := dataDir(t, uid)
			if uid != 0 && !canUnshareUsers() {
				t.Skip("this kernel has no user namespaces for ordinary users (user.max_user_namespaces, AppArmor)")
			}
			test(t, uid, dir)
		})
	}
}

func dataDir(t *testing.T, uid int) string {
	t.Helper()
	top, err := os.MkdirTemp("", "world-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(top) })
	deep := filepath.Join(top, strings.Repeat("deep-", 20), strings.Repeat("deeper-", 15))
	if err := os.MkdirAll(deep, 0o700); err != nil {
		t.Fatal(err)
	}
	for d := deep; d != filepath.Dir(top); d = filepath.Dir(d) {
		if err := os.Chown(d, uid, uid); err != nil {
			t.Fatal(err)
		}
	}
	return deep
}

func canUnshareUsers() bool {
	cmd := exec.Command("/proc/self/exe", "none")
	cmd.SysProcAttr = namespaces(nobody, nobody)
	cmd.SysProcAttr.Cloneflags = unix.CLONE_NEWUSER
	cmd.SysProcAttr.UidMappings[0].HostID = 0
	cmd.SysProcAttr.GidMappings[0].HostID = 0
	cmd.Args = []string{"true", "keeper"} // ends at once: it has no socket
	err := cmd.Run()
	_, ran := err.(*exec.ExitError)
	return ran || err == nil
}

// host is a running host side.
type host struct {
	*exec.Cmd
	out     *bufio.Reader
	address string // of its listener
}

// startHost returns when the daemon is ready.
func startHost(t *testing.T, uid int, spec hostSpec) *host {
	t.Helper()
	return startHostProgram(t, "/proc/self/exe", uid, spec)
}

func startHostProgram(t *testing.T, program string, uid int, spec hostSpec) *host {
	t.Helper()
	arg, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	h := &host{Cmd: exec.Command(program, "host", string(arg))}
	h.Stderr = os.Stderr
	h.SysProcAttr = &syscall.SysProcAttr{Credential: become(uid)}
	out, err := h.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		h.Process.Kill()
		h.Wait()
		for _, pid := range processes(spec.Dir) {
			unix.Kill(pid, unix.SIGKILL)
		}
	})
	h.out = bufio.NewReader(out)
	if _, err := fmt.Fscanf(h.out, "ready %s\n", &h.address); err != nil && err.Error() != "unexpected newline" {
		t.Fatalf("host side is not ready: %v", err)
	}
	return h
}

// helper is another program of the tests.
func helper(args ...string) *exec.Cmd { return exec.Command("/proc/self/exe", args...) }

// stop ends a host side in order and returns how long that took.
func (h *host) stop(t *testing.T) time.Duration {
	t.Helper()
	if err := h.Process.Signal(unix.SIGTERM); err != nil {
		t.Fatal(err)
	}
	line, err := h.out.ReadString('\n')
	for strings.HasPrefix(line, "ready") { // after an upgrade
		line, err = h.out.ReadString('\n')
	}
	if err != nil {
		t.Fatalf("host side did not stop in order: %v", err)
	}
	if err := h.Wait(); err != nil {
		t.Fatal(err)
	}
	d, err := time.ParseDuration(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// processes lists the processes that have s in an argument.
func processes(s string) []int {
	return findProcesses(func(proc string) bool {
		b, _ := os.ReadFile(filepath.Join(proc, "cmdline"))
		return strings.Contains(string(b), s)
	})
}

// inhabitantsOf lists the processes in the PID namespace of that name.
func inhabitantsOf(pidns string) []int {
	return findProcesses(func(proc string) bool {
		ns, _ := os.Readlink(filepath.Join(proc, "ns", "pid"))
		return ns == pidns
	})
}

// alive reports whether there is a process. One that is dead and waits for the
// machine's process 1 is none.
func alive(pid int) bool {
	s := state(fmt.Sprintf("/proc/%d", pid))
	return s != "" && s != "Z"
}

func findProcesses(match func(proc string) bool) []int {
	all, _ := filepath.Glob("/proc/[0-9]*")
	var pids []int
	for _, proc := range all {
		var pid int
		if fmt.Sscanf(filepath.Base(proc), "%d", &pid); pid != os.Getpid() && alive(pid) && match(proc) {
			pids = append(pids, pid)
		}
	}
	return pids
}

// wantNothingLeft looks for what a world may not leave on its host.
func wantNothingLeft(t *testing.T, dir string, r report) {
	t.Helper()
	if pids := append(processes(dir), inhabitantsOf(r.PIDs)...); len(pids) > 0 {
		t.Errorf("processes left: %v", pids)
	}
	if pids := findProcesses(func(proc string) bool {
		ns, _ := os.Readlink(filepath.Join(proc, "ns", "net"))
		return ns == r.Net
	}); len(pids) > 0 {
		t.Errorf("network namespace left with %v", pids)
	}
	mounts, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(mounts), dir) {
		t.Errorf("mounts left:\n%s", mounts)
	}
	if left := names(t, filepath.Join(dir, "run")); !slices.Equal(left, []string{keeperLock}) {
		t.Errorf("run directory holds %v", left)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// echoResolver answers like a resolver that knows only its name, over both
// transports.
func echoResolver(t *testing.T, name string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{}, 2)
	go func() {
		defer func() { done <- struct{}{} }()
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			io.ReadFull(c, make([]byte, 3))
			io.WriteString(c, name+" tcp")
			c.Close()
		}
	}()
	go func() {
		defer func() { done <- struct{}{} }()
		b := make([]byte, 100)
		for {
			_, from, err := u.ReadFrom(b)
			if err != nil {
				return
			}
			u.WriteTo([]byte(name+" udp"), from)
		}
	}()
	t.Cleanup(func() {
		l.Close()
		u.Close()
		<-done
		<-done
	})
	return netip.MustParseAddrPort(l.Addr().String())
}

func TestWorldIsApart(t *testing.T) {
	users(t, func(t *testing.T, uid int, dir string) {
		resolver := echoResolver(t, "one")
		h := startHost(t, uid, hostSpec{Dir: dir, Mode: "look", Listener: true, Resolvers: []netip.AddrPort{resolver}})
		r, err := readReport(dir)
		if err != nil {
			t.Fatal(err)
		}
		if r.UID != 0 {
			t.Errorf("the daemon runs as %d in its world, want 0", r.UID)
		}
		for name, theirs := range map[string]string{"net": r.Net, "pid": r.PIDs, "mnt": r.Mnt} {
			if ours, _ := os.Readlink("/proc/self/ns/" + name); ours == theirs || theirs == "" {
				t.Errorf("the daemon is in %s namespace %q, and so are we", name, theirs)
			}
		}
		if want := []string{"lo up|loopback|running"}; !slices.Equal(r.Links, want) {
			t.Errorf("links %v, want %v", r.Links, want)
		}
		if r.HostReachable {
			t.Error("the world's network reaches the host's loopback")
		}
		if r.UDP != "one udp" || r.TCP != "one tcp" {
			t.Errorf("the resolver says %q and %q", r.UDP, r.TCP)
		}
		if !strings.Contains(r.Other, "neither udp nor tcp") {
			t.Errorf("dial of another network: %s", r.Other)
		}
		if r.Zombies {
			t.Error("the keeper does not reap orphans")
		}
		c, err := net.Dial("tcp", h.address)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if b, err := io.ReadAll(c); string(b) != "from inside" {
			t.Errorf("the host's listener says %q (%v)", b, err)
		}
		mounts, err := os.ReadFile("/proc/self/mountinfo")
		if err != nil || strings.Contains(string(mounts), dir) {
			t.Errorf("the host sees the world's mounts (%v)", err)
		}
		if took := h.stop(t); took > time.Second {
			t.Errorf("stop took %v", took)
		}
		wantNothingLeft(t, dir, r)
	})
}

// A keeper that does not react is killed.
func TestStartAfterKillOfStoppedKeeper(t *testing.T) {
	users(t, func(t *testing.T, uid int, dir string) {
		h := startHost(t, uid, hostSpec{Dir: dir, Mode: "idle"})
		first, err := readReport(dir)
		if err != nil {
			t.Fatal(err)
		}
		h.Process.Kill()
		h.Wait()
		if !eventually(func() bool { return len(inhabitantsOf(first.PIDs)) == 1 }) {
			t.Fatal("the daemon does not end with its host side")
		}
		keeper := inhabitantsOf(first.PIDs)[0]
		if err := unix.Kill(keeper, unix.SIGSTOP); err != nil {
			t.Fatal(err)
		}
		h = startHost(t, uid, hostSpec{Dir: dir, Mode: "idle"})
		if alive(keeper) {
			t.Error("the old keeper is still there")
		}
		if !alive(h.Process.Pid) {
			t.Error("the host side has ended")
		}
		h.stop(t)
	})
}

func TestEphemeralGoesWithItsParent(t *testing.T) {
	users(t, func(t *testing.T, uid int, dir string) {
		h := startHost(t, uid, hostSpec{Dir: dir, Mode: "idle", Ephemeral: true})
		r, err := readReport(dir)
		if err != nil {
			t.Fatal(err)
		}
		h.Process.Kill()
		h.Wait()
		if !eventually(func() bool { return len(inhabitantsOf(r.PIDs))+len(processes(dir)) == 0 }) {
			t.Errorf("processes left: %v %v", inhabitantsOf(r.PIDs), processes(dir))
		}
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("the data directory is still there (%v)", err)
		}
	})
}

// A daemon that ends by itself ends its world, with the reason.
func TestDaemonEnds(t *testing.T) {
	for mode, want := range map[string]string{
		"fail": "the disk is on fire",
		"die":  "the daemon ended: signal: killed",
	} {
		t.Run(mode, func(t *testing.T) {
			dir := dataDir(t, os.Getuid())
			w, err := Start(t.Context(), hostSpec{Dir: dir, Mode: mode}.config(nil))
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Ready(t.Context()); err == nil || err.Error() != want {
				t.Errorf("Ready: %v, want %s", err, want)
			}
			if err := w.Wait(); err == nil || err.Error() != want {
				t.Errorf("Wait: %v, want %s", err, want)
			}
			wantNothingLeft(t, dir, report{PIDs: "none", Net: "none"})
		})
	}
}

// A daemon that does not want to end has 1.5 seconds.
func TestStopStubborn(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	w, err := Start(t.Context(), hostSpec{Dir: dir, Mode: "stubborn"}.config(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	r, err := readReport(dir)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	if err := w.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took < graceTimeout || took > 2*time.Second {
		t.Errorf("stop took %v", took)
	}
	wantNothingLeft(t, dir, r)
}

// End at once means at once, and a second End changes nothing.
func TestEndAtOnce(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	w, err := Start(t.Context(), hostSpec{Dir: dir, Mode: "stubborn"}.config(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	began := time.Now()
	for range 2 {
		if err := w.End(ctx); err != nil {
			t.Error(err)
		}
	}
	if took := time.Since(began); took > time.Second {
		t.Errorf("stop took %v", took)
	}
	wantNothingLeft(t, dir, report{PIDs: "none", Net: "none"})
}

// become is what makes a child run as uid: nothing for the user that runs the
// tests, who may not even set its own groups.
func become(uid int) *syscall.Credential {
	if uid == os.Getuid() {
		return nil
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
}
