package bench

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// probeVar makes this test program call ListClusters once at each host that it
// reads, and print what came of it.
const probeVar = "POSTERN_BENCH_PROBE"

const endpointsMade = 200

// BenchmarkFirstCall prints the time from the call of CreateVpcEndpoint to the
// first answer of EKS through the new endpoint, for which the client in the
// subnet has to find the name and to make a connection.
func BenchmarkFirstCall(b *testing.B) {
	s := startServer(b)
	client := (&launched{program: s.program, dir: s.dir}).ec2(b)
	ctx := context.Background()
	in, err := client.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{s.subnet}})
	must(b, err)
	cmd := exec.Command(s.program, "exec", "--data-dir", s.dir, "--subnet", s.subnet, "--", os.Args[0])
	cmd.Env = append(os.Environ(), probeVar+"=1")
	cmd.Stderr = os.Stderr
	ask, err := cmd.StdinPipe()
	must(b, err)
	stdout, err := cmd.StdoutPipe()
	must(b, err)
	must(b, cmd.Start())
	b.Cleanup(func() {
		ask.Close()
		cmd.Wait()
	})
	answers := bufio.NewReader(stdout)
	for b.Loop() {
		var took []time.Duration
		for range endpointsMade {
			began := time.Now()
			out, err := client.CreateVpcEndpoint(ctx, &ec2.CreateVpcEndpointInput{VpcEndpointType: types.VpcEndpointTypeInterface,
				VpcId: in.Subnets[0].VpcId, ServiceName: aws.String("com.amazonaws.us-east-1.eks"), SubnetIds: []string{s.subnet},
				PrivateDnsEnabled: aws.Bool(false)})
			must(b, err)
			_, err = fmt.Fprintln(ask, *out.VpcEndpoint.DnsEntries[0].DnsName)
			must(b, err)
			answer, err := answers.ReadString('\n')
			took = append(took, time.Since(began))
			must(b, err)
			if answer != "200\n" {
				b.Fatalf("through %s: %s", *out.VpcEndpoint.VpcEndpointId, answer)
			}
			_, err = client.DeleteVpcEndpoints(ctx, &ec2.DeleteVpcEndpointsInput{VpcEndpointIds: []string{*out.VpcEndpoint.VpcEndpointId}})
			must(b, err)
		}
		slices.Sort(took)
		fmt.Printf("\nCreateVpcEndpoint to the first answer through it, %d endpoints: p50 %v, p99 %v\n", len(took),
			took[len(took)/2].Round(100*time.Microsecond), took[len(took)*99/100].Round(100*time.Microsecond))
	}
}

func runProbe() error {
	hosts := bufio.NewScanner(os.Stdin)
	for hosts.Scan() {
		if err := probe(hosts.Text()); err != nil {
			fmt.Println(err)
		}
	}
	return hosts.Err()
}

func probe(host string) error {
	u := url.URL{Scheme: "https", Host: host}
	c, err := connect(&u)
	if err != nil {
		return err
	}
	defer c.Close()
	os.Setenv("AWS_ENDPOINT_URL", u.String())
	r, err := signedRequest("/clusters")
	if err != nil {
		return err
	}
	if err := r.Write(c); err != nil {
		return err
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), r)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if _, err := io.Copy(io.Discard, answer.Body); err != nil {
		return err
	}
	fmt.Println(answer.StatusCode)
	return nil
}
