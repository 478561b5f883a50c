package world

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

// manySockets is more than one message holds.
const manySockets = 2*maxFiles + 1

// runForCallers is a daemon that runs what its callers want: a frame with argv
// and three files. Its socket outlives it, and so do many others.
func runForCallers(spec hostSpec, in *Inside, r *report) error {
	r.Daemons, r.Sockets = in.Daemons, len(in.Sockets)+len(in.Passing)
	for _, s := range in.Sessions {
		r.Sessions = append(r.Sessions, s.ID)
	}
	path, err := os.Readlink("/proc/self/exe")
	if err != nil {
		return err
	}
	r.Program = path
	l, err := callersSocket(spec, in)
	if err != nil {
		return err
	}
	go func() {
		for s := range in.Ended() {
			netns.Delete(filepath.Join(in.NetnsDir, "eni-"+s.ID))
			in.Release(s.ID)
		}
	}()
	var serving sync.WaitGroup
	serving.Go(func() {
		for n := 0; ; n++ {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			prepare(spec, in, c, n)()
		}
	})
	r.leave = func() { // whom it has accepted is served, the others are for the next one
		l.Close()
		serving.Wait()
	}
	return nil
}

// prepare hears caller n out and returns what has its command run.
func prepare(spec hostSpec, in *Inside, c *net.UnixConn, n int) (run func()) {
	var argv []string
	files, err := ReadFrame(c, &argv)
	id := fmt.Sprintf("%d-%d", in.Daemons, n)
	ns := filepath.Join(in.NetnsDir, "eni-"+id)
	netns.Create(ns, nil) // without it the caller hears of no command
	return func() {
		if err == nil && len(files) == 3 {
			in.Run(Workload{Netns: ns, Scratch: filepath.Join(spec.Dir, "run", id), Trust: filepath.Join(spec.Dir, "trust.pem"),
				Argv: argv, Env: os.Environ(), Dir: "/", Stdin: files[0], Stdout: files[1], Stderr: files[2]}, id, nil, c)
		}
		closeAll(files)
		c.Close()
	}
}

// parting is how many callers the daemon of mode parting serves at once.
const parting = 8

// runAndDie is a daemon that dies as soon as it has passed its callers on. The
// next one is an ordinary one.
func runAndDie(spec hostSpec, in *Inside, r *report) error {
	if in.Daemons > 0 {
		return runForCallers(spec, in, r)
	}
	l, err := callersSocket(spec, in)
	if err != nil {
		return err
	}
	go func() {
		var runs []func()
		for n := range parting {
			c, err := l.AcceptUnix()
			if err != nil {
				return
			}
			runs = append(runs, prepare(spec, in, c, n))
		}
		for _, run := range runs {
			run()
		}
		unix.Kill(os.Getpid(), unix.SIGKILL)
	}()
	return nil
}

func callersSocket(spec hostSpec, in *Inside) (*net.UnixListener, error) {
	if f := in.Sockets["callers"]; f != nil {
		l, err := net.FileListener(f)
		if err != nil {
			return nil, err
		}
		return l.(*net.UnixListener), nil
	}
	l, err := Listen(spec.Dir, "callers.sock")
	if err != nil {
		return nil, err
	}
	for n := range manySockets {
		if err := in.Hold(fmt.Sprint("spare ", n), l); err != nil {
			return nil, err
		}
	}
	if err := in.Hold(Passing("spare"), l); err != nil {
		return nil, err
	}
	return l, in.Hold("callers", l)
}

// caller is one of a daemon's callers, with a shell that answers its lines.
type caller struct {
	*net.UnixConn
	in  *os.File
	out *bufio.Reader
}

// call connects, which succeeds also while there is no daemon.
func call(t *testing.T, dir string) *caller {
	t.Helper()
	c, err := Dial(dir, "callers.sock")
	if err != nil {
		t.Fatal(err)
	}
	inR, inW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	outR, outW, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeAll([]*os.File{inW, outR}); c.Close() })
	if err := WriteFrame(c, sh("while read a && test $a != end; do echo $a; done; exit 7"), inR, outW, outW); err != nil {
		t.Fatal(err)
	}
	closeAll([]*os.File{inR, outW})
	outR.SetReadDeadline(time.Now().Add(20 * time.Second))
	c.SetReadDeadline(time.Now().Add(20 * time.Second))
	return &caller{c, inW, bufio.NewReader(outR)}
}

