package main

import (
	"bufio"
	"bytes"
	"context"
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
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/world"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"
)

// reexec makes the test binary be postern, with testDaemon for a daemon.
const reexec = "POSTERN_TEST_REEXEC=1"

func TestMain(m *testing.M) {
	if os.Getenv("POSTERN_TEST_REEXEC") != "" {
		os.Exit(run(os.Args[1:], testDaemon))
	}
	// Under nohup, children must not begin life with this one ignored.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP)
	os.Setenv("GORACE", "atexit_sleep_ms=0") // children of a -race binary end at once, too
	goleak.VerifyTestMain(m)
}

// testDaemon serves the control socket: its subnets are bare namespaces.
func testDaemon(ctx context.Context, f DaemonFlags, in *world.Inside, log *slog.Logger) error {
	key, err := f.DataDir.openCredentials()
	if err != nil {
		return err
	}
	if err := f.DataDir.writeTrust([]byte("Postern's certificate\n")); err != nil {
		return err
	}
	if f.Account == "000000000000" {
		return errors.New("this account has no luck")
	}
	c, err := listenControl(controlConfig{Dir: f.DataDir, World: in, Attacher: bareNamespaces{in.NetnsDir}, Status: testStatus{}, Log: log,
		Credentials: func(_ context.Context, r credentialsRequest) (accessKey, error) {
			if r.Role == "none" {
				return accessKey{}, errors.New("there is no role none")
			}
			if r.Role != "" {
				return accessKey{"ASIAEXAMPLE", "secret of " + r.Role, "session " + r.Name + " of " + r.Account}, nil
			}
			return key, nil
		}})
	if err != nil {
		return err
	}
	l := in.Listeners[0]
	defer context.AfterFunc(ctx, func() { l.Close() })()
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
	if err := in.Ready(); err != nil {
		return err
	}
	return c.Run(ctx)
}

// bareNamespaces attaches sessions to subnet-1, the only one.
type bareNamespaces struct{ dir string }

func (b bareNamespaces) Attach(ctx context.Context, r attachRequest) (attachment, error) {
	if r.Subnet == "subnet-slow" {
		if err := os.WriteFile(b.dir+"-slow", nil, 0o600); err != nil {
			return attachment{}, err
		}
		<-ctx.Done()
		return attachment{}, ctx.Err()
	}
	if r.Subnet != "subnet-1" {
		return attachment{}, fmt.Errorf("the subnet ID '%s' does not exist", r.Subnet)
	}
	eni := vpc.ENI{Owner: vpc.Owner{Region: "eu-west-1"}, ID: vpc.NewID("eni"), Groups: r.Groups, Address: netip.MustParseAddr("10.0.1.5")}
	a := attachment{ENI: eni, Network: vpc.Network{CIDR: netip.MustParsePrefix("10.0.0.0/16")}, Netns: filepath.Join(b.dir, eni.ID)}
	return a, netns.Create(a.Netns, nil)
}

func (bareNamespaces) Detach(_ context.Context, a attachment) error { return netns.Delete(a.Netns) }

type testStatus struct{}

func (testStatus) Status(context.Context) (statusReport, error) {
	return statusReport{Version: thisBuild(), Started: time.Now(), Health: []statusHealth{{Part: "network", OK: true}}}, nil
}

// users runs a test as root and as an ordinary user, each with its own server.
func users(t *testing.T, test func(*testing.T, *server)) {
	t.Helper()
	const nobody = 65534
	uids := map[string]int{"self": os.Getuid()}
	if os.Getuid() == 0 {
		uids = map[string]int{"root": 0, "nobody": nobody}
	}
	for name, uid := range uids {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, uid)
			if max, _ := os.ReadFile("/proc/sys/user/max_user_namespaces"); uid != 0 && strings.TrimSpace(string(max)) == "0" {
				t.Skip("this kernel has no user namespaces (user.max_user_namespaces)")
			}
			s.start(t)
			test(t, s)
		})
	}
}

// server is a postern serve with testDaemon.
type server struct {
	uid  int
	dir  string
	cmd  *exec.Cmd
	err  bytes.Buffer
	line string // what it printed when it was ready
}

func newServer(t *testing.T, uid int) *server {
	t.Helper()
	dir, err := os.MkdirTemp("", "postern-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chown(dir, uid, uid); err != nil {
		t.Fatal(err)
	}
	return &server{uid: uid, dir: dir}
}

// command is a postern command of s's user.
func (s *server) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Dir = s.dir
	cmd.Env = append(os.Environ(), reexec)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: become(s.uid)}
	return cmd
}

