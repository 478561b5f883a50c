package bench

import (
	"bufio"
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"golang.org/x/sync/errgroup"
)

// vpcsVar is how many VPCs BenchmarkScale makes, with ten endpoints each; 1,000
// without it.
const vpcsVar = "POSTERN_BENCH_VPCS"

const endpointsEach = 10

// BenchmarkScale prints what idle VPCs and endpoints cost in memory, the
// kernel's included, and how long a restart with all of them takes.
func BenchmarkScale(b *testing.B) {
	vpcs := 1000
	if n, err := strconv.Atoi(os.Getenv(vpcsVar)); err == nil {
		vpcs = n
	}
	for b.Loop() {
		s := launch(b, b.TempDir())
		client := s.ec2(b)
		subnets := make([][]string, vpcs)
		before := memory(b, s)
		began := time.Now()
		each(b, vpcs, func(i int) error {
			var err error
			subnets[i], err = makeVPC(client, i)
			return err
		})
		first := memory(b, s)
		each(b, vpcs*(endpointsEach-1), func(i int) error { return addEndpoint(client, subnets[i%vpcs]) })
		made := time.Since(began)
		all := memory(b, s)
		s.crash()
		began = time.Now()
		adopter := launch(b, s.dir)
		adopted := time.Since(began)
		adopter.halt()
		began = time.Now()
		again := launch(b, s.dir)
		restart := time.Since(began)
		rebuilt := memory(b, again)
		again.halt()

		endpoint := float64(all-first) / float64(vpcs*(endpointsEach-1))
		fmt.Printf("\n%d VPCs with %d endpoints each (two ENIs)\n", vpcs, endpointsEach)
		fmt.Printf("  an idle VPC            %8.3f MB\n", (float64(first-before)/float64(vpcs)-endpoint)/1e6)
		fmt.Printf("  an idle endpoint       %8.1f KB\n", endpoint/1e3)
		fmt.Printf("  all of it              %8.0f MB; after a restart %.0f MB\n", float64(all-before)/1e6, float64(rebuilt-before)/1e6)
		fmt.Printf("  made in                %8.1f s\n", made.Seconds())
		fmt.Printf("  restart after a crash  %8.1f s, over the world that is there\n", adopted.Seconds())
		fmt.Printf("  restart after a stop   %8.1f s, with a new world\n", restart.Seconds())
	}
}

// each calls f for 0..n-1, a few at a time.
func each(b *testing.B, n int, f func(i int) error) {
	b.Helper()
	var g errgroup.Group
	g.SetLimit(8)
	for i := range n {
		g.Go(func() error { return f(i) })
	}
	must(b, g.Wait())
}

// makeVPC makes a VPC with two subnets and an endpoint in both.
func makeVPC(client *ec2.Client, i int) (subnets []string, err error) {
	ctx := context.Background()
	v, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		return nil, err
	}
	for n, zone := range []string{"us-east-1a", "us-east-1b"} {
		cidr := netip.PrefixFrom(netip.AddrFrom4([4]byte{10, 0, byte(n + 1), 0}), 24).String()
		sn, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.Vpc.VpcId, CidrBlock: &cidr, AvailabilityZone: &zone})
		if err != nil {
			return nil, err
		}
		subnets = append(subnets, *sn.Subnet.SubnetId)
	}
	return append(subnets, *v.Vpc.VpcId), addEndpoint(client, append(subnets, *v.Vpc.VpcId))
}

// addEndpoint adds an endpoint to what makeVPC has made.
func addEndpoint(client *ec2.Client, made []string) error {
	_, err := client.CreateVpcEndpoint(context.Background(), &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface,
		VpcId: &made[2], ServiceName: aws.String("com.amazonaws.us-east-1.eks"), SubnetIds: made[:2], PrivateDnsEnabled: aws.Bool(false)})
	return err
}

// launched is a running postern serve.
type launched struct {
	cmd     *exec.Cmd
	program string
	dir     string
}

// launch starts postern serve and returns when it serves.
func launch(b *testing.B, dir string) *launched {
	b.Helper()
	program, err := filepath.Abs("../../bin/postern")
	must(b, err)
	if _, err := os.Stat(program); err != nil {
		b.Skipf("make bench builds the program first: %v", err)
	}
	l := &launched{program: program, dir: dir}
	l.cmd = exec.Command(program, "serve", "--data-dir", dir, "--listen", "127.0.0.1:0", "--dns-upstream", "none", "--log-level", "error")
	l.cmd.Stderr = os.Stderr
	stdout, err := l.cmd.StdoutPipe()
	must(b, err)
	must(b, l.cmd.Start())
	b.Cleanup(l.halt)
	_, err = bufio.NewReader(stdout).ReadString('\n')
	must(b, err)
	return l
}

// crash ends the host side as a fault would. The world goes on.
func (l *launched) crash() {
	l.cmd.Process.Kill()
	l.cmd.Wait()
}

// halt stops the server and everything in its world.
func (l *launched) halt() {
	if l.cmd.ProcessState != nil {
		return
	}
	l.cmd.Process.Signal(syscall.SIGTERM)
	l.cmd.Wait()
	exec.Command(l.program, "stop", "--data-dir", l.dir).Run() // says so where nothing is left
}

// ec2 is a client of the server.
func (l *launched) ec2(b *testing.B) *ec2.Client {
	b.Helper()
	for k, v := range environment(b, l.program, l.dir) {
		b.Setenv(k, v)
	}
	cfg, err := config.LoadDefaultConfig(context.Background())
	must(b, err)
	return ec2.NewFromConfig(cfg)
}

// memory is what the server's processes and the kernel hold, in bytes.
func memory(b *testing.B, l *launched) int64 {
	b.Helper()
	runtime.GC()
	var sum int64
	for _, pid := range family(b, l.cmd.Process.Pid) {
		sum += field(b, "/proc/"+pid+"/status", "VmRSS")
	}
	for _, name := range []string{"Slab", "KernelStack", "PageTables", "Percpu"} {
		sum += field(b, "/proc/meminfo", name)
	}
	return sum
}

// family are a process and all its descendants.
func family(b *testing.B, pid int) []string {
	b.Helper()
	out, err := exec.Command("ps", "-e", "-o", "pid=,ppid=").Output()
	must(b, err)
	all := []string{strconv.Itoa(pid)}
	for i := 0; i < len(all); i++ {
		for line := range strings.Lines(string(out)) {
			if f := strings.Fields(line); len(f) == 2 && f[1] == all[i] {
				all = append(all, f[0])
			}
		}
	}
	return all
}

// field reads a line such as "Slab: 123 kB", in bytes.
func field(b *testing.B, file, name string) int64 {
	b.Helper()
	text, err := os.ReadFile(file)
	must(b, err)
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, name+":"); ok {
			n, err := strconv.ParseInt(strings.Fields(rest)[0], 10, 64)
			must(b, err)
			return n << 10
		}
	}
	b.Fatalf("no %s in %s", name, file)
	return 0
}
