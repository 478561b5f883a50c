package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
)

func sh(script string) []string { return []string{"sh", "-c", script} }

func TestExec(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		for name, c := range map[string]struct {
			argv []string
			want result
		}{
			"success":     {sh("echo out; echo err >&2"), result{"out\n", "err\n", 0}},
			"status":      {sh("exit 7"), result{"", "", 7}},
			"signal":      {sh("kill -KILL $$"), result{"", "", 137}},
			"not found":   {[]string{"no-such-command"}, result{"", "postern: exec: \"no-such-command\": executable file not found in $PATH\n", 127}},
			"no right":    {[]string{"/etc/passwd"}, result{"", "postern: exec: \"/etc/passwd\": permission denied\n", 126}},
			"flags":       {[]string{"echo", "--subnet", "--", "-n"}, result{"--subnet -- -n\n", "", 0}},
			"commas":      {[]string{"echo", "a,b", "c\\,d", ""}, result{"a,b c\\,d \n", "", 0}},
			"directory":   {[]string{"pwd"}, result{s.dir + "\n", "", 0}},
			"not UTF-8":   {[]string{"printf", "%s", "a\xffb"}, result{"a\xffb", "", 0}},
			"resolver":    {[]string{"grep", "nameserver", "/etc/resolv.conf"}, result{"nameserver 10.0.0.2\n", "", 0}},
			"domain":      {[]string{"grep", "search", "/etc/resolv.conf"}, result{"search eu-west-1.compute.internal\n", "", 0}},
			"trust":       {sh("tail -1 $SSL_CERT_FILE; tail -1 /etc/ssl/certs/ca-certificates.crt"), result{"Postern's certificate\nPostern's certificate\n", "", 0}},
			"region":      {sh("echo $AWS_REGION"), result{"eu-west-1\n", "", 0}},
			"no terminal": {[]string{"tty"}, result{"not a tty\n", "", 1}},
			"left behind": {sh("sleep 1000 & :"), result{"", "", 0}},
		} {
			if got := outcome(t, s.exec(c.argv...)); got != c.want {
				t.Errorf("%s: %q %q %d, want %q %q %d", name, got.out, got.err, got.code, c.want.out, c.want.err, c.want.code)
			}
		}
		wrong := outcome(t, s.command("exec", "--data-dir", s.dir, "--subnet", "subnet-2", "true"))
		if want := (result{"", "postern: the subnet ID 'subnet-2' does not exist\n", exitOwn}); wrong != want {
			t.Errorf("wrong subnet: %+v", wrong)
		}
		as := outcome(t, s.command("exec", "--data-dir", s.dir, "--subnet", "subnet-1", "--role", "app", "--account", "444455556666", "--", "sh", "-c", "echo $AWS_SECRET_ACCESS_KEY, $AWS_SESSION_TOKEN"))
		if want := (result{"secret of app, session postern-exec of 444455556666\n", "", 0}); as != want {
			t.Errorf("with a role: %+v", as)
		}
		as = outcome(t, s.command("exec", "--data-dir", s.dir, "--subnet", "subnet-1", "--role", "none", "true"))
		if want := (result{"", "postern: there is no role none\n", exitOwn}); as != want {
			t.Errorf("with a role that does not exist: %+v", as)
		}
		if left := s.sessions(t); len(left) > 0 {
			t.Errorf("sessions left: %+v", left)
		}
	})
}

// sessions are those that status shows.
func (s *server) sessions(t *testing.T) []statusSession {
	t.Helper()
	var report statusReport
	if err := json.Unmarshal([]byte(outcome(t, s.command("status", "--data-dir", s.dir, "--json")).out), &report); err != nil {
		t.Fatal(err)
	}
	return report.Sessions
}

