package main

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// clientCommand holds the small clients that the demo runs in a subnet where
// the host has no tool for the job. They take every setting from the
// environment, as any program would.
type clientCommand struct {
	ListClusters    clientListClusters    `cmd:"" help:"Call eks:ListClusters with the SDK for Go."`
	DescribeCluster clientDescribeCluster `cmd:"" help:"Call eks:DescribeCluster with the SDK for Go."`
	Lookup          clientLookup          `cmd:"" help:"Resolve a name with the system's resolver."`
	Certificate     clientCertificate     `cmd:"" help:"Show the name in the certificate of an HTTPS host."`
}

// clientTimeout bounds a connection, so that a drop shows quickly.
const clientTimeout = time.Second

type clientListClusters struct{}

func (c *clientListClusters) Run() error {
	client, err := newSDKClient()
	if err != nil {
		return err
	}
	out, err := client.ListClusters(context.Background(), &eks.ListClustersInput{})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out.Clusters)
}

type clientDescribeCluster struct {
	Name string `arg:"" help:"The cluster's name."`
}

func (c *clientDescribeCluster) Run() error {
	client, err := newSDKClient()
	if err != nil {
		return err
	}
	out, err := client.DescribeCluster(context.Background(), &eks.DescribeClusterInput{Name: &c.Name})
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(out.Cluster)
}

func newSDKClient() (*eks.Client, error) {
	cfg, err := config.LoadDefaultConfig(context.Background(), config.WithRetryMaxAttempts(1),
		config.WithHTTPClient(awshttp.NewBuildableClient().WithDialerOptions(func(d *net.Dialer) { d.Timeout = clientTimeout })))
	if err != nil {
		return nil, err
	}
	return eks.NewFromConfig(cfg), nil
}

type clientLookup struct {
	Name string `arg:"" help:"The name."`
}

func (c *clientLookup) Run() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*clientTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, c.Name)
	if err != nil {
		return err
	}
	for _, a := range addresses {
		fmt.Println(a)
	}
	return nil
}

type clientCertificate struct {
	Host string `arg:"" help:"The host, on port 443."`
}

func (c *clientCertificate) Run() error {
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: clientTimeout}} // verified against the system's roots
	conn, err := d.Dial("tcp", net.JoinHostPort(c.Host, "443"))
	if err != nil {
		return err
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	if err := leaf.VerifyHostname(c.Host); err != nil {
		return err
	}
	fmt.Println(leaf.DNSNames[0])
	return nil
}

// clientConfig is the SDK's configuration for the settings that `postern env`
// prints.
func clientConfig(ctx context.Context, env map[string]string) (aws.Config, error) {
	bundle, err := os.Open(env["AWS_CA_BUNDLE"])
	if err != nil {
		return aws.Config{}, fmt.Errorf("open the CA bundle: %w", err)
	}
	defer bundle.Close()
	return config.LoadDefaultConfig(ctx,
		config.WithRegion(env["AWS_REGION"]),
		config.WithBaseEndpoint(env["AWS_ENDPOINT_URL"]),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], "")),
		config.WithCustomCABundle(bundle),
	)
}

// retryable reports whether err only says that something is not there yet.
func retryable(err error) bool {
	missing := (*types.ResourceNotFoundException)(nil)
	return errors.As(err, &missing)
}
