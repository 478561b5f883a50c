package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/postern/postern/dns"
)

const (
	// namesVar makes this test program a resolver of one VPC on a loopback
	// address, which it prints, until its input ends.
	namesVar = "POSTERN_BENCH_NAMES"
	// privateNames is how many private names each server knows, of two
	// addresses each.
	privateNames   = 1000
	corednsVersion = "v1.14.7"
)

// corednsMain is CoreDNS with the plugins that are measured and no others: what
// answers a query is the same, and the build takes a minute instead of ten.
const corednsMain = `package main

import (
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/file"
	_ "github.com/coredns/coredns/plugin/hosts"
)

func main() { coremain.Run() }
`

// BenchmarkNames prints how many queries for private names a resolver answers
// on one core: in a second, and in a second of its processor's time, so that a
// load generator at its limit hides nothing; and the share of the program
// itself, since the kernel's part of a packet costs every server the same.
// dnsperf is the load, CoreDNS what it is compared with.
func BenchmarkNames(b *testing.B) {
	load := loadGenerator(b)
	coredns := buildCoreDNS(b)
	queries := filepath.Join(b.TempDir(), "queries")
	must(b, os.WriteFile(queries, queryList(), 0o600))
	servers := []struct {
		name  string
		start func(testing.TB) *nameServer
	}{
		{"postern", startNames},
		{"CoreDNS, file", func(b testing.TB) *nameServer { return startCoreDNS(b, coredns, zoneFile(b)) }},
		{"CoreDNS, hosts", func(b testing.TB) *nameServer { return startCoreDNS(b, coredns, hostsFile(b)) }},
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nprivate names, A, on one core\tqueries/s\tpostern : this\tqueries per CPU second\tpostern : this\tµs in the program\tµs in the kernel")
	for b.Loop() {
		got := map[string]*nameCosts{}
		for range rounds {
			for _, s := range servers {
				server := s.start(b)
				user, kernel := server.cpu(b)
				answered, rate := load(b, server.address, queries)
				userThen, kernelThen := server.cpu(b)
				server.stop()
				if got[s.name] == nil {
					got[s.name] = new(nameCosts)
				}
				got[s.name].add(answered, rate, userThen-user, kernelThen-kernel)
			}
		}
		for _, s := range servers {
			c, own := got[s.name], got["postern"]
			fmt.Fprintf(table, "%s\t%.0f\t%.1f\t%.0f\t%.1f\t%.1f\t%.1f\n", s.name, median(c.rate), median(own.rate)/median(c.rate),
				c.perSecond(), own.perSecond()/c.perSecond(), median(c.user), median(c.kernel))
		}
		table.Flush()
	}
}

// nameCosts are the rounds of one server: queries a second, and the
// microseconds of its processor that each took.
type nameCosts struct{ rate, user, kernel []float64 }

func (c *nameCosts) add(answered, rate float64, user, kernel time.Duration) {
	c.rate = append(c.rate, rate)
	c.user = append(c.user, float64(user.Microseconds())/answered)
	c.kernel = append(c.kernel, float64(kernel.Microseconds())/answered)
}

// perSecond is how many queries fit into a second of the processor.
func (c *nameCosts) perSecond() float64 { return 1e6 / (median(c.user) + median(c.kernel)) }

func privateName(i int) string { return fmt.Sprintf("service-%d.us-east-1.example.org", i) }

func privateAddresses(i int) []netip.Addr {
	return []netip.Addr{
		netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}),
		netip.AddrFrom4([4]byte{10, 1, byte(i >> 8), byte(i)}),
	}
}

func queryList() []byte {
	var list bytes.Buffer
	for i := range privateNames {
		fmt.Fprintf(&list, "%s A\n", privateName(i*7919%privateNames))
	}
	return list.Bytes()
}

// serveNames is what this program does when namesVar is set.
func serveNames() error {
	view := dns.View{Support: true, Hostnames: true}
	for i := range privateNames {
		view.Zones = append(view.Zones, dns.RRSet{Name: privateName(i), A: privateAddresses(i)})
	}
	server := dns.NewServer(dns.Config{Log: slog.New(slog.DiscardHandler)})
	server.Set(network, view)
	udp, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	tcp, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(udp.LocalAddr())
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		io.Copy(io.Discard, os.Stdin)
		cancel()
	}()
	return errors.Join(server.Serve(ctx, network, udp, tcp), server.Close())
}

// nameServer is a server process on the first core.
type nameServer struct {
	address netip.AddrPort
	cmd     *exec.Cmd
	stop    func()
}

