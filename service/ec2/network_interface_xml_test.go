package ec2

import (
	"net/http/httptest"
	"net/netip"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// TestDescribeNetworkInterfacesXML compares the bytes on the wire with a file:
// a dual-stack endpoint's interface, a load balancer's, and a workload's in an
// IPv6-only subnet.
func TestDescribeNetworkInterfacesXML(t *testing.T) {
	s, ctx := endpointFixture(t)
	const golden = "testdata/describe_network_interfaces.xml"
	eni := func(n string, kind vpc.InterfaceType, v4, v6 string) vpc.ENI {
		e := vpc.ENI{
			Owner: me, ID: "eni-0" + n + "00000000000000f", VPC: vpcID, Subnet: subnetA, Type: kind, MAC: "02:00:00:00:00:0" + n,
			Groups: []string{groupEp}, Attachment: "ela-attach-0" + n + "00000000000000f", RequesterManaged: true, Created: then,
		}
		e.Address, _ = netip.ParseAddr(v4)
		e.IPv6, _ = netip.ParseAddr(v6)
		return e
	}
	door := eni("a", vpc.InterfaceEndpoint, "10.0.1.10", "2001:db8::10")
	door.Description, door.Requester, door.Endpoint = "VPC Endpoint Interface vpce-0a1b2c3d4e5f60718", privateLinkAccount, "vpce-0a1b2c3d4e5f60718"
	node := eni("b", vpc.InterfaceLoadBalancer, "10.0.1.11", "")
	node.Description, node.Requester = "ELB net/web/0a1b2c3d4e5f6071", "amazon-elb"
	work := eni("c", vpc.InterfaceWorkload, "", "2001:db8::12")
	work.Description, work.RequesterManaged, work.Attachment, work.Session = "postern exec", false, "eni-attach-0c00000000000000f", "s-1"
	_, err := s.store.Update(ctx, func(tx *store.Tx) error {
		for _, e := range []vpc.ENI{door, node, work} {
			s.store.ENIs.Put(tx, e)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := ec2.Model.Encode(w, ec2.OpDescribeNetworkInterfaces, "5a6b7c8d-0000-4000-8000-000000000000", out); err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), w.Body.String()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}
