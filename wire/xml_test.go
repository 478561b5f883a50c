package wire_test

import (
	"encoding/xml"
	"flag"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/sts"
)

const xmlHead = `<?xml version="1.0" encoding="UTF-8"?>` + "\n"

var update = flag.Bool("update", false, "write the golden files")

var endpoint = ec2.VpcEndpoint{
	VpcEndpointId: wire.Ptr("vpce-0a1b2c3d4e5f60718"), VpcEndpointType: wire.Ptr(ec2.VpcEndpointTypeInterface),
	VpcId: wire.Ptr("vpc-0a1b2c3d4e5f60718"), ServiceName: wire.Ptr("com.amazonaws.us-east-1.eks"), State: wire.Ptr(ec2.StateAvailable),
	PolicyDocument: wire.Ptr("{\n  \"Statement\": [\n    {\"Action\": \"*\", \"Effect\": \"Allow\", \"Principal\": \"*\", \"Resource\": \"*\"}\n  ]\n}"),
	SubnetIds:      []string{"subnet-0a1b2c3d4e5f60718", "subnet-0b1b2c3d4e5f60718"},
	Groups:         []ec2.SecurityGroupIdentifier{{GroupId: wire.Ptr("sg-0a1b2c3d4e5f60718"), GroupName: wire.Ptr("ep")}},
	IpAddressType:  wire.Ptr(ec2.IpAddressTypeDualstack), DnsOptions: &ec2.DnsOptions{DnsRecordIpType: wire.Ptr(ec2.DnsRecordIpTypeDualstack)},
	PrivateDnsEnabled: wire.Ptr(true), RequesterManaged: wire.Ptr(false),
	NetworkInterfaceIds: []string{"eni-0a1b2c3d4e5f60718", "eni-0b1b2c3d4e5f60718"},
	DnsEntries: []ec2.DnsEntry{
		{DnsName: wire.Ptr("vpce-0a1b2c3d4e5f60718-q1w2e3r4.eks.us-east-1.vpce.amazonaws.com"), HostedZoneId: wire.Ptr("Z7HUB22UULQXV")},
		{DnsName: wire.Ptr("eks.us-east-1.amazonaws.com"), HostedZoneId: wire.Ptr("Z0A")},
	},
	CreationTimestamp: wire.Ptr(time.Date(2026, 1, 2, 3, 4, 5, 678_900_000, time.UTC)),
	OwnerId:           wire.Ptr("111122223333"), ServiceRegion: wire.Ptr("us-east-1"),
}

// TestGoldenEndpoints is the answer of DescribeVpcEndpoints, byte by byte but
// for line breaks between elements.
func TestGoldenEndpoints(t *testing.T) {
	const file = "testdata/describe-vpc-endpoints.xml"
	out := &ec2.DescribeVpcEndpointsOutput{VpcEndpoints: []ec2.VpcEndpoint{endpoint}}
	got := strings.ReplaceAll(encoded(t, ec2.Model, ec2.OpDescribeVpcEndpoints, out), "><", ">\n<")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	// The tags are those of encoding/xml, which reads the same back.
	var back ec2.DescribeVpcEndpointsOutput
	if err := xml.Unmarshal([]byte(got), &back); err != nil {
		t.Fatal(err)
	}
	for i := range back.VpcEndpoints {
		back.VpcEndpoints[i].CreationTimestamp = endpoint.CreationTimestamp // to the millisecond on the wire
	}
	if diff := cmp.Diff(out, &back); diff != "" {
		t.Errorf("encoding/xml reads something else (-sent +read):\n%s", diff)
	}
}

func encoded(t *testing.T, s *wire.Service, op *wire.Operation, out any) string {
	t.Helper()
	w := httptest.NewRecorder()
	if err := s.Encode(w, op, requestID, out); err != nil {
		t.Fatal(err)
	}
	return w.Body.String()
}