// onFirstCore is a command that runs on the first core alone, and knows it.
func onFirstCore(argv ...string) *exec.Cmd {
	cmd := exec.Command("taskset", append([]string{"-c", "0"}, argv...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", namesVar+"=1")
	cmd.Stderr = os.Stderr
	return cmd
}

func startNames(b testing.TB) *nameServer {
	cmd := onFirstCore(os.Args[0])
	stdin, err := cmd.StdinPipe()
	must(b, err)
	stdout, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	line, err := bufio.NewReader(stdout).ReadString('\n')
	must(b, err)
	return &nameServer{netip.MustParseAddrPort(strings.TrimSpace(line)), cmd, func() {
		stdin.Close()
		must(b, cmd.Wait())
	}}
}

// startCoreDNS runs CoreDNS with one plugin, on a port that was free.
func startCoreDNS(b testing.TB, program, plugin string) *nameServer {
	free, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(b, err)
	address := netip.MustParseAddrPort(free.LocalAddr().String())
	free.Close()
	corefile := filepath.Join(b.TempDir(), "Corefile")
	text := fmt.Sprintf("us-east-1.example.org:%d {\n\tbind 127.0.0.1\n\t%s\n}\n", address.Port(), plugin)
	must(b, os.WriteFile(corefile, []byte(text), 0o600))
	cmd := onFirstCore(program, "-quiet", "-conf", corefile)
	must(b, cmd.Start())
	server := &nameServer{address, cmd, func() {
		cmd.Process.Kill()
		cmd.Wait()
	}}
	resolver := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return net.Dial("udp4", address.String())
	}}
	for deadline := time.Now().Add(10 * time.Second); ; {
		ctx, cancel := context.WithTimeout(b.Context(), 100*time.Millisecond)
		_, err := resolver.LookupNetIP(ctx, "ip4", privateName(0)+".")
		<-ctx.Done()
		cancel()
		if err == nil {
			return server
		}
		if time.Now().After(deadline) {
			server.stop()
			b.Fatalf("CoreDNS does not answer: %v", err)
		}
	}
}

func zoneFile(b testing.TB) string {
	var zone bytes.Buffer
	fmt.Fprintln(&zone, "us-east-1.example.org. 60 IN SOA ns.example.org. nobody.invalid. 1 3600 1200 604800 60")
	for i := range privateNames {
		for _, a := range privateAddresses(i) {
			fmt.Fprintf(&zone, "%s. 60 IN A %v\n", privateName(i), a)
		}
	}
	path := filepath.Join(b.TempDir(), "zone")
	must(b, os.WriteFile(path, zone.Bytes(), 0o600))
	return "file " + path
}

func hostsFile(b testing.TB) string {
	var hosts bytes.Buffer
	for i := range privateNames {
		for _, a := range privateAddresses(i) {
			fmt.Fprintln(&hosts, a, privateName(i))
		}
	}
	path := filepath.Join(b.TempDir(), "hosts")
	must(b, os.WriteFile(path, hosts.Bytes(), 0o600))
	return "hosts " + path + " {\n\t\tttl 60\n\t\tno_reverse\n\t}"
}

// cpu is the processor time that the server has used: its own and the
// kernel's.
func (s *nameServer) cpu(b testing.TB) (user, kernel time.Duration) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
	must(b, err)
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')'):]))
	ticks := func(field string) time.Duration { // of 1/100 s, see proc(5)
		n, err := strconv.Atoi(field)
		must(b, err)
		return time.Duration(n) * 10 * time.Millisecond
	}
	return ticks(fields[12]), ticks(fields[13])
}

var (
	completed = regexp.MustCompile(`Queries completed: +(\d+)`)
	perSecond = regexp.MustCompile(`Queries per second: +([\d.]+)`)
)

// loadGenerator returns what asks a server for one turn on the other core, and
// says how many queries were answered and how many a second. The hundred that
// are under way fit into a socket's buffer: none is lost and waited for.
func loadGenerator(b *testing.B) func(b *testing.B, server netip.AddrPort, queries string) (answered, rate float64) {
	path, err := exec.LookPath("dnsperf")
	if err != nil && os.Getuid() == 0 {
		exec.Command("apt-get", "install", "-y", "-qq", "dnsperf").Run()
		path, err = exec.LookPath("dnsperf")
	}
	if err != nil {
		b.Skipf("the load generator is Debian's dnsperf: %v", err)
	}
	return func(b *testing.B, server netip.AddrPort, queries string) (answered, rate float64) {
		out, err := exec.Command("taskset", "-c", "1", path, "-s", server.Addr().String(), "-p", fmt.Sprint(server.Port()),
			"-d", queries, "-c", "4", "-T", "1", "-q", "100", "-l", fmt.Sprint(2*turn.Seconds())).CombinedOutput()
		if err != nil {
			b.Fatalf("dnsperf: %v\n%s", err, out)
		}
		return number(b, completed, out), number(b, perSecond, out)
	}
}

func number(b *testing.B, pattern *regexp.Regexp, out []byte) float64 {
	match := pattern.FindSubmatch(out)
	if match == nil {
		b.Fatalf("no %v in\n%s", pattern, out)
	}
	v, err := strconv.ParseFloat(string(match[1]), 64)
	must(b, err)
	return v
}

// buildCoreDNS builds CoreDNS into the user's cache folder, once.
func buildCoreDNS(b *testing.B) string {
	cache, err := os.UserCacheDir()
	must(b, err)
	dir := filepath.Join(cache, "postern-bench", "coredns-"+corednsVersion)
	program := filepath.Join(dir, "coredns")
	if _, err := os.Stat(program); err == nil {
		return program
	}
	fmt.Println("building CoreDNS", corednsVersion, "into", dir, "(once)")
	must(b, os.MkdirAll(dir, 0o755))
	must(b, os.WriteFile(filepath.Join(dir, "main.go"), []byte(corednsMain), 0o644))
	must(b, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module coredns\n\ngo 1.26.0\n"), 0o644))
	for _, argv := range [][]string{
		{"get", "github.com/coredns/coredns@" + corednsVersion},
		{"build", "-mod=mod", "-o", program, "."},
	} {
		cmd := exec.Command("go", argv...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			b.Skipf("CoreDNS cannot be built here: go %s: %v\n%s", argv[0], err, out)
		}
	}
	return program
}
