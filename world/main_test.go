package world

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// TestMain is all the programs of a world: the test binary re-executes itself
// as postern does.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 {
		if role, ok := roles[os.Args[1]]; ok {
			if err := role(os.Args[2:]); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	os.Setenv("GORACE", "atexit_sleep_ms=0") // children of a -race binary end at once, too
	goleak.VerifyTestMain(m)
}

var roles = map[string]func(args []string) error{
	"keeper":   func([]string) error { return RunKeeper(slog.New(slog.DiscardHandler)) },
	"workload": workloadRole,
	"host":     hostRole,
	"daemon":   daemonRole,
	"dial":     dialRole,
	"resolv":   resolvRole,

	"old-keeper": oldKeeperRole,
}

func workloadRole(args []string) error {
	code, err := RunWorkload(args)
	fmt.Fprintln(os.Stderr, err)
	os.Exit(code)
	return nil
}

// hostSpec describes a host side and what its daemon shall do.
type hostSpec struct {
	Dir       string
	Mode      string // of the daemon: one of daemonModes
	Listener  bool
	Resolvers []netip.AddrPort
	Ephemeral bool
}

func (s hostSpec) config(l []*os.File) Config {
	arg, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return Config{
		Dir:        s.Dir,
		DaemonArgs: []string{"daemon", string(arg)},
		Listeners:  l,
		Resolvers:  func() []netip.AddrPort { return s.Resolvers },
		Ephemeral:  s.Ephemeral,
		Stderr:     os.Stderr,
		Log:        slog.New(slog.DiscardHandler),
	}
}

// hostRole is a host side: it prints ready and the listener's address, serves
// until SIGTERM, which ends the world, or SIGINT, which stops the daemon, and
// prints how long that took. An upgrade is another start.
func hostRole(args []string) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT)
	ctx := context.Background()
	var spec hostSpec
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		return err
	}
	var files []*os.File
	address := ""
	if spec.Listener {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		f, err := l.(*net.TCPListener).File()
		if err != nil {
			return err
		}
		files, address = []*os.File{f}, l.Addr().String()
	}
	for {
		w, err := Start(ctx, spec.config(files))
		if err != nil {
			return err
		}
		if err := w.Ready(ctx); err != nil {
			return errors.Join(err, w.End(ctx))
		}
		fmt.Println("ready", address)
		ended := make(chan error, 1)
		go func() { ended <- w.Wait() }()
		select {
		case <-w.Upgrades():
			if err := w.HandOver(ctx); err != nil {
				return err
			}
		case s := <-signals:
			began := time.Now()
			end := w.End
			if s == unix.SIGINT {
				end = w.Stop
			}
			if err := end(ctx); err != nil {
				return err
			}
			fmt.Println(time.Since(began))
			return nil
		case err := <-ended:
			return err
		}
	}
}

// report is what a daemon saw inside of its world.
type report struct {
	UID, PID       int
	Net, PIDs, Mnt string // its namespaces
	Links          []string
	HostReachable  bool   // over the world's own network
	UDP, TCP       string // what the resolver said
	Other          string // why no other network can be dialled
	Zombies        bool
	Workloads      map[string]workloadReport
	Daemons        int      // before this one
	Sessions       []string // of those
	Sockets        int      // and their sockets
	Program        string

	leave func() // if not nil: ends what the daemon serves
}

func readReport(dir string) (r report, err error) {
	b, err := os.ReadFile(filepath.Join(dir, "report.json"))
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(b, &r)
}

// daemonModes are what daemons do between their start and Ready.
var daemonModes = map[string]func(spec hostSpec, in *Inside, r *report) error{
	"idle":     func(hostSpec, *Inside, *report) error { return nil },
	"look":     lookAround,
	"workload": runWorkloads,
	"fail":     func(hostSpec, *Inside, *report) error { return errors.New("the disk is on fire") },
	"stubborn": func(hostSpec, *Inside, *report) error { signal.Ignore(unix.SIGTERM); return nil },
	"callers":  runForCallers,
	"crash":    crash,
	"parting":  runAndDie,
	"die":      func(hostSpec, *Inside, *report) error { return unix.Kill(os.Getpid(), unix.SIGKILL) },
}

func daemonRole(args []string) error {
	term := make(chan os.Signal, 1)
	signal.Notify(term, unix.SIGTERM)
	var spec hostSpec
	if err := json.Unmarshal([]byte(args[0]), &spec); err != nil {
		return err
	}
	in, err := Inherited(spec.Dir)
	if err != nil {
		return err
	}
	defer in.Close()
	r := report{UID: os.Getuid(), PID: os.Getpid()}
	r.Net, _ = os.Readlink("/proc/self/ns/net")
	r.PIDs, _ = os.Readlink("/proc/self/ns/pid")
	r.Mnt, _ = os.Readlink("/proc/self/ns/mnt")
	if err := daemonModes[spec.Mode](spec, in, &r); err != nil {
		return errors.Join(err, in.Fail(err))
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(spec.Dir, "report.json"), b, 0o644); err != nil {
		return err
	}
	for _, l := range in.Listeners {
		go func() {
			for {
				c, err := l.Accept()
				if err != nil {
					return
				}
				io.WriteString(c, "from inside")
				c.Close()
			}
		}()
	}
	if err := in.Ready(); err != nil {
		return err
	}
	select {
	case <-term:
	case <-in.Lost():
	}
	if r.leave != nil {
		r.leave()
	}
	return nil
}

// lookAround fills in what there is to see.
func lookAround(spec hostSpec, in *Inside, r *report) error {
	links, err := net.Interfaces()
	if err != nil {
		return err
	}
	for _, l := range links {
		r.Links = append(r.Links, l.Name+" "+l.Flags.String())
	}
	c, err := net.DialTimeout("tcp", in.Listeners[0].Addr().String(), time.Second)
	if err == nil {
		c.Close()
	}
	r.HostReachable = err == nil
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	r.UDP = ask(ctx, in.Broker, "udp")
	r.TCP = ask(ctx, in.Broker, "tcp")
	r.Other = ask(ctx, in.Broker, "unix")
	// An orphan for the keeper, in a namespace bound to a file.
	if err := netns.Create(filepath.Join(in.NetnsDir, "eni-look"), nil); err != nil {
		return err
	}
	if err := exec.Command("sh", "-c", "sleep 1000 & (sleep 0.01; exit 3) & :").Run(); err != nil {
		return err
	}
	r.Zombies = !eventually(func() bool { return !zombies() })
	return nil
}

func ask(ctx context.Context, b *Broker, network string) string {
	c, err := b.DialResolver(ctx, network)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.WriteString(c, "who"); err != nil {
		return err.Error()
	}
	answer := make([]byte, 100)
	n, err := c.Read(answer)
	if err != nil {
		return err.Error()
	}
	return string(answer[:n])
}

// zombies reports whether a dead process of this world waits for its parent.
func zombies() bool {
	self, _ := processIDs("self")
	all, _ := filepath.Glob("/proc/[0-9]*")
	return slices.ContainsFunc(all, func(proc string) bool {
		ids, _ := processIDs(filepath.Base(proc))
		return state(proc) == "Z" && len(ids) == len(self)
	})
}

// state is that of a process, given its folder in /proc: Z when it waits for
// its parent, nothing when it is gone.
func state(proc string) string {
	b, err := os.ReadFile(filepath.Join(proc, "stat"))
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(string(b), ") ")
	return rest[:1]
}

// eventually polls until ok, at most five seconds long.
func eventually(ok func() bool) bool {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); {
		if ok() {
			return true
		}
		<-time.After(5 * time.Millisecond)
	}
	return false
}
