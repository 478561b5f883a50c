package bench

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// clientsVar makes this test program a client: that many clients call
// ListClusters for one turn, and the calls a second are printed.
const clientsVar = "POSTERN_BENCH_CLIENTS"

func TestMain(m *testing.M) {
	clients := os.Getenv(clientsVar)
	var err error
	switch {
	case os.Getenv(namesVar) != "":
		err = serveNames()
	case clients != "":
		var n int
		if n, err = strconv.Atoi(clients); err == nil {
			err = callAway(n)
		}
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func callAway(clients int) error {
	var calls atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, clients)
	began := time.Now()
	for range clients {
		cfg, err := config.LoadDefaultConfig(context.Background(), config.WithHTTPClient(awshttp.NewBuildableClient()))
		if err != nil {
			return err
		}
		client := eks.NewFromConfig(cfg)
		wait.Go(func() {
			for time.Since(began) < 2*turn {
				if _, err := client.ListClusters(context.Background(), &eks.ListClustersInput{}); err != nil {
					errs <- err
					return
				}
				calls.Add(1)
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	close(errs)
	if err := <-errs; err != nil {
		return err
	}
	fmt.Println(float64(calls.Load()) / took.Seconds())
	return nil
}

// BenchmarkCall prints the calls of ListClusters a second, and their ratio to
// a bare Go HTTPS handler with the same client.
func BenchmarkCall(b *testing.B) {
	s := startServer(b)
	bare := startBare(b)
	ways := []struct {
		name string
		run  func(clients int) *exec.Cmd
	}{
		{"bare handler", func(n int) *exec.Cmd { return clientCommand(n, bare) }},
		{"public listener", func(n int) *exec.Cmd { return clientCommand(n, s.env) }},
		{"endpoint", func(n int) *exec.Cmd {
			return clientCommand(n, nil, s.program, "exec", "--data-dir", s.dir, "--subnet", s.subnet, "--")
		}},
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "\nListClusters, keep-alive\tbare handler\tpublic listener\tendpoint\tendpoint : bare")
	for b.Loop() {
		for _, clients := range []int{1, 16} {
			got := map[string][]float64{}
			for range rounds {
				for _, w := range ways {
					got[w.name] = append(got[w.name], callsPerSecond(b, w.run(clients)))
				}
			}
			fmt.Fprintf(table, "%d clients, calls/s", clients)
			for _, w := range ways {
				fmt.Fprintf(table, "\t%.0f", median(got[w.name]))
			}
			fmt.Fprintf(table, "\t%.2f\n", median(got["endpoint"])/median(got["bare handler"]))
		}
		table.Flush()
	}
}

// clientCommand runs this program as a client, behind other commands.
func clientCommand(clients int, env map[string]string, before ...string) *exec.Cmd {
	argv := append(before, os.Args[0])
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), clientsVar+"="+strconv.Itoa(clients))
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

func callsPerSecond(b *testing.B, cmd *exec.Cmd) float64 {
	b.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		b.Fatalf("client: %v\n%s", err, &stderr)
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(stdout.String()), 64)
	must(b, err)
	return v
}

// startBare answers every request as ListClusters of no clusters, with the
// least that Go needs.
func startBare(b *testing.B) map[string]string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"clusters":[]}`)
	}))
	server.EnableHTTP2 = true
	server.StartTLS()
	b.Cleanup(server.Close)
	bundle := filepath.Join(b.TempDir(), "ca.pem")
	block := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	must(b, os.WriteFile(bundle, block, 0o600))
	return map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_CA_BUNDLE": bundle,
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
	}
}

// runningServer is postern serve with an EKS endpoint in one subnet.
type runningServer struct {
	program, dir, subnet string
	env                  map[string]string
}

func startServer(b *testing.B) runningServer {
	program, err := filepath.Abs("../../bin/postern")
	must(b, err)
	if _, err := os.Stat(program); err != nil {
		b.Skipf("make bench builds the program first: %v", err)
	}
	s := runningServer{program: program, dir: b.TempDir(), env: map[string]string{}}
	cmd := exec.Command(program, "serve", "--data-dir", s.dir, "--listen", "127.0.0.1:0", "--dns-upstream", "none", "--log-level", "error")
	stdout, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		cmd.Wait()
	})
	_, err = bufio.NewReader(stdout).ReadString('\n')
	must(b, err)
	out, err := exec.Command(program, "env", "--data-dir", s.dir, "--json").Output()
	must(b, err)
	must(b, json.Unmarshal(out, &s.env))
	for k, v := range s.env {
		b.Setenv(k, v)
	}
	s.subnet = makeEndpoint(b)
	return s
}

func makeEndpoint(b *testing.B) (subnet string) {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	must(b, err)
	client := ec2.NewFromConfig(cfg)
	v, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	must(b, err)
	_, err = client.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: v.Vpc.VpcId, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	must(b, err)
	n, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.Vpc.VpcId, CidrBlock: aws.String("10.0.1.0/24")})
	must(b, err)
	_, err = client.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface,
		VpcId: v.Vpc.VpcId, ServiceName: aws.String("com.amazonaws.us-east-1.eks"), SubnetIds: []string{*n.Subnet.SubnetId}})
	must(b, err)
	return *n.Subnet.SubnetId
}