// What goes in comes out, more than any pipe holds.
func TestExecPassesBytes(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		text := strings.Repeat("0123456789abcdef", 1<<16)
		cmd := s.exec("cat")
		cmd.Stdin = strings.NewReader(text)
		if got := outcome(t, cmd); got.out != text || got.code != 0 {
			t.Errorf("%d bytes of %d came back, status %d", len(got.out), len(text), got.code)
		}
		// A large environment: most of what the kernel takes in one string.
		cmd = s.exec("sh", "-c", "echo ${#LARGE}")
		cmd.Env = append(cmd.Env, "LARGE="+text[:100000])
		if got := outcome(t, cmd); got.out != "100000\n" {
			t.Errorf("large environment: %+v", got)
		}
	})
}

// begin starts cmd and returns its output when it has written up.
func begin(t *testing.T, cmd *exec.Cmd) *bufio.Reader {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	if line, err := r.ReadString('\n'); line != "up\n" {
		t.Fatalf("%q %v", line, err)
	}
	return r
}

func TestExecForwardsSignals(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		for _, sig := range []syscall.Signal{unix.SIGTERM, unix.SIGHUP, unix.SIGQUIT, unix.SIGINT, unix.SIGUSR1, unix.SIGUSR2} {
			name := strings.TrimPrefix(unix.SignalName(sig), "SIG")
			cmd := s.exec(sh("trap 'echo got " + name + "; exit 3' " + name + "; echo up; while :; do sleep 0.01; done")...)
			out := begin(t, cmd)
			cmd.Process.Signal(sig)
			rest, err := io.ReadAll(out)
			if cmd.Wait(); string(rest) != "got "+name+"\n" || cmd.ProcessState.ExitCode() != 3 {
				t.Errorf("%v: %q %v, %v", sig, rest, err, cmd.ProcessState)
			}
		}
		// Without a trap the status says which signal it was, also of a
		// command that waits for another. (The other says up: dash may lose a
		// signal that comes while it starts one.)
		cmd := s.exec(sh("sh -c 'echo up; exec sleep 1000'; echo never")...)
		out := begin(t, cmd)
		cmd.Process.Signal(unix.SIGINT)
		rest, _ := io.ReadAll(out)
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 130 || len(rest) > 0 {
			t.Errorf("interrupted: %v %q", cmd.ProcessState, rest)
		}
	})
}

// What the caller ignores the command does not hear of.
func TestExecIgnoredSignals(t *testing.T) {
	s := newServer(t, os.Getuid())
	s.start(t)
	cmd := s.exec(sh("echo up; read a; echo $a")...)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `trap "" HUP; exec "$0" "$@"`, self}, cmd.Args[1:]...)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := begin(t, cmd)
	cmd.Process.Signal(unix.SIGHUP)
	io.WriteString(in, "still here\n")
	if line, err := out.ReadString('\n'); line != "still here\n" {
		t.Errorf("%q %v", line, err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// A caller that is interrupted while its ENI is made gets its prompt back.
func TestExecInterruptedEarly(t *testing.T) {
	s := newServer(t, os.Getuid())
	s.start(t)
	cmd := s.command("exec", "--data-dir", s.dir, "--subnet", "subnet-slow", "true")
	var errOut strings.Builder
	cmd.Stderr = &errOut
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if !eventually(func() bool { _, err := os.Stat(filepath.Join(s.dir, "run", "netns-slow")); return err == nil }) {
		t.Fatal("nobody attaches")
	}
	cmd.Process.Signal(unix.SIGINT)
	if cmd.Wait(); cmd.ProcessState.ExitCode() != exitOwn || !strings.Contains(errOut.String(), "interrupted before") {
		t.Errorf("%v: %s", cmd.ProcessState, &errOut)
	}
}

// Signals that nobody takes any more do not keep a session open.
func TestExecSignalsToTheEnd(t *testing.T) {
	s := newServer(t, os.Getuid())
	s.start(t)
	for range 10 {
		cmd := s.exec(sh("trap 'exit 5' USR1; echo up; while :; do :; done")...)
		begin(t, cmd)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			cmd.Wait()
		}()
		if !eventually(func() bool {
			cmd.Process.Signal(unix.SIGUSR1)
			select {
			case <-ended:
				return true
			default:
				return false
			}
		}) {
			t.Fatal("the session does not end")
		}
	}
}

// A command whose caller is killed is hung up, then killed.
func TestExecCallerGoesAway(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		for name, script := range map[string]string{
			"willing":  "trap 'echo hung up > willing; exit' HUP; echo up; while :; do sleep 0.01; done",
			"stubborn": "trap 'echo hung up > stubborn' HUP; echo up; while :; do sleep 0.01; done",
		} {
			cmd := s.exec(sh(script)...)
			begin(t, cmd)
			if n := len(s.sessions(t)); n != 1 {
				t.Errorf("%s: %d sessions", name, n)
			}
			cmd.Process.Kill()
			cmd.Wait()
			if !eventually(func() bool { return len(s.sessions(t)) == 0 }) {
				t.Errorf("%s: the session goes on", name)
			}
			if b, _ := os.ReadFile(filepath.Join(s.dir, name)); string(b) != "hung up\n" {
				t.Errorf("%s: no SIGHUP", name)
			}
		}
	})
}

