package netns_test

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/postern/postern/dataplane/netns"
	"github.com/postern/postern/dataplane/netns/netnstest"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { netnstest.Main(m) }

// inode is the identity of the calling thread's namespace.
func inode() (string, error) { return os.Readlink("/proc/thread-self/ns/net") }

func TestLifeOfANamespace(t *testing.T) {
	dir := netnstest.Dir(t)
	path := filepath.Join(dir, "vpc-1")
	ran := 0
	for range 2 { // the second time it is there already
		if err := netns.Create(path, func() error { ran++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if ran != 1 || !netns.Exists(path) {
		t.Fatalf("inside ran %d times, exists: %v", ran, netns.Exists(path))
	}
	own, _ := inode()
	var first, second string
	if err := errors.Join(
		netns.Do(path, func() (err error) { first, err = inode(); return err }),
		netns.Do(path, func() (err error) { second, err = inode(); return err })); err != nil {
		t.Fatal(err)
	}
	if first == own || first != second {
		t.Errorf("own %s, inside %s, then %s", own, first, second)
	}
	os.WriteFile(filepath.Join(dir, "vpc-2"), nil, 0o600) // not a namespace
	if got, err := netns.List(dir, "vpc-"); err != nil || !slices.Equal(got, []string{"vpc-1"}) {
		t.Errorf("List: %v, %v", got, err)
	}
	for range 2 {
		if err := netns.Delete(path); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(path); !errors.Is(err, os.ErrNotExist) {
		t.Error("the mount point is left")
	}
}

func TestCreateReplacesWhatACrashLeft(t *testing.T) {
	path := filepath.Join(netnstest.Dir(t), "vpc-1")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := netns.Create(path, nil); err != nil || !netns.Exists(path) {
		t.Error(err)
	}
}

func TestFailureInsideLeavesNothing(t *testing.T) {
	path := filepath.Join(netnstest.Dir(t), "vpc-1")
	want := errors.New("no")
	if err := netns.Create(path, func() error { return want }); !errors.Is(err, want) {
		t.Errorf("error %v", err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Error("a mount point is left")
	}
}

func TestAbsentNamespace(t *testing.T) {
	path := filepath.Join(t.TempDir(), "vpc-1")
	for name, err := range map[string]error{
		"Do":    netns.Do(path, func() error { return nil }),
		"Start": netns.Start(exec.Command("true"), path),
	} {
		if !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// No thread of another namespace is ever given to other goroutines.
func TestThreadsDoNotLeak(t *testing.T) {
	path := netnstest.New(t)
	own, err := inode()
	if err != nil {
		t.Fatal(err)
	}
	for range 50 {
		if err := netns.Do(path, func() error { return nil }); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command("/proc/self/exe", "-test.run=^$")
		if err := netns.Start(cmd, path); err != nil {
			t.Fatal(err)
		}
		cmd.Process.Kill()
		cmd.Wait()
	}
	done := make(chan string)
	for range 100 {
		go func() { s, _ := inode(); done <- s }()
	}
	for range 100 {
		if s := <-done; s != own {
			t.Fatalf("a goroutine runs in %s, not in %s", s, own)
		}
	}
}

// Start's command is inside, and lives although Pdeathsig watches the thread
// that started it, and other calls use and leave threads.
func TestStart(t *testing.T) {
	path := netnstest.New(t)
	var inside string
	if err := netns.Do(path, func() (err error) { inside, err = inode(); return err }); err != nil {
		t.Fatal(err)
	}
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd := exec.Command("sh", "-c", "read line; readlink /proc/self/ns/net")
	cmd.Stdin, cmd.Stdout = read, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := netns.Start(cmd, path); err != nil {
		t.Fatal(err)
	}
	for range 20 { // other threads come and go
		netns.Do(path, func() error { return nil })
	}
	write.WriteString("go\n")
	write.Close()
	if err := cmd.Wait(); err != nil || strings.TrimSpace(out.String()) != inside {
		t.Errorf("ran in %q, want %q: %v", out.String(), inside, err)
	}
}

func TestSysctls(t *testing.T) {
	path := netnstest.New(t)
	for _, row := range []struct {
		all  []netns.Sysctl
		want error
	}{
		{[]netns.Sysctl{{Name: "net/ipv4/ip_forward", Value: "1"}, {Name: "net/ipv4/ip_forward", Value: "1"}}, nil},
		{[]netns.Sysctl{{Name: "net/ipv4/no_such_thing", Value: "1"}}, os.ErrNotExist},
		{[]netns.Sysctl{{Name: "net/ipv4/no_such_thing", Value: "1", Optional: true}}, nil},
		{[]netns.Sysctl{{Name: "net/ipv4/ip_forward", Value: "maybe"}}, unix.EINVAL},
	} {
		if err := netns.Do(path, func() error { return netns.SetSysctls(row.all) }); !errors.Is(err, row.want) {
			t.Errorf("%v: %v, want %v", row.all, err, row.want)
		}
	}
	read := func() (b []byte, err error) {
		err = netns.Do(path, func() error { b, err = os.ReadFile("/proc/sys/net/ipv4/ip_forward"); return err })
		return b, err
	}
	if b, err := read(); err != nil || string(b) != "1\n" {
		t.Errorf("ip_forward inside is %q, %v", b, err)
	}
}

func TestInUserNamespace(t *testing.T) {
	netnstest.InUserNamespace(t, "^Test(Life|Create|Failure|Threads|Start|Sysctls)")
}
