package world

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

type workloadReport struct {
	Out, Err string
	Code     int
	Failure  string
	Took     time.Duration
}

// workloads are commands that a daemon runs, and what they must do.
var workloads = map[string]struct {
	argv []string
	env  []string
	want workloadReport
}{
	"status":      {argv: sh("exit 7"), want: workloadReport{Code: 7}},
	"signal":      {argv: sh("kill -TERM $$"), want: workloadReport{Code: 128 + 15}},
	"not found":   {argv: []string{"no-such-command"}, want: workloadReport{Code: 127, Err: `exec: "no-such-command": executable file not found in $PATH`}},
	"no file":     {argv: []string{"/no/such/file"}, want: workloadReport{Code: 127, Err: `exec: "/no/such/file": stat /no/such/file: no such file or directory`}},
	"no right":    {argv: []string{"/etc/passwd"}, want: workloadReport{Code: 126, Err: `exec: "/etc/passwd": permission denied`}},
	"path":        {argv: []string{"here"}, env: []string{"PATH=."}, want: workloadReport{Out: "a script without #!"}},
	"files":       {argv: sh("read a; echo $a; echo err >&2"), want: workloadReport{Out: "stdin", Err: "err"}},
	"environment": {argv: []string{"env"}, env: []string{"PATH=/usr/bin:/bin", "A=b"}, want: workloadReport{Out: "PATH=/usr/bin:/bin\nA=b"}},
	"directory":   {argv: []string{"pwd"}, want: workloadReport{Out: "DIR"}},
	"umask":       {argv: sh("umask"), want: workloadReport{Out: "0027"}},
	// The signals 1 to 31: what make(1) does to the C library's own ones is inherited.
	"signals":      {argv: sh(`echo $((0x$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status) & 0x7fffffff))`), want: workloadReport{Out: "0"}},
	"user":         {argv: []string{"id", "-u"}, want: workloadReport{Out: "0"}},
	"resolv.conf":  {argv: []string{"cat", "/etc/resolv.conf"}, want: workloadReport{Out: "nameserver 10.0.0.2"}},
	"trust":        {argv: []string{"cat", "/etc/ssl/certs/ca-certificates.crt"}, want: workloadReport{Out: "all certificates"}},
	"trust is r/o": {argv: sh("echo > /etc/ssl/certs/ca-certificates.crt"), want: workloadReport{Code: 2, Err: "/bin/sh: 1: cannot create /etc/ssl/certs/ca-certificates.crt: Read-only file system"}},
	"namespace":    {argv: []string{"readlink", "/proc/self/ns/net"}, want: workloadReport{Out: "NETNS"}},
	"hidden":       {argv: sh("ls NETNSDIR"), want: workloadReport{}},
	"session":      {argv: sh(`set -- $(cat /proc/self/stat); test $5 = $6 && echo leads`), want: workloadReport{Out: "leads"}},
	"left behind":  {argv: sh("sleep 1000 & setsid sleep 1000 & :"), want: workloadReport{}},
}

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

// runWorkloads runs all workloads in one namespace after the other.
func runWorkloads(spec hostSpec, in *Inside, r *report) error {
	r.Workloads = map[string]workloadReport{}
	for name := range workloads {
		path := filepath.Join(in.NetnsDir, "eni-test")
		if err := netns.Create(path, nil); err != nil {
			return err
		}
		r.Workloads[name] = runOne(in, spec.Dir, path, name)
		if err := netns.Delete(path); err != nil {
			return err
		}
	}
	return nil
}

