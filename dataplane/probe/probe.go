package probe

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Check is one thing that the data plane needs.
type Check struct {
	Name string
	OK   bool
	Saw  string // what happened when it was tried
	Fix  string // what to change; empty when OK
}

// trial is a check to be made. The namespace at path is thrown away later.
type trial struct {
	name string
	try  func(ctx context.Context, path string) error
	fix  string
}

// Run tries everything, in the order in which things build on each other.
//
// It needs the rights that the data plane has: root's, or those of a user
// namespace. Without them the last checks only say that they were not tried.
// It ends a thread, so call it from a process whose children have no
// parent-death signal, or before there are any.
func Run(ctx context.Context) []Check {
	checks := []Check{
		result("user namespaces", spawn(unix.CLONE_NEWUSER|unix.CLONE_NEWNS|unix.CLONE_NEWNET|unix.CLONE_NEWPID, true), fixUser),
		result("network, mount and process namespaces", spawn(unix.CLONE_NEWNS|unix.CLONE_NEWNET|unix.CLONE_NEWPID, false), fixRoot),
	}
	if os.Getuid() == 0 && checks[1].OK {
		// Root needs no user namespace.
		checks[0].OK, checks[0].Fix = true, ""
	}
	err := throwaway(func(path string) {
		for _, t := range trials() {
			checks = append(checks, result(t.name, t.try(ctx, path), t.fix))
		}
	})
	if err != nil {
		for _, t := range trials() {
			checks = append(checks, Check{Name: t.name, Saw: "not tried: " + err.Error(), Fix: fixRoot})
		}
	}
	return checks
}

const (
	fixUser = "permit user namespaces: sysctl user.max_user_namespaces above 0, kernel.unprivileged_userns_clone=1 (Debian), " +
		"kernel.apparmor_restrict_unprivileged_userns=0 (Ubuntu); in a container, relax its seccomp profile; or run as root"
	fixRoot = "run as root or inside a user namespace; in a container, add the capabilities SYS_ADMIN and NET_ADMIN"
)

func result(name string, err error, fix string) Check {
	if err != nil {
		return Check{Name: name, Saw: err.Error(), Fix: fix}
	}
	return Check{Name: name, OK: true, Saw: "works"}
}

// spawn tries to start a process in new namespaces. The program does not
// exist: that its absence is what goes wrong proves that the namespaces and
// the mappings of ids, which come before, were made.
func spawn(flags uintptr, mapped bool) error {
	cmd := exec.Command("/proc/self/no-such-program")
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: flags}
	if mapped {
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{HostID: os.Getuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{HostID: os.Getgid(), Size: 1}}
	}
	err := cmd.Start()
	if err == nil {
		cmd.Process.Kill()
		return cmd.Wait()
	}
	if errors.Is(err, unix.ENOENT) {
		return nil
	}
	return fmt.Errorf("start a process: %w", errors.Unwrap(err))
}

// throwaway calls fn with the path of a network namespace that nobody else
// uses. The namespace is that of a thread, which ends with the call.
func throwaway(fn func(path string)) error {
	done := make(chan error)
	go func() {
		runtime.LockOSThread() // for good: the thread must not come back
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("create network namespace: %w", err)
			return
		}
		path := fmt.Sprintf("/proc/self/task/%d/ns/net", unix.Gettid())
		fn(path)
		done <- nil
	}()
	return <-done
}
