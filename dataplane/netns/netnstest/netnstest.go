// Package netnstest gives the tests of a package a world of their own: all of
// them run in a new mount and network namespace, which is gone when they end,
// whatever they leave in it.
package netnstest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/postern/postern/dataplane/netns"
	"golang.org/x/sys/unix"
)

// world tells a process which world it is in: "root" or "user". Where it is
// set beforehand it says which one to use.
const (
	world  = "POSTERN_TEST_WORLD"
	inside = "POSTERN_TEST_INSIDE"
)

// Main is TestMain: it runs m in a world of its own. Root gets namespaces;
// anybody else a user namespace too. Where neither is permitted, every test
// that calls Dir skips. A *testing.M is an m.
func Main(m interface{ Run() int }) {
	if os.Getenv(inside) != "" {
		os.Exit(m.Run())
	}
	kind := os.Getenv(world)
	if kind == "" && os.Getuid() != 0 {
		kind = "user"
	}
	cmd := command(os.Args[1:], kind == "user")
	cmd.Stdout, cmd.Stderr, cmd.Stdin = os.Stdout, os.Stderr, os.Stdin
	err := cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		os.Exit(exit.ExitCode())
	}
	if err != nil {
		fmt.Println("no namespaces for tests:", err)
		os.Exit(m.Run())
	}
	os.Exit(0)
}

// InUserNamespace runs the tests that match run once more, as root of a user
// namespace.
func InUserNamespace(t *testing.T, run string) {
	t.Helper()
	if os.Getenv(inside) == "user" {
		t.Skip("runs in a user namespace already")
	}
	cmd := command([]string{"-test.run=" + run, "-test.v"}, true)
	out, err := cmd.CombinedOutput()
	if _, ran := errors.AsType[*exec.ExitError](err); err != nil && !ran {
		t.Skip("no user namespaces:", err)
	}
	if err != nil || !strings.Contains(string(out), "--- PASS") {
		t.Fatalf("in a user namespace: %v\n%s", err, out)
	}
}

func command(args []string, user bool) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", args...)
	kind := "root"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET,
		Pdeathsig:  syscall.SIGKILL,
	}
	if user {
		kind = "user"
		cmd.SysProcAttr.Cloneflags |= unix.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	cmd.Env = append(os.Environ(), inside+"="+kind)
	return cmd
}

// Dir returns a folder for namespaces. When the test ends, those in it are
// removed.
func Dir(t testing.TB) string {
	t.Helper()
	if os.Getenv(inside) == "" {
		t.Skip("this kernel or user may not make namespaces")
	}
	// Go starts the process in a new mount namespace that may still share
	// its mounts with the old one.
	if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
		t.Fatal("make mounts private: ", err)
	}
	dir := t.TempDir()
	t.Cleanup(func() {
		names, err := netns.List(dir, "")
		if err != nil {
			t.Error(err)
		}
		for _, name := range names {
			if err := netns.Delete(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
		if mounts, err := os.ReadFile("/proc/self/mountinfo"); err != nil || strings.Contains(string(mounts), dir) {
			t.Errorf("the test has left mounts: %v", err)
		}
	})
	return dir
}

// New makes one namespace.
func New(t testing.TB) string {
	t.Helper()
	path := filepath.Join(Dir(t), "ns")
	if err := netns.Create(path, nil); err != nil {
		t.Fatal(err)
	}
	return path
}