func runOne(in *Inside, dir, path, name string) workloadReport {
	began := time.Now()
	fail := func(err any) workloadReport { return workloadReport{Failure: fmt.Sprint(err)} }
	var files [3]*os.File
	for i := range files {
		f, err := os.CreateTemp(dir, "stdio-")
		if err != nil {
			return fail(err)
		}
		defer f.Close()
		defer os.Remove(f.Name())
		files[i] = f
	}
	io.WriteString(files[0], "stdin\n")
	files[0].Seek(0, io.SeekStart)
	w := workloads[name]
	expand := expander(dir, path)
	for i := range w.argv {
		w.argv[i] = expand(w.argv[i])
	}
	if w.env == nil {
		w.env = os.Environ()
	}
	exit, err := runSession(in, Workload{
		Netns:      path,
		Scratch:    filepath.Join(dir, "run", "sessions", "one"),
		ResolvConf: "nameserver 10.0.0.2\n",
		Trust:      filepath.Join(dir, "trust.pem"),
		Argv:       w.argv,
		Env:        w.env,
		Dir:        dir,
		Umask:      0o027,
		Stdin:      files[0], Stdout: files[1], Stderr: files[2],
	})
	if err != nil {
		return fail(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "run", "sessions", "one")); err == nil {
		return fail("the session's folder is left")
	}
	home, err := os.Stat(path)
	if err != nil {
		return fail(err)
	}
	if pids, err := inhabitants(home); len(pids) > 0 || err != nil {
		return fail(fmt.Sprint("processes left: ", pids, err))
	}
	return workloadReport{Out: text(files[1]), Err: text(files[2]), Code: exit.Code, Took: time.Since(began)}
}

// runSession has the keeper run w, and is its caller.
func runSession(in *Inside, w Workload) (Exit, error) {
	caller, theirs, err := socketPair()
	if err != nil {
		return Exit{}, err
	}
	defer caller.Close()
	passed, err := fileConn(theirs)
	if err != nil {
		return Exit{}, err
	}
	err = in.Run(w, "one", "record", passed.UnixConn)
	passed.Close()
	if err != nil {
		return Exit{}, err
	}
	if s := <-in.Ended(); s.ID != "one" || string(s.Record) != `"record"` {
		return Exit{}, fmt.Errorf("another session ended: %+v", s)
	}
	if err := in.Release("one"); err != nil {
		return Exit{}, err
	}
	var end SessionEnd
	if _, err := ReadFrame(caller.UnixConn, &end); err != nil {
		return Exit{}, err
	}
	if end.Exec == nil {
		return Exit{}, errors.New(end.Error)
	}
	return *end.Exec, nil
}

// expander fills in what is known only at run time.
func expander(dir, path string) func(string) string {
	id := ""
	var s unix.Stat_t
	if unix.Stat(path, &s) == nil {
		id = fmt.Sprintf("net:[%d]", s.Ino)
	}
	return strings.NewReplacer("NETNSDIR", filepath.Dir(path), "NETNS", id, "DIR", dir).Replace
}

func text(f *os.File) string {
	b, _ := os.ReadFile(f.Name())
	return strings.TrimSpace(string(b))
}

func TestWorkload(t *testing.T) {
	if _, err := os.Stat(trustFiles[0]); err != nil {
		t.Skipf("the table knows only systems with %s", trustFiles[0])
	}
	users(t, func(t *testing.T, uid int, dir string) {
		for name, content := range map[string]string{"trust.pem": "all certificates\n", "here": "echo 'a script without #!'\n"} {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, []byte(content), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(path, uid, uid); err != nil {
				t.Fatal(err)
			}
		}
		before, err := os.ReadFile("/etc/resolv.conf")
		if err != nil {
			t.Fatal(err)
		}
		h := startHost(t, uid, hostSpec{Dir: dir, Mode: "workload"})
		r, err := readReport(dir)
		if err != nil {
			t.Fatal(err)
		}
		for name, w := range workloads {
			got, want := r.Workloads[name], w.want
			if name == "namespace" {
				if !strings.HasPrefix(got.Out, "net:[") || got.Out == r.Net {
					t.Errorf("namespace: %+v, the world's is %s", got, r.Net)
				}
				continue
			}
			want.Out = strings.Replace(want.Out, "DIR", dir, 1)
			want.Took = got.Took
			if got != want {
				t.Errorf("%s:\n got %+v\nwant %+v", name, got, want)
			}
		}
		if after, err := os.ReadFile("/etc/resolv.conf"); err != nil || string(after) != string(before) {
			t.Errorf("the host's resolv.conf has changed (%v)", err)
		}
		h.stop(t)
		wantNothingLeft(t, dir, r)
	})
}

