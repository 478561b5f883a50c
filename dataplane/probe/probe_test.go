package probe

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern/postern/dataplane/netns/netnstest"
	"golang.org/x/sys/unix"
)

func TestMain(m *testing.M) { netnstest.Main(m) }

// On a kernel where the other tests run, everything works, and each check
// says what it is about.
func TestRun(t *testing.T) {
	netnstest.Dir(t)
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	before, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil {
		t.Fatal(err)
	}
	checks := Run(ctx)
	if len(checks) < 12 {
		t.Errorf("only %d checks", len(checks))
	}
	seen := map[string]bool{}
	for _, c := range checks {
		if !c.OK || c.Fix != "" || c.Saw == "" || seen[c.Name] {
			t.Errorf("%+v", c)
		}
		seen[c.Name] = true
	}
	after, err := os.ReadFile("/proc/thread-self/mountinfo")
	if err != nil || string(before) != string(after) {
		t.Errorf("mounts have changed: %v\n%s", err, after)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "postern-probe-*")); len(left) > 0 {
		t.Errorf("left %v", left)
	}
}

// What fails says what was seen and what to do.
func TestFailureHasItsFix(t *testing.T) {
	for name, c := range map[string]Check{
		"an error":     result("x", os.ErrPermission, "do this"),
		"no privilege": result("x", spawn(unix.CLONE_NEWNS|unix.CLONE_FS, false), "do this"), // they exclude each other
	} {
		if c.OK || c.Fix != "do this" || c.Saw == "" {
			t.Errorf("%s: %+v", name, c)
		}
	}
	netnstest.Dir(t)
	for _, trial := range trials() {
		err := trial.try(context.Background(), filepath.Join(t.TempDir(), "nowhere"))
		if err == nil || !strings.Contains(err.Error(), "no such file") {
			t.Errorf("%s in a namespace that does not exist: %v", trial.name, err)
		}
	}
}

// Without rights Run says so; it does not pretend to have tried.
func TestWithoutRights(t *testing.T) {
	if os.Getuid() == nobody {
		for _, c := range Run(context.Background())[1:] {
			if c.OK || c.Fix == "" || c.Saw == "" {
				t.Errorf("%+v", c)
			}
		}
		return
	}
	netnstest.Dir(t)
	cmd := exec.Command("/proc/self/exe", "-test.run=^TestWithoutRights$")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	if errors.Is(err, unix.EPERM) || errors.Is(err, unix.EINVAL) {
		t.Skip("cannot become another user: ", err) // in a user namespace of one user
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

const nobody = 65534

func TestInUserNamespace(t *testing.T) {
	netnstest.InUserNamespace(t, "^TestRun$")
}