// wantAlive wants the command to answer.
func (c *caller) wantAlive(t *testing.T) {
	t.Helper()
	fmt.Fprintln(c.in, "alive")
	if line, err := c.out.ReadString('\n'); line != "alive\n" {
		t.Fatalf("the command says %q (%v)", line, err)
	}
}

// wantEnd ends the command and wants to hear of it.
func (c *caller) wantEnd(t *testing.T) {
	t.Helper()
	fmt.Fprintln(c.in, "end")
	var end SessionEnd
	if _, err := ReadFrame(c.UnixConn, &end); err != nil || end.Exec == nil || end.Exec.Code != 7 {
		t.Errorf("the command ended with %+v (%v)", end, err)
	}
}

func mustReport(t *testing.T, dir string) report {
	t.Helper()
	r, err := readReport(dir)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// trust makes the file that workloads of runForCallers trust.
func trust(t *testing.T, dir string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, "trust.pem"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
}

// A host side that is killed leaves its world to the next one: namespaces,
// commands, listening sockets. Only passing sockets go.
func TestAdopt(t *testing.T) {
	users(t, func(t *testing.T, uid int, dir string) {
		trust(t, dir)
		h := startHost(t, uid, hostSpec{Dir: dir, Mode: "callers"})
		first := mustReport(t, dir)
		if uid != os.Getuid() { // a keeper of somebody else's hears nobody but them
			h.Process.Kill()
			h.Wait()
			startHost(t, uid, hostSpec{Dir: dir, Mode: "callers"}).stop(t)
			if second := mustReport(t, dir); second.Daemons != 1 || second.PIDs != first.PIDs {
				t.Errorf("the world was not adopted: %+v", second)
			}
			return
		}
		c := call(t, dir)
		c.wantAlive(t)
		h.Process.Kill()
		h.Wait()
		if !eventually(func() bool { return !alive(h.Process.Pid) && len(inhabitantsOf(first.PIDs)) == 2 }) {
			t.Fatalf("processes without a host side: %v, want keeper and command", inhabitantsOf(first.PIDs))
		}
		c.wantAlive(t)
		waiting := call(t, dir)

		h = startHost(t, uid, hostSpec{Dir: dir, Mode: "callers"})
		second := mustReport(t, dir)
		if second.Net != first.Net || second.PIDs != first.PIDs || second.Mnt != first.Mnt {
			t.Errorf("another world: %+v, it was %+v", second, first)
		}
		if second.Daemons != 1 || second.Sockets != manySockets+1 || !slices.Equal(second.Sessions, []string{"0-0"}) {
			t.Errorf("the next daemon finds %d before it, %d sockets, sessions %v", second.Daemons, second.Sockets, second.Sessions)
		}
		waiting.wantAlive(t)
		waiting.wantEnd(t)
		c.wantEnd(t)
		h.stop(t)
		wantNothingLeft(t, dir, second)
	})
}

// After a stop a world goes on while a command runs in it, and no longer.
func TestStopLeavesCommands(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	trust(t, dir)
	w, err := Start(t.Context(), hostSpec{Dir: dir, Mode: "callers"}.config(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := call(t, dir)
	c.wantAlive(t)
	if err := w.Stop(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := Dial(dir, "callers.sock"); err == nil {
		t.Error("a stopped daemon's socket takes connections")
	}
	c.wantAlive(t)
	c.wantEnd(t)
	if !eventually(func() bool { return slices.Equal(names(t, filepath.Join(dir, "run")), []string{keeperLock}) }) {
		t.Errorf("run directory holds %v", names(t, filepath.Join(dir, "run")))
	}
	if !eventually(func() bool { return len(processes(dir)) == 0 }) {
		t.Errorf("processes left: %v", processes(dir))
	}
}

// An upgrade turns nobody away, and runs the program that is there now.
func TestUpgrade(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	trust(t, dir)
	h := startHost(t, os.Getuid(), hostSpec{Dir: dir, Mode: "callers"})
	c := call(t, dir)
	c.wantAlive(t)
	done := make(chan error, 1)
	go func() { done <- Upgrade(t.Context(), dir) }()
	for upgrading := true; upgrading; {
		select {
		case err := <-done:
			if err != nil {
				t.Error(err)
			}
			upgrading = false
		default:
			call(t, dir).wantEnd(t)
		}
	}
	if r := mustReport(t, dir); r.Daemons != 1 || r.Sockets != manySockets+2 {
		t.Errorf("the next daemon finds %d before it and %d sockets", r.Daemons, r.Sockets)
	}
	c.wantEnd(t)
	h.stop(t)
}

// What a daemon has asked of the keeper is done, also when it dies at once.
func TestLastWords(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	trust(t, dir)
	h := startHost(t, os.Getuid(), hostSpec{Dir: dir, Mode: "parting"})
	var callers []*caller
	for range parting {
		callers = append(callers, call(t, dir))
	}
	for _, c := range callers {
		c.wantAlive(t)
	}
	for _, c := range callers {
		c.wantEnd(t)
	}
	call(t, dir).wantEnd(t) // by the next daemon
	h.stop(t)
}

// The keeper runs the program of the host side that there is now, and not its
// own.
func TestReplacedProgram(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	trust(t, dir)
	h := startHost(t, os.Getuid(), hostSpec{Dir: dir, Mode: "callers"})
	first := mustReport(t, dir)
	c := call(t, dir)
	c.wantAlive(t)
	h.Process.Kill()
	h.Wait()
	b, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(t.TempDir(), "next")
	if err := os.WriteFile(program, b, 0o755); err != nil {
		t.Fatal(err)
	}
	h = startHostProgram(t, program, os.Getuid(), hostSpec{Dir: dir, Mode: "callers"})
	second := mustReport(t, dir)
	if second.PIDs != first.PIDs || second.Program != program || first.Program == program {
		t.Errorf("daemon runs %s in %s, it was %s in %s", second.Program, second.PIDs, first.Program, first.PIDs)
	}
	c.wantEnd(t)
	h.stop(t)
}

// oldKeeperRole is a keeper of another version: it ends when it is asked to.
func oldKeeperRole(args []string) error {
	r, err := openRun(args[0])
	if err != nil {
		return err
	}
	lock, err := r.takeOver(context.Background())
	if err != nil {
		return err
	}
	defer lock.Close()
	l, err := r.listen(keeperSocket)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	for {
		u, err := l.AcceptUnix()
		if err != nil {
			return err
		}
		c := &conn{UnixConn: u}
		for {
			m, _, err := c.receive()
			if err != nil {
				break
			}
			if m.Kind == kindEnd {
				return nil
			}
			c.send(message{Kind: kindUp, Version: protocol + 1})
		}
	}
}

// A keeper of another version is ended, and its world made anew.
func TestOtherVersionIsReplaced(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	old := helper("old-keeper", dir)
	out, err := old.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := old.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		t.Fatalf("%q %v", line, err)
	}
	h := startHost(t, os.Getuid(), hostSpec{Dir: dir, Mode: "idle"})
	if err := old.Wait(); err != nil {
		t.Errorf("the old keeper ends with %v", err)
	}
	h.stop(t)
	wantNothingLeft(t, dir, mustReport(t, dir))
}

// A daemon that crashes is replaced at once; one that does so again and again
// is not.
func TestDaemonCrashes(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	w, err := Start(t.Context(), hostSpec{Dir: dir, Mode: "crash"}.config(nil))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Wait(); err == nil || !strings.Contains(err.Error(), "signal: killed") {
		t.Errorf("Wait: %v", err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "crashes")); len(b) != maxCrashes {
		t.Errorf("%d daemons crashed, want %d", len(b), maxCrashes)
	}
	wantNothingLeft(t, dir, report{PIDs: "none", Net: "none"})
}

// crash notes that it was there, serves, and crashes.
func crash(spec hostSpec, in *Inside, _ *report) error {
	f, err := os.OpenFile(filepath.Join(spec.Dir, "crashes"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	f.WriteString("x")
	if err := in.Ready(); err != nil {
		return err
	}
	return unix.Kill(os.Getpid(), unix.SIGKILL)
}

// A world whose data directory is removed ends.
func TestRemovedDirectory(t *testing.T) {
	dir := dataDir(t, os.Getuid())
	trust(t, dir)
	h := startHost(t, os.Getuid(), hostSpec{Dir: dir, Mode: "callers"})
	r := mustReport(t, dir)
	call(t, dir).wantAlive(t)
	h.Process.Kill()
	h.Wait()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { return len(inhabitantsOf(r.PIDs)) == 0 }) {
		t.Errorf("processes left: %v", inhabitantsOf(r.PIDs))
	}
}
