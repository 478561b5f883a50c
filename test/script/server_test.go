package script

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// server is a running postern serve of one scenario.
type server struct {
	cmd  *exec.Cmd
	log  string // path of what it has written to stderr
	done chan error
}

// logged is what the server has written to stderr.
func (s *server) logged() []byte {
	b, _ := os.ReadFile(s.log) // for messages only
	return b
}

// servers finds a scenario's running server; a scenario runs one at a time.
var servers = newRegistry[*testscript.TestScript, *server]()

// serve starts postern serve on a free port, waits until it serves, and puts
// what postern env prints into the environment.
func serve(ts *testscript.TestScript, neg bool, args []string) {
	args = append([]string{"serve", "--data-dir", ts.Getenv("DATA"), "--listen", "127.0.0.1:0",
		"--dns-upstream", "none", "--flow-interval", "1s"}, args...)
	s := &server{done: make(chan error, 1)}
	s.cmd = exec.Command(lookPath(ts, "postern"), args...)
	s.cmd.Dir = ts.MkAbs(".")
	// A file, not a pipe: after a crash the keeper lives on with it open.
	stderr, err := os.Create(ts.MkAbs("serve.log"))
	ts.Check(err)
	defer stderr.Close()
	s.cmd.Stderr, s.log = stderr, stderr.Name()
	stdout, err := s.cmd.StdoutPipe()
	ts.Check(err)
	ts.Check(s.cmd.Start())
	servers.put(ts, s)
	ts.Defer(func() {
		if s := servers.take(ts); s != nil {
			s.stop(syscall.SIGTERM)
			ts.Logf("server:\n%s", s.logged())
		}
		exec.Command(lookPath(ts, "postern"), "stop", "--data-dir", ts.Getenv("DATA")).Run() // commands may have kept the world
	})
	_, err = bufio.NewReader(stdout).ReadString('\n') // the line that says it serves
	go func() {
		io.Copy(io.Discard, stdout)
		s.done <- s.cmd.Wait()
	}()
	if (err != nil) != neg {
		ts.Fatalf("serve: %v\n%s", err, s.logged())
	}
	if neg {
		return
	}
	ts.Check(ts.Exec("postern", "env", "--data-dir", ts.Getenv("DATA"), "--json"))
	env := map[string]string{}
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &env))
	for k, v := range env {
		ts.Setenv(k, v)
	}
}

// stop signals the server and waits for its end.
func (s *server) stop(signal syscall.Signal) (took time.Duration, err error) {
	began := time.Now()
	s.cmd.Process.Signal(signal)
	select {
	case err = <-s.done:
	case <-time.After(20 * time.Second):
		s.cmd.Process.Kill()
		err = <-s.done
	}
	return time.Since(began), err
}

func halt(ts *testscript.TestScript, neg bool, args []string) {
	s := servers.take(ts)
	if s == nil {
		ts.Fatalf("nothing to halt")
	}
	took, err := s.stop(syscall.SIGTERM)
	if err != nil || took > 2*time.Second {
		ts.Fatalf("stopped after %v: %v\n%s", took, err, s.logged())
	}
}

func crash(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) == 1 && args[0] == "daemon" {
		crashDaemon(ts)
		return
	}
	s := servers.take(ts)
	if s == nil {
		ts.Fatalf("nothing to crash")
	}
	s.stop(syscall.SIGKILL)
}

// crashDaemon kills the daemon of this scenario, and nothing else.
func crashDaemon(ts *testscript.TestScript) {
	lines, err := filepath.Glob("/proc/[0-9]*/cmdline")
	ts.Check(err)
	for _, path := range lines {
		b, _ := os.ReadFile(path) // it may have ended
		args := strings.Split(string(b), "\x00")
		if len(args) < 3 || args[1] != "daemon" || args[2] != "--data-dir="+ts.Getenv("DATA") {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		ts.Check(err)
		ts.Check(syscall.Kill(pid, syscall.SIGKILL))
		return
	}
	ts.Fatalf("no daemon to crash")
}