// exec is a postern exec in the subnet.
func (s *server) exec(argv ...string) *exec.Cmd {
	return s.command(append([]string{"exec", "--data-dir", s.dir, "--subnet", "subnet-1", "--"}, argv...)...)
}

func (s *server) start(t *testing.T, flags ...string) {
	t.Helper()
	s.cmd = s.command(append([]string{"serve", "--data-dir", s.dir, "--listen", "127.0.0.1:0", "--dns-upstream", "none"}, flags...)...)
	s.cmd.Stderr = &s.err
	out, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.stop()
		s.command("stop", "--data-dir", s.dir).Run()
	})
	if s.line, err = bufio.NewReader(out).ReadString('\n'); err != nil {
		t.Fatalf("serve is not ready: %v: %s", s.stop(), &s.err)
	}
}

// stop returns how serve ended.
func (s *server) stop() error {
	s.cmd.Process.Signal(unix.SIGTERM)
	return s.cmd.Wait()
}

// result is what a command did.
type result struct {
	out, err string
	code     int
}

func outcome(t *testing.T, cmd *exec.Cmd) result {
	t.Helper()
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return result{out.String(), errOut.String(), cmd.ProcessState.ExitCode()}
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

func TestServe(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		address, ok := strings.CutPrefix(s.line, "postern: serving AWS APIs on https://")
		address, rest, _ := strings.Cut(address, " ")
		if want := "(data in " + s.dir + ")\n"; !ok || rest != want {
			t.Errorf("serve says %q", s.line)
		}
		c, err := net.Dial("tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(c); string(b) != "from inside" {
			t.Errorf("the port says %q (%v)", b, err)
		}
		c.Close()

		key, err := dataDir(s.dir).openCredentials()
		if err != nil {
			t.Fatal(err)
		}
		env := outcome(t, s.command("env", "--data-dir", s.dir, "--json"))
		for _, want := range []string{`"https://` + address + `"`, key.AccessKeyID, `"us-east-1"`} {
			if !strings.Contains(env.out, want) {
				t.Errorf("env says %+v, without %s", env, want)
			}
		}
		if second := outcome(t, s.command("serve", "--data-dir", s.dir)); second.code != 1 || !strings.Contains(second.err, "another postern serve uses") {
			t.Errorf("a second serve: %+v", second)
		}
		if status := outcome(t, s.command("status", "--data-dir", s.dir)); status.code != 0 || !strings.Contains(status.out, "network") {
			t.Errorf("status: %+v", status)
		}
		if err := s.stop(); err != nil {
			t.Errorf("serve ends with %v: %s", err, &s.err)
		}
		for _, args := range [][]string{{"env"}, {"status"}} {
			if got := outcome(t, s.command(append(args, "--data-dir", s.dir)...)); got.code != 1 || !strings.Contains(got.err, "no daemon serves from") {
				t.Errorf("%v without a daemon: %+v", args, got)
			}
		}
		if got := outcome(t, s.exec("true")); got.code != exitOwn || !strings.Contains(got.err, "no daemon serves from") {
			t.Errorf("exec without a daemon: %+v", got)
		}
	})
}

// A daemon that fails makes serve fail with its words.
func TestServeFails(t *testing.T) {
	s := newServer(t, os.Getuid())
	got := outcome(t, s.command("serve", "--data-dir", s.dir, "--listen", "127.0.0.1:0", "--account", "000000000000"))
	if want := "postern: this account has no luck\n"; got.code != 1 || got.err != want {
		t.Errorf("%+v, want %q", got, want)
	}
}

func TestCommandLine(t *testing.T) {
	for line, want := range map[string]string{
		"":                               "expected one of",
		"serve --account 12":             "not 12 digits",
		"serve --region mars-1":          "no Region",
		"serve --dns-upstream 192.0.2.1": "neither ADDR:PORT nor none",
		"serve --quotas all":             "must be one of",
		"exec -- true":                   "missing flags: --subnet",
		"exec --subnet s":                "expected",
	} {
		cmd := exec.Command("/proc/self/exe", strings.Fields(line)...)
		cmd.Env = append(os.Environ(), reexec)
		if got := outcome(t, cmd); got.code != 2 || !strings.Contains(got.err, want) {
			t.Errorf("postern %s: %+v, want %q", line, got, want)
		}
	}
}

// become is what makes a child run as uid: nothing for the user that runs the
// tests, who may not even set its own groups.
func become(uid int) *syscall.Credential {
	if uid == os.Getuid() {
		return nil
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}
}
