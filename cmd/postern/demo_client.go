package main

import (
	"os/exec"
	"strings"
)

// eksClient is the unmodified client that the demo runs in the subnet: the
// AWS CLI where it is installed, the SDK for Go otherwise.
type eksClient struct {
	cli  string // path of the AWS CLI, or empty
	self string
}

func newEKSClient(self string) eksClient {
	cli, err := exec.LookPath("aws")
	if err != nil {
		cli = ""
	}
	return eksClient{cli: cli, self: self}
}

func (c eksClient) String() string {
	if c.cli != "" {
		return "aws eks list-clusters"
	}
	return "eks.ListClusters (SDK for Go)"
}

func (c eksClient) listClusters() []string {
	if c.cli != "" {
		return []string{c.cli, "--cli-connect-timeout", "1", "eks", "list-clusters"}
	}
	return []string{c.self, "client", "list-clusters"}
}

func (c eksClient) describeCluster(name string) []string {
	if c.cli != "" {
		return []string{c.cli, "--cli-connect-timeout", "1", "eks", "describe-cluster", "--name", name}
	}
	return []string{c.self, "client", "describe-cluster", name}
}

// timedOut reports whether the client's error is a connect timeout.
func (c eksClient) timedOut(stderr string) bool {
	return strings.Contains(stderr, "Connect timeout") || strings.Contains(stderr, "i/o timeout")
}