func TestParseNSpid(t *testing.T) {
	for status, want := range map[string][]int{
		"Name:\tsleep\nNSpid:\t700\t12\t1\nNSpgid:\t700\n": {700, 12, 1},
		"NSpid:\t5":   {5},
		"Name:\tx\n":  nil,
		"NSpid:\tx\n": nil,
	} {
		got, err := parseNSpid(status)
		if !slices.Equal(got, want) || (err == nil) != (want != nil) {
			t.Errorf("%q: %v %v, want %v", status, got, err, want)
		}
	}
}

func TestResolvConf(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "# Written by Postern for this session.\nsearch ec2.internal\noptions timeout:2 attempts:5\nnameserver 10.0.0.2\n",
		"eu-west-1": "# Written by Postern for this session.\nsearch eu-west-1.compute.internal\noptions timeout:2 attempts:5\nnameserver 10.0.0.2\n",
	} {
		if got := ResolvConf(netip.MustParseAddr("10.0.0.2"), region); got != want {
			t.Errorf("%s: %q", region, got)
		}
	}
}

func TestFinalTarget(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	link := func(to, from string) {
		if err := os.Symlink(to, filepath.Join(dir, from)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "run", "resolve"), 0o755); err != nil {
		t.Fatal(err)
	}
	os.WriteFile(filepath.Join(dir, "file"), nil, 0o644)
	link("file", "relative")
	link("run/resolve/stub", "dangling")
	link("run", "var")
	link(filepath.Join(dir, "var/resolve/stub"), "through")
	link("relative", "twice")
	link("loop", "loop")
	for from, want := range map[string]string{
		"file":     "file",
		"relative": "file",
		"twice":    "file",
		"dangling": "run/resolve/stub",
		"through":  "run/resolve/stub",
		"absent":   "absent",
	} {
		if got, err := finalTarget(filepath.Join(dir, from)); err != nil || got != filepath.Join(dir, want) {
			t.Errorf("%s: %s %v, want %s", from, got, err, want)
		}
	}
	if _, err := finalTarget(filepath.Join(dir, "loop")); err == nil {
		t.Error("loop: no error")
	}
}

// resolvRole is in a mount namespace of its own: resolv.conf is a link into a
// folder that is masked.
func resolvRole(args []string) error {
	dir := args[0]
	if err := privateTree(); err != nil {
		return err
	}
	run := filepath.Join(dir, "run")
	if err := unix.Mount("postern", run, "tmpfs", 0, ""); err != nil {
		return err
	}
	path := filepath.Join(dir, "resolv.conf")
	if err := bindResolvConf(filepath.Join(dir, "session"), path, nil); err == nil {
		return fmt.Errorf("a file that does not exist was made outside of a mask")
	}
	if err := bindResolvConf(filepath.Join(dir, "session"), path, []string{run}); err != nil {
		return err
	}
	b, err := os.ReadFile(path)
	fmt.Printf("%s", b)
	return err
}

func TestResolvConfBehindMask(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("mounting needs root")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	stub := filepath.Join(dir, "run", "stub.conf")
	os.Mkdir(filepath.Dir(stub), 0o755)
	for path, content := range map[string]string{stub: "host's", filepath.Join(dir, "session"): "session's"} {
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("run/stub.conf", filepath.Join(dir, "resolv.conf")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("/proc/self/exe", "resolv", dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNS}
	out, err := cmd.CombinedOutput()
	if string(out) != "session's" || err != nil {
		t.Errorf("%s %v", out, err)
	}
	if b, err := fs.ReadFile(os.DirFS(dir), "run/stub.conf"); string(b) != "host's" {
		t.Errorf("outside: %s %v", b, err)
	}
}
