package bench

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func daemonPid(dir string) string {
	all, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, f := range all {
		t, _ := os.ReadFile(f)
		if bytes.Contains(t, []byte("\x00daemon\x00")) && bytes.Contains(t, []byte(dir)) {
			return strings.Split(f, "/")[2]
		}
	}
	panic("no daemon")
}

// cpuOf: user, sys in us
func cpuOf(pid string) [2]float64 {
	t, _ := os.ReadFile("/proc/" + pid + "/stat")
	f := strings.Fields(string(t[bytes.LastIndexByte(t, ')')+1:]))
	u, _ := strconv.ParseFloat(f[11], 64)
	s, _ := strconv.ParseFloat(f[12], 64)
	return [2]float64{u * 1e4, s * 1e4}
}

func BenchmarkZ(b *testing.B) {
	s := startServer(b)
	bare := startBare(b)
	inside := []string{s.program, "exec", "--data-dir", s.dir, "--subnet", s.subnet, "--"}
	n, _ := strconv.Atoi(os.Getenv("ZROUNDS"))
	if n == 0 {
		n = 3
	}
	d, self := daemonPid(s.dir), strconv.Itoa(os.Getpid())
	counts := []int{1, 16, 64}
	if os.Getenv("ZCLIENTS") != "" {
		c, _ := strconv.Atoi(os.Getenv("ZCLIENTS"))
		counts = []int{c}
	}
	for b.Loop() {
		for _, path := range []string{"/clusters", "/clusters/c1"} {
			for _, clients := range counts {
				got := map[string][]float64{}
				cpu := map[string][2]float64{}
				one := func(name, pid string, cmd *exec.Cmd) {
					was := cpuOf(pid)
					v := callsPerSecond(b, cmd)
					is := cpuOf(pid)
					got[name] = append(got[name], v)
					cpu[name] = [2]float64{(is[0] - was[0]) / v, (is[1] - was[1]) / v}
				}
				for range n {
					one("bare", self, caller{Clients: clients, Path: path}.command(bare))
					if os.Getenv("ZPUBLIC") != "" {
						one("public", d, caller{Clients: clients, Path: path}.command(s.env))
					}
					one("endpoint", d, caller{Clients: clients, Path: path}.command(nil, inside...))
				}
				fmt.Printf("%-12s %2d ", path, clients)
				for _, name := range []string{"bare", "public", "endpoint"} {
					if len(got[name]) > 0 {
						m := median(got[name])
						fmt.Printf("| %s %6.0f/s %.2f user %3.0f sys %3.0f us ", name, m, m/median(got["bare"]), cpu[name][0], cpu[name][1])
					}
				}
				fmt.Println()
			}
		}
	}
}

func BenchmarkP(b *testing.B) {
	s := startServer(b)
	inside := []string{s.program, "exec", "--data-dir", s.dir, "--subnet", s.subnet, "--"}
	path := os.Getenv("ZPATH")
	for b.Loop() {
		done := make(chan bool)
		go func() {
			time.Sleep(300 * time.Millisecond)
			out, err := exec.Command("perf", "record", "-a", "-g", "-F", "2999", "-o", "/tmp/calls.perf", "--", "sleep", "0.5").CombinedOutput()
			fmt.Println(string(out), err)
			close(done)
		}()
		fmt.Println(callsPerSecond(b, caller{Clients: 16, Path: path}.command(nil, inside...)))
		<-done
	}
}

func BenchmarkPBare(b *testing.B) {
	bare := startBare(b)
	for b.Loop() {
		done := make(chan bool)
		go func() {
			time.Sleep(300 * time.Millisecond)
			out, err := exec.Command("perf", "record", "-a", "-g", "-F", "2999", "-o", "/tmp/calls.perf", "--", "sleep", "0.5").CombinedOutput()
			fmt.Println(string(out), err)
			close(done)
		}()
		fmt.Println(callsPerSecond(b, caller{Clients: 16, Path: "/clusters"}.command(bare)))
		<-done
	}
}