func TestXML(t *testing.T) {
	const id = "<requestId>" + requestID + "</requestId>"
	root := func(op, body string) string {
		return xmlHead + "<" + op + `Response xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">` + id + body + "</" + op + "Response>"
	}
	rows := []struct {
		op   *wire.Operation
		out  any
		want string
	}{
		// nothing to say but yes
		{ec2.OpDeleteVpc, &ec2.DeleteVpcOutput{}, root("DeleteVpc", "<return>true</return>")},
		{ec2.OpModifyVpcEndpoint, &ec2.ModifyVpcEndpointOutput{Return: wire.Ptr(true)}, root("ModifyVpcEndpoint", "<return>true</return>")},
		// top level lists are always there; others where AWS sends them empty
		{ec2.OpDescribeVpcs, &ec2.DescribeVpcsOutput{}, root("DescribeVpcs", "<vpcSet/>")},
		{ec2.OpDescribeVpcs, &ec2.DescribeVpcsOutput{Vpcs: []ec2.Vpc{{VpcId: wire.Ptr("vpc-0a")}}}, root("DescribeVpcs", "<vpcSet><item><vpcId>vpc-0a</vpcId></item></vpcSet>")},
		{ec2.OpDescribeVpcs, &ec2.DescribeVpcsOutput{Vpcs: []ec2.Vpc{{Tags: []ec2.Tag{}}}}, root("DescribeVpcs", "<vpcSet><item><tagSet/></item></vpcSet>")},
		{ec2.OpDescribeSecurityGroups, &ec2.DescribeSecurityGroupsOutput{SecurityGroups: []ec2.SecurityGroup{{IpPermissionsEgress: []ec2.IpPermission{{IpProtocol: wire.Ptr("-1")}}}}},
			root("DescribeSecurityGroups", "<securityGroupInfo><item><ipPermissions/><ipPermissionsEgress><item><ipProtocol>-1</ipProtocol><ipRanges/><ipv6Ranges/><prefixListIds/><groups/></item></ipPermissionsEgress></item></securityGroupInfo>")},
		// structures of one value
		{ec2.OpDescribeVpcAttribute, &ec2.DescribeVpcAttributeOutput{EnableDnsSupport: &ec2.AttributeBooleanValue{Value: wire.Ptr(false)}, VpcId: wire.Ptr("vpc-0a")},
			root("DescribeVpcAttribute", "<enableDnsSupport><value>false</value></enableDnsSupport><vpcId>vpc-0a</vpcId>")},
		// characters that XML cannot have
		{ec2.OpDescribeVpcs, &ec2.DescribeVpcsOutput{NextToken: wire.Ptr("<&\x00é")}, root("DescribeVpcs", "<nextToken>&lt;&amp;\ufffdé</nextToken><vpcSet/>")},
	}
	for _, row := range rows {
		if got := encoded(t, ec2.Model, row.op, row.out); got != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.op.Name, got, row.want)
		}
	}

	got := encoded(t, sts.Model, sts.OpGetCallerIdentity, &sts.GetCallerIdentityOutput{Account: wire.Ptr("111122223333")})
	want := xmlHead + `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult><Account>111122223333</Account></GetCallerIdentityResult>` +
		`<ResponseMetadata><RequestId>` + requestID + `</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestXMLErrors(t *testing.T) {
	w := httptest.NewRecorder()
	ec2.Model.EncodeError(w, requestID, &wire.Error{Code: "InvalidVpcID.NotFound", Message: "The vpc ID 'vpc-0a' does not exist"})
	want := xmlHead + `<Response><Errors><Error><Code>InvalidVpcID.NotFound</Code><Message>The vpc ID &#39;vpc-0a&#39; does not exist</Message></Error></Errors><RequestID>` + requestID + `</RequestID></Response>`
	if got := w.Body.String(); got != want || w.Code != 400 {
		t.Errorf("%d %s", w.Code, got)
	}
	w = httptest.NewRecorder()
	sts.Model.EncodeError(w, requestID, &wire.Error{Code: "InternalFailure", Message: "ours", Status: 500})
	want = xmlHead + `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Receiver</Type><Code>InternalFailure</Code><Message>ours</Message></Error><RequestId>` + requestID + `</RequestId></ErrorResponse>`
	if got := w.Body.String(); got != want || w.Code != 500 {
		t.Errorf("%d %s", w.Code, got)
	}
}