// A command survives its daemon, and its caller hears how it ended: while there
// is no daemon, and from the next one.
func TestExecDaemonGoesAway(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		script := sh("echo up; read a; echo got $a; exit 7")
		first, second := s.exec(script...), s.exec(script...)
		var in [2]io.WriteCloser
		for i, cmd := range []*exec.Cmd{first, second} {
			var err error
			if in[i], err = cmd.StdinPipe(); err != nil {
				t.Fatal(err)
			}
			cmd.Stderr = os.Stderr
		}
		outs := []*bufio.Reader{begin(t, first), begin(t, second)}
		finish := func(i int, cmd *exec.Cmd) {
			t.Helper()
			io.WriteString(in[i], "it\n")
			if line, err := outs[i].ReadString('\n'); line != "got it\n" {
				t.Errorf("%q %v", line, err)
			}
			if cmd.Wait(); cmd.ProcessState.ExitCode() != 7 {
				t.Errorf("exec ends with %v", cmd.ProcessState)
			}
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if got := outcome(t, s.command("status", "--data-dir", s.dir)); got.code != 1 || !strings.Contains(got.err, "no daemon serves from") {
			t.Errorf("status without a daemon: %+v", got)
		}
		finish(0, first)
		s.start(t)
		if left := s.sessions(t); len(left) != 1 || left[0].Command != "sh" {
			t.Errorf("the next daemon knows of %+v", left)
		}
		finish(1, second)
		if left := s.sessions(t); len(left) > 0 {
			t.Errorf("sessions left: %+v", left)
		}
		if err := s.stop(); err != nil {
			t.Error(err)
		}
		if left, _ := os.ReadDir(filepath.Join(s.dir, "run")); len(left) != 1 {
			t.Errorf("the world goes on without anybody in it: %v", left)
		}
	})
}

// postern stop ends the commands, and serve.
func TestStop(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		cmd := s.exec(sh("trap 'echo hung up; exit 3' HUP; echo up; while :; do sleep 0.01; done")...)
		out := begin(t, cmd)
		if got := outcome(t, s.command("stop", "--data-dir", s.dir)); got != (result{}) {
			t.Errorf("stop: %+v", got)
		}
		if line, err := out.ReadString('\n'); line != "hung up\n" {
			t.Errorf("%q %v", line, err)
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 3 {
			t.Errorf("exec ends with %v", cmd.ProcessState)
		}
		if err := s.cmd.Wait(); err != nil {
			t.Errorf("serve ends with %v: %s", err, &s.err)
		}
		if got := outcome(t, s.command("stop", "--data-dir", s.dir)); got.code != 0 || !strings.Contains(got.err, "nothing runs in") {
			t.Errorf("a second stop: %+v", got)
		}
	})
}

