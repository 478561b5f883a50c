package script

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// demoSteps are the steps of postern demo --json, which programs rely on.
var demoSteps = []string{"network", "no-endpoint", "endpoint", "private-name", "call", "security-group-drops",
	"security-group-allows", "endpoint-policy-denies", "flow-log", "done"}

// nobody is the ordinary user that tests of root become.
const nobody = 65534

func TestDemo(t *testing.T) {
	checkDemo(t, demo(t, buildPostern(t), os.Getuid()))
}

func TestDemoAsOrdinaryUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("TestDemo runs as an ordinary user already")
	}
	checkDemo(t, demo(t, buildPostern(t), nobody))
}

func TestTwoDemosAtOnce(t *testing.T) {
	bin := buildPostern(t)
	var wait sync.WaitGroup
	for range 2 {
		wait.Go(func() { checkDemo(t, demo(t, bin, os.Getuid())) })
	}
	wait.Wait()
}

// TestDemoLeavesTheHostAsItWas compares what the host has before and after:
// links, routes, rules, mounts, named namespaces, and processes of the
// program. (A namespace lives by a process or a mount.)
func TestDemoLeavesTheHostAsItWas(t *testing.T) {
	bin := buildPostern(t)
	before := host(t, bin)
	checkDemo(t, demo(t, bin, os.Getuid()))
	compareHosts(t, before, host(t, bin))
}

// TestKilledDemoLeavesNothing kills the demo in the middle: its world goes
// with it, whatever the signal.
func TestKilledDemoLeavesNothing(t *testing.T) {
	bin := buildPostern(t)
	before := host(t, bin)
	cmd := demoCommand(t, bin, os.Getuid())
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := stdout.Read(make([]byte, 1)); err != nil { // the first step is over
		t.Fatal(err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	for deadline := time.Now().Add(10 * time.Second); len(processes(t, bin)) > 0; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("still running: %v", processes(t, bin))
		}
	}
	compareHosts(t, before, host(t, bin))
}

func demoCommand(t *testing.T, bin string, uid int) *exec.Cmd {
	dir := t.TempDir()
	cmd := exec.Command(filepath.Join(bin, "postern"), "demo", "--json")
	cmd.Env = append(os.Environ(), "HOME="+dir, "TMPDIR="+dir, "XDG_STATE_HOME="+dir)
	cmd.Dir = "/"
	if uid != os.Getuid() {
		for d := dir; d != os.TempDir(); d = filepath.Dir(d) {
			if err := os.Chmod(d, 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.Chown(dir, uid, uid); err != nil {
			t.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(uid)}}
	}
	return cmd
}

func demo(t *testing.T, bin string, uid int) string {
	t.Helper()
	cmd := demoCommand(t, bin, uid)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Errorf("demo: %v\n%s%s", err, &stdout, &stderr)
	}
	return stdout.String()
}

func checkDemo(t *testing.T, out string) {
	t.Helper()
	var steps []string
	for line := range strings.Lines(out) {
		var step struct {
			Step string `json:"step"`
			OK   bool   `json:"ok"`
			Saw  string `json:"saw"`
			MS   *int   `json:"ms"`
		}
		if err := json.Unmarshal([]byte(line), &step); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if !step.OK || step.MS == nil {
			t.Errorf("step %s: %s", step.Step, line)
		}
		steps = append(steps, step.Step)
	}
	if !slices.Equal(steps, demoSteps) {
		t.Errorf("steps %v, want %v", steps, demoSteps)
	}
}

// host describes what a demo could have changed on this machine.
func host(t *testing.T, bin string) map[string][]string {
	t.Helper()
	h := map[string][]string{"processes": processes(t, bin)}
	for name, path := range map[string]string{
		"mounts": "/proc/self/mountinfo", "links": "/proc/net/dev", "routes": "/proc/net/route", "addresses": "/proc/net/if_inet6",
	} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(b)) {
			if name == "links" { // without the counters
				line, _, _ = strings.Cut(line, ":")
			}
			h[name] = append(h[name], strings.TrimSpace(line))
		}
	}
	for _, tool := range [][]string{{"nft", "list", "ruleset"}, {"ip", "netns"}} {
		if out, err := exec.Command(tool[0], tool[1:]...).Output(); err == nil {
			h[tool[0]] = strings.Split(string(out), "\n")
		}
	}
	return h
}

func compareHosts(t *testing.T, before, after map[string][]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(after)) {
		for _, line := range after[name] {
			if !slices.Contains(before[name], line) {
				t.Errorf("%s: new: %s", name, line)
			}
		}
		for _, line := range before[name] {
			if !slices.Contains(after[name], line) {
				t.Errorf("%s: gone: %s", name, line)
			}
		}
	}
}

// processes lists what runs the program of bin.
func processes(t *testing.T, bin string) []string {
	t.Helper()
	exes, err := filepath.Glob("/proc/[0-9]*/exe")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, exe := range exes {
		if target, err := os.Readlink(exe); err == nil && strings.HasPrefix(target, bin) {
			found = append(found, fmt.Sprint(filepath.Base(filepath.Dir(exe)), " ", target))
		}
	}
	return found
}
