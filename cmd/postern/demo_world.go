package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

// demoWorld is a `postern serve` of the demo's own: on a free port, with a
// data directory that is gone when the demo ends.
type demoWorld struct {
	self   string // path of this program
	dir    string // data directory
	server *exec.Cmd
	log    *demoLog
	logged chan struct{} // closed when the server's log has been read to its end
}

func startDemoWorld(ctx context.Context) (*demoWorld, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	dir, err := os.MkdirTemp("", "postern-demo-")
	if err != nil {
		return nil, fmt.Errorf("make the data directory: %w", err)
	}
	w := &demoWorld{self: self, dir: dir, log: &demoLog{}, logged: make(chan struct{})}
	if err := w.start(ctx); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

// start runs the server and returns when it serves.
func (w *demoWorld) start(ctx context.Context) error {
	w.server = exec.Command(w.self, "serve", "--data-dir", w.dir, "--listen", "127.0.0.1:0",
		"--dns-upstream", "none", "--flow-interval", "1s", "--ephemeral")
	w.server.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM, Setpgid: true}
	stderr, err := w.server.StderrPipe()
	if err != nil {
		return err
	}
	stdout, err := w.server.StdoutPipe()
	if err != nil {
		return err
	}
	if err := w.server.Start(); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	go func() {
		defer close(w.logged)
		w.log.read(stderr)
	}()
	ready := make(chan error, 1)
	go func() { // the first line of output says that it serves
		_, err := bufio.NewReader(stdout).ReadString('\n')
		ready <- err
	}()
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = ctx.Err()
	case <-time.After(20 * time.Second):
		err = errors.New("no answer in 20 s")
	}
	if err != nil {
		return fmt.Errorf("wait for the server: %w\n%s", errors.Join(err, w.end()), w.log.tail())
	}
	return nil
}

// end stops the server.
func (w *demoWorld) end() error {
	if err := w.server.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	<-w.logged
	err := w.server.Wait()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && !exit.Exited() {
		return nil // ended by the signal
	}
	return err
}

// stop ends the server and removes everything it has written.
func (w *demoWorld) stop() error {
	return errors.Join(w.end(), os.RemoveAll(w.dir))
}

// environment is what `postern env` prints.
func (w *demoWorld) environment(ctx context.Context) (map[string]string, error) {
	out, err := exec.CommandContext(ctx, w.self, "env", "--data-dir", w.dir, "--json").Output()
	if err != nil {
		return nil, fmt.Errorf("ask for the environment: %w", err)
	}
	env := map[string]string{}
	return env, json.Unmarshal(out, &env)
}

// ran is what a command in a subnet did.
type ran struct {
	out, err string
	status   int
}

// run runs a command in a subnet, as `postern exec` does for a user.
func (w *demoWorld) run(ctx context.Context, subnet, group string, argv ...string) (ran, error) {
	args := append([]string{"exec", "--data-dir", w.dir, "--subnet", subnet, "--security-group", group, "--"}, argv...)
	cmd := exec.CommandContext(ctx, w.self, args...)
	cmd.Env = append(os.Environ(), "AWS_MAX_ATTEMPTS=1", "AWS_PAGER=")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		err = nil
	}
	return ran{out: stdout.String(), err: stderr.String(), status: cmd.ProcessState.ExitCode()}, err
}

// demoLog keeps the server's log: its access lines tell which endpoint and
// ENI served a call.
type demoLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *demoLog) read(r io.Reader) {
	for s := bufio.NewScanner(r); s.Scan(); {
		l.mu.Lock()
		l.lines = append(l.lines, s.Text())
		l.mu.Unlock()
	}
}

func (l *demoLog) tail() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines[max(0, len(l.lines)-5):], "\n")
}

// served returns the endpoint and the ENI through which the last private call
// of an operation came.
func (l *demoLog) served(operation string) (vpce, eni string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range l.lines {
		fields := map[string]string{}
		for _, f := range strings.Fields(line) {
			if k, v, ok := strings.Cut(f, "="); ok {
				fields[k] = v
			}
		}
		if fields["op"] == operation && fields["vpce"] != "" {
			vpce, eni = fields["vpce"], fields["eni"]
		}
	}
	return vpce, eni
}