// onTerminal starts a postern exec whose stdin, stdout and stderr are a
// terminal of 33 lines.
func (s *server) onTerminal(t *testing.T, stdout *os.File, argv ...string) (*exec.Cmd, *os.File, *bufio.Reader) {
	t.Helper()
	master, slave, err := pty.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { master.Close() })
	defer slave.Close()
	if err := slave.Chown(s.uid, s.uid); err != nil {
		t.Fatal(err)
	}
	if err := pty.Setsize(master, &pty.Winsize{Rows: 33, Cols: 77}); err != nil {
		t.Fatal(err)
	}
	cmd := s.exec(argv...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	if stdout != nil {
		cmd.Stdout = stdout
	}
	cmd.SysProcAttr.Setsid, cmd.SysProcAttr.Setctty = true, true
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, master, bufio.NewReader(master)
}

func TestExecOnTerminal(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		// It is a terminal, the command's own, with the size of the caller's.
		cmd, _, out := s.onTerminal(t, nil, sh("tty > /dev/null && test -t 1 && stty size < /dev/tty; echo last")...)
		for _, want := range []string{"33 77\r\n", "last\r\n"} {
			if line, err := out.ReadString('\n'); line != want {
				t.Errorf("%q %v, want %q", line, err, want)
			}
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}

		// Control characters reach the command as signals, input as lines.
		cmd, in, out := s.onTerminal(t, nil, sh("echo up; read a; echo got $a; read a; echo never")...)
		for _, want := range []string{"up\r\n", "hello\r\n", "got hello\r\n"} { // the second is the echo
			if line, err := out.ReadString('\n'); line != want {
				t.Errorf("%q %v, want %q", line, err, want)
			}
			if want == "up\r\n" {
				io.WriteString(in, "hello\n")
			}
		}
		io.WriteString(in, "\x03")
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 130 {
			t.Errorf("after ^C: %v", cmd.ProcessState)
		}

		// A terminal that changes its size says so.
		cmd, in, out = s.onTerminal(t, nil, sh("trap 'stty size; exit 4' WINCH; echo up; while :; do sleep 0.01; done")...)
		out.ReadString('\n')
		if err := pty.Setsize(in, &pty.Winsize{Rows: 44, Cols: 88}); err != nil {
			t.Fatal(err)
		}
		if line, err := out.ReadString('\n'); line != "44 88\r\n" {
			t.Errorf("after a resize: %q %v", line, err)
		}
		if cmd.Wait(); cmd.ProcessState.ExitCode() != 4 {
			t.Errorf("after a resize: %v", cmd.ProcessState)
		}
	})
}

// The caller's terminal is raw while the command runs, and as before after it.
func TestExecRestoresTerminal(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		cmd, master, out := s.onTerminal(t, nil, sh("echo up; read a")...)
		defer cmd.Wait()
		if line, err := out.ReadString('\n'); line != "up\r\n" {
			t.Fatalf("%q %v", line, err)
		}
		modes := func() (canonical, post bool) {
			a, err := unix.IoctlGetTermios(int(master.Fd()), unix.TCGETS)
			if err != nil {
				t.Fatal(err)
			}
			return a.Lflag&unix.ICANON != 0, a.Oflag&unix.OPOST != 0
		}
		if canonical, post := modes(); canonical || post {
			t.Error("the terminal is not raw")
		}
		io.WriteString(master, "\n")
		if !eventually(func() bool { c, p := modes(); return c && p }) {
			t.Error("the terminal stays raw")
		}
	})
}

// In a pipeline only stdin is the command's terminal; stdout is the pipe.
func TestExecInPipeline(t *testing.T) {
	users(t, func(t *testing.T, s *server) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		cmd, _, out := s.onTerminal(t, w, sh("test -t 0 && ! test -t 1 && test -t 2 && echo right && echo err >&2")...)
		w.Close()
		if b, err := io.ReadAll(r); string(b) != "right\n" {
			t.Errorf("%q %v", b, err)
		}
		if line, err := out.ReadString('\n'); strings.TrimRight(line, "\r\n") != "err" {
			t.Errorf("stderr: %q %v", line, err)
		}
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	})
}
