package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
	ekstypes "github.com/aws/aws-sdk-go-v2/service/eks/types"
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(namesVar) != "":
		err = serveNames()
	case os.Getenv(callerVar) != "":
		err = runCaller(os.Getenv(callerVar))
	case os.Getenv(probeVar) != "":
		err = runProbe()
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// BenchmarkCall prints the calls a second of two operations, through the
// endpoint's ENI, on the public listener and of what they are compared with.
// The client signs once and sends the same request again and again: what it
// costs is the same for all, and small.
func BenchmarkCall(b *testing.B) {
	s := startServer(b)
	bare, moto := startBare(b), startMoto(b)
	inside := []string{s.program, "exec", "--data-dir", s.dir, "--subnet", s.subnet, "--"}
	ways := []struct {
		name   string
		env    map[string]string
		before []string
	}{
		{"bare handler", bare, nil},
		{"public listener", s.env, nil},
		{"endpoint", nil, inside},
	}
	if moto != nil {
		ways = append(ways, struct {
			name   string
			env    map[string]string
			before []string
		}{"moto, plain HTTP", moto, nil})
	}
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprint(table, "\ncalls/s, keep-alive")
	for _, w := range ways {
		fmt.Fprintf(table, "\t%s", w.name)
	}
	fmt.Fprintln(table, "\tendpoint : bare\tendpoint : moto")
	for b.Loop() {
		for _, path := range []string{"/clusters", "/clusters/c1"} {
			for _, clients := range []int{1, 16, 64} {
				got := map[string][]float64{}
				for range rounds {
					for _, w := range ways {
						got[w.name] = append(got[w.name], callsPerSecond(b, caller{Clients: clients, Path: path}.command(w.env, w.before...)))
					}
				}
				fmt.Fprintf(table, "%s, %d clients", map[string]string{"/clusters": "ListClusters", "/clusters/c1": "DescribeCluster"}[path], clients)
				for _, w := range ways {
					fmt.Fprintf(table, "\t%.0f", median(got[w.name]))
				}
				fmt.Fprintf(table, "\t%.2f", median(got["endpoint"])/median(got["bare handler"]))
				if moto != nil {
					fmt.Fprintf(table, "\t%.0f", median(got["endpoint"])/median(got["moto, plain HTTP"]))
				}
				fmt.Fprintln(table)
			}
		}
		table.Flush()
	}
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

// startMoto starts moto_server on a free port with a cluster in it; nil where it
// is not installed.
func startMoto(b *testing.B) map[string]string {
	program, err := exec.LookPath("moto_server")
	if err != nil {
		fmt.Println("moto_server is not installed (pip install 'moto[server]'): left out")
		return nil
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(b, err)
	address := l.Addr().String()
	l.Close()
	host, port, err := net.SplitHostPort(address)
	must(b, err)
	cmd := exec.Command(program, "-H", host, "-p", port)
	must(b, cmd.Start())
	b.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	env := map[string]string{"AWS_ENDPOINT_URL": "http://" + address, "AWS_REGION": "us-east-1",
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret"}
	for deadline := time.Now().Add(time.Minute); ; {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			break
		} else if time.Now().After(deadline) {
			b.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
	}
	makeCluster(b, []string{"subnet-0a", "subnet-0b"}, config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]), config.WithRegion("us-east-1"),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "secret", "")))
	return env
}

func makeCluster(b *testing.B, subnets []string, options ...func(*config.LoadOptions) error) {
	cfg, err := config.LoadDefaultConfig(context.Background(), options...)
	must(b, err)
	_, err = eks.NewFromConfig(cfg).CreateCluster(context.Background(), &eks.CreateClusterInput{
		Name:               aws.String("c1"),
		RoleArn:            aws.String("arn:aws:iam::111122223333:role/cluster"),
		ResourcesVpcConfig: &ekstypes.VpcConfigRequest{SubnetIds: subnets},
	})
	must(b, err)
}

// startBare answers every request as ListClusters of no clusters, with the
// least that Go needs.
func startBare(b *testing.B) map[string]string {
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"clusters":["c1"]}`)
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
	l := launch(b, b.TempDir())
	s := runningServer{program: l.program, dir: l.dir, env: environment(b, l.program, l.dir)}
	for k, v := range s.env {
		b.Setenv(k, v)
	}
	subnets := makeEndpoint(b)
	s.subnet = subnets[0]
	makeCluster(b, subnets)
	return s
}

// environment is what postern env prints.
func environment(b *testing.B, program, dir string) map[string]string {
	b.Helper()
	out, err := exec.Command(program, "env", "--data-dir", dir, "--json").Output()
	must(b, err)
	env := map[string]string{}
	must(b, json.Unmarshal(out, &env))
	return env
}

// makeEndpoint makes a VPC with two subnets and an endpoint for EKS in both.
func makeEndpoint(b *testing.B) (subnets []string) {
	ctx := context.Background()
	cfg, err := config.LoadDefaultConfig(ctx)
	must(b, err)
	client := ec2.NewFromConfig(cfg)
	v, err := client.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	must(b, err)
	_, err = client.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: v.Vpc.VpcId, EnableDnsHostnames: &types.AttributeBooleanValue{Value: aws.Bool(true)}})
	must(b, err)
	for zone, cidr := range map[string]string{"us-east-1a": "10.0.1.0/24", "us-east-1b": "10.0.2.0/24"} {
		n, err := client.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: v.Vpc.VpcId, CidrBlock: &cidr, AvailabilityZone: &zone})
		must(b, err)
		subnets = append(subnets, *n.Subnet.SubnetId)
	}
	_, err = client.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface,
		VpcId: v.Vpc.VpcId, ServiceName: aws.String("com.amazonaws.us-east-1.eks"), SubnetIds: subnets})
	must(b, err)
	return subnets
}
