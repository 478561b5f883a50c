package ec2

import (
	"net/http/httptest"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// TestDescribeVpcEndpointsXML compares the bytes on the wire with a file.
func TestDescribeVpcEndpointsXML(t *testing.T) {
	eks := vpc.Endpoint{
		Owner: me, ID: "vpce-0a1b2c3d4e5f60718", VPC: vpcID, Service: eksService,
		Subnets: []string{subnetA, subnetB}, ENIs: []string{"eni-0a000000000000001", "eni-0b000000000000001"},
		Groups: []string{groupEp}, PrivateDNS: true, IPAddressType: "ipv4", DNSRecordType: "ipv4", Suffix: "q1w2e3r4",
		PrivateZones: map[string]string{"eks.us-east-1.amazonaws.com": "Z0000000000000000000A", "eks.us-east-1.api.aws": "Z0000000000000000000B"},
		Created:      then, Tags: vpc.Tags{"Name": "eks"},
	}
	dualstack := eks
	dualstack.Subnets, dualstack.IPAddressType, dualstack.DNSRecordType, dualstack.Tags = []string{dualA, dualB}, "dualstack", "service-defined", nil
	customer := vpc.Endpoint{
		Owner: me, ID: "vpce-0a1b2c3d4e5f60719", VPC: vpcID, Service: customerService, Provider: provider, Connection: "vpce-con-0a1b2c3d4e5f60718",
		Admission: vpc.AdmissionFailed, LastError: &vpc.EndpointError{Code: "InternalError", Message: "The endpoint could not be built"},
		Groups: []string{groupDef}, IPAddressType: "ipv4", DNSRecordType: "ipv4", Suffix: "q1w2e3r4", Created: then,
	}
	for golden, e := range map[string]vpc.Endpoint{
		"testdata/describe_vpc_endpoints.xml":           eks,
		"testdata/describe_vpc_endpoints_dualstack.xml": dualstack,
		"testdata/describe_vpc_endpoints_failed.xml":    customer,
	} {
		if d := cmp.Diff(goldenText(t, golden), describedXML(t, e)); d != "" {
			t.Errorf("%s (-want +got):\n%s", golden, d)
		}
	}
}

func goldenText(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// describedXML is the answer of DescribeVpcEndpoints where e is the only
// endpoint, and the network holds it.
func describedXML(t *testing.T, e vpc.Endpoint) string {
	t.Helper()
	s, ctx := customerFixture(t)
	revision, err := s.store.Update(ctx, func(tx *store.Tx) error { s.store.Endpoints.Put(tx, e); return nil })
	if err != nil {
		t.Fatal(err)
	}
	s.store.SetApplied(vpcID, revision, nil)
	out, err := s.DescribeVpcEndpoints(ctx, &ec2.DescribeVpcEndpointsInput{})
	if err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	if err := ec2.Model.Encode(w, ec2.OpDescribeVpcEndpoints, "5a6b7c8d-0000-4000-8000-000000000000", out); err != nil {
		t.Fatal(err)
	}
	return w.Body.String()
}
