package wire_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/sts"
)

// form is a POST of a form.
func form(body string) *http.Request {
	r := httptest.NewRequest("POST", "/", strings.NewReader(body))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	return r
}

// read decodes a request as the request chain does.
func read(s *wire.Service, r *http.Request, body string) (*wire.Operation, any, error) {
	op, err := s.Match(r, []byte(body))
	if err != nil {
		return nil, nil, err
	}
	in, err := s.Decode(op, r, []byte(body))
	return op, in, err
}

func TestEC2Form(t *testing.T) {
	rows := []struct {
		body string
		want any
	}{
		// lists are flat, and the gaps between their numbers do not count
		{"Action=DescribeVpcs&Version=2016-11-15&VpcId.1=vpc-0a&VpcId.2=vpc-0b", &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0a", "vpc-0b"}}},
		{"Action=DescribeVpcs&VpcId.10=vpc-0b&VpcId.9=vpc-0a", &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0a", "vpc-0b"}}},
		{"Action=DescribeVpcs&VpcId.2147483647=vpc-0a", &ec2.DescribeVpcsInput{VpcIds: []string{"vpc-0a"}}},
		{"Action=DescribeVpcs&VpcId=", &ec2.DescribeVpcsInput{VpcIds: []string{}}},
		{"Action=DescribeVpcs&Filter.1.Name=tag%3AName&Filter.1.Value.1=a+b&Filter.1.Value.2=%2B", &ec2.DescribeVpcsInput{Filters: []ec2.Filter{{Name: wire.Ptr("tag:Name"), Values: []string{"a b", "+"}}}}},
		// names come from locationName with a capital, else from the member
		{"Action=ModifyVpcAttribute&VpcId=vpc-0a&EnableDnsHostnames.Value=true", &ec2.ModifyVpcAttributeInput{VpcId: wire.Ptr("vpc-0a"), EnableDnsHostnames: &ec2.AttributeBooleanValue{Value: wire.Ptr(true)}}},
		{"Action=CreateVpc&CidrBlock=10.0.0.0/16&AmazonProvidedIpv6CidrBlock=false&TagSpecification.1.ResourceType=vpc&TagSpecification.1.Tag.1.Key=k&TagSpecification.1.Tag.1.Value=",
			&ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: wire.Ptr(false), TagSpecifications: []ec2.TagSpecification{
				{ResourceType: wire.Ptr("vpc"), Tags: []ec2.Tag{{Key: wire.Ptr("k"), Value: wire.Ptr("")}}}}}},
		{"Action=RevokeSecurityGroupEgress&GroupId=sg-0a&IpPermissions.1.IpProtocol=-1&IpPermissions.1.FromPort=0&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0%2F0&IpPermissions.1.Groups.1.GroupId=sg-0b",
			&ec2.RevokeSecurityGroupEgressInput{GroupId: wire.Ptr("sg-0a"), IpPermissions: []ec2.IpPermission{{
				IpProtocol: wire.Ptr("-1"), FromPort: wire.Ptr[int32](0),
				IpRanges: []ec2.IpRange{{CidrIp: wire.Ptr("0.0.0.0/0")}}, UserIdGroupPairs: []ec2.UserIdGroupPair{{GroupId: wire.Ptr("sg-0b")}}}}}},
		// a page larger than the largest is not an error
		{"Action=DescribeVpcs&MaxResults=5000", &ec2.DescribeVpcsInput{MaxResults: wire.Ptr[int32](5000)}},
	}
	for _, row := range rows {
		_, got, err := read(ec2.Model, form(row.body), row.body)
		if err != nil {
			t.Errorf("%s: %v", row.body, err)
			continue
		}
		if diff := cmp.Diff(row.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", row.body, diff)
		}
	}
}

func TestEC2FormRefused(t *testing.T) {
	deep := "Action=DescribeVpcs&" + strings.Repeat("a.", 20) + "a=1"
	rows := []struct{ body, want string }{
		{"", "MissingAction: The request must contain the parameter Action"},
		{"Action=Fly", "InvalidAction: The action Fly is not valid for this web service."},
		{"Action=DescribeVpcs&Vpc.1=vpc-0a", "UnknownParameter: The parameter Vpc.1 is not recognized"},
		{"Action=DescribeVpcs&vpcId.1=vpc-0a", "UnknownParameter: The parameter vpcId.1 is not recognized"},
		{"Action=DescribeVpcs&Filter.1.Nom=x", "UnknownParameter: The parameter Filter.1.Nom is not recognized"},
		{"Action=DescribeVpcs&Filter.1.Name.1=x", "UnknownParameter: The parameter Filter.1.Name.1 is not recognized"},
		{"Action=DescribeVpcs&VpcId=vpc-0a", "UnknownParameter: The parameter VpcId is not recognized"},
		{"Action=DescribeVpcs&VpcId.one=vpc-0a", "UnknownParameter: The parameter VpcId.one is not recognized"},
		{"Action=DescribeVpcs&VpcId.01=vpc-0a", "UnknownParameter: The parameter VpcId.01 is not recognized"},
		{"Action=DescribeVpcs&VpcId.-1=vpc-0a", "UnknownParameter: The parameter VpcId.-1 is not recognized"},
		{"Action=DescribeVpcs&VpcId.99999999999=vpc-0a", "UnknownParameter: The parameter VpcId.99999999999 is not recognized"},
		{deep, "UnknownParameter: The parameter a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a.a is not recognized"},
		{"Action=DescribeVpcs&Filter.1=x", "InvalidParameterValue: Value (x) for parameter filter.1 is invalid."},
		{"Action=DescribeVpcs&MaxResults=many", "InvalidParameterValue: Value (many) for parameter maxResults is invalid."},
		{"Action=DescribeVpcs&MaxResults=99999999999999999999", "InvalidParameterValue: Value (99999999999999999999) for parameter maxResults is invalid."},
		{"Action=DescribeVpcs&DryRun=perhaps", "InvalidParameterValue: Value (perhaps) for parameter dryRun is invalid."},
		{"Action=DescribeVpcs&NextToken=a&NextToken=b", "InvalidParameterCombination: The parameter NextToken may only be specified once."},
		{"Action=DescribeVpcs&NextToken=%zz", "MalformedQueryString: The query string contains a syntax error."},
		{"Action=DescribeVpcs&%=1", "MalformedQueryString: The query string contains a syntax error."},
		{"Action=DescribeVpcs&NextToken=%ff", "MalformedQueryString: The query string is not valid UTF-8."},
		{"Action=DescribeVpcs" + strings.Repeat("&x=1", 10_000), "InvalidParameterCombination: The parameter x may only be specified once."},
		{"Action=DescribeVpcs" + strings.Repeat("&", 10_000), ""},
		{"Action=CreateVpcEndpoint", "MissingParameter: The request must contain the parameter VpcId"},
		{"Action=CreateVpcEndpoint&VpcEndpointType=x", "MissingParameter: The request must contain the parameter VpcId"},
	}
	for _, row := range rows {
		_, _, err := read(ec2.Model, form(row.body), row.body)
		if got := message(err); got != row.want {
			t.Errorf("%.80s:\ngot  %s\nwant %s", row.body, got, row.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// A presigned GetCallerIdentity has everything in the URL, as the tokens of
// EKS have.
func TestQueryInURL(t *testing.T) {
	r := httptest.NewRequest("GET", "/?Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Expires=60&X-Amz-Signature=00", nil)
	op, in, err := read(sts.Model, r, "")
	if err != nil || op != sts.OpGetCallerIdentity {
		t.Fatal(op, err)
	}
	if _, ok := in.(*sts.GetCallerIdentityInput); !ok {
		t.Errorf("decoded a %T", in)
	}
}

func TestQueryRefused(t *testing.T) {
	rows := []struct{ body, want string }{
		{"Action=Fly&Version=2011-06-15", "InvalidAction: Could not find operation Fly for version 2011-06-15"},
		{"Action=GetCallerIdentity&Version=2010-01-01", "InvalidAction: Could not find operation GetCallerIdentity for version 2010-01-01"},
		{"Version=2011-06-15", "MissingAction: The request must contain the parameter Action"},
		{"Action=GetCallerIdentity&More=1", ""}, // passed over
		{"Action=GetCallerIdentity&More=%", "MalformedQueryString: The query string contains a syntax error."},
	}
	for _, row := range rows {
		_, _, err := read(sts.Model, form(row.body), row.body)
		if got := message(err); got != row.want {
			t.Errorf("%s: got %q, want %q", row.body, got, row.want)
		}
	}
}

func FuzzEC2Form(f *testing.F) {
	f.Add("Action=CreateVpcEndpoint&VpcId=vpc-0a&SubnetId.1=subnet-0a&TagSpecification.1.Tag.1.Key=k&PrivateDnsEnabled=true")
	f.Add("Action=AuthorizeSecurityGroupIngress&IpPermissions.1.Groups.1.GroupId=sg-0a&IpPermissions.1.FromPort=1")
	f.Add("Action=DescribeVpcs&Filter.999999999.Name=x&Filter.1.Value=&MaxResults=-1&X-Amz-Date=1")
	f.Add("Action=ModifyVpcAttribute&EnableDnsSupport.Value=%74rue&&=&.=.&a..b=")
	f.Fuzz(func(t *testing.T, body string) {
		_, in, err := read(ec2.Model, form(body), body)
		clientError(t, in, err)
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("Action=GetCallerIdentity&Version=2011-06-15", "X-Amz-Signature=00")
	f.Add("Action=AssumeRole&Tags.member.1.Key=a", "Version=")
	f.Fuzz(func(t *testing.T, body, query string) {
		r := form(body)
		r.URL = &url.URL{Path: "/", RawQuery: query}
		_, in, err := read(sts.Model, r, body)
		clientError(t, in, err)
	})
}

// clientError checks the promise of Match and Decode: an input, or an *Error
// that is the client's fault.
func clientError(t *testing.T, in any, err error) {
	t.Helper()
	if err == nil {
		if in == nil {
			t.Error("neither an input nor an error")
		}
		return
	}
	e, ok := err.(*wire.Error)
	if !ok || e.Code == "" || e.Status >= 500 || len(e.Message) > 8192 {
		t.Errorf("not an error of the client: %#v", err)
	}
}
