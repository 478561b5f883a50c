package feed

import (
	"testing"

	"github.com/postern/postern/dataplane/nft"
	"github.com/postern/postern/vpc"
)

// change makes an event: an ENI comes or goes.
func change(t *testing.T, path string) {
	t.Helper()
	c := nft.Open(path)
	have, err := c.List()
	if err != nil {
		t.Fatal(err)
	}
	var want nft.Config
	if len(have.Owners()) == 0 {
		want.ENIs = []vpc.ENI{{ID: "eni-0123456789abcdef0", Type: vpc.InterfaceEndpoint, Address: vpc.LinkLocalResolver}}
	}
	if err := c.Apply(nft.Build(want)); err != nil {
		t.Fatal(err)
	}
}
