package wire_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdklogs "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	sdkec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	sdkeks "github.com/aws/aws-sdk-go-v2/service/eks"
	sdkiam "github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/eks"
	"github.com/postern/postern/wire/iam"
	"github.com/postern/postern/wire/logs"
)

// endpointsOf are endpoints by their ids, as an operation returns them all.
func endpointsOf(ids ...string) *ec2.DescribeVpcEndpointsOutput {
	out := new(ec2.DescribeVpcEndpointsOutput)
	for _, id := range ids {
		out.VpcEndpoints = append(out.VpcEndpoints, ec2.VpcEndpoint{VpcEndpointId: wire.Ptr(id)})
	}
	return out
}

func ids(out *ec2.DescribeVpcEndpointsOutput) []string {
	var ids []string
	for _, e := range out.VpcEndpoints {
		ids = append(ids, *e.VpcEndpointId)
	}
	return ids
}

// page asks for two endpoints.
func page(t *testing.T, out *ec2.DescribeVpcEndpointsOutput, token *string) (got []string, next *string) {
	t.Helper()
	in := &ec2.DescribeVpcEndpointsInput{MaxResults: wire.Ptr[int32](2), NextToken: token}
	if err := wire.Page(ec2.OpDescribeVpcEndpoints, in, out); err != nil {
		t.Fatal(err)
	}
	return ids(out), out.NextToken
}

// TestPageWhileItemsChange: what comes and goes between two pages neither
// repeats nor hides other items.
func TestPageWhileItemsChange(t *testing.T) {
	rows := []struct {
		name  string
		then  []string // what is there when the second page is asked for
		want  []string
		final bool
	}{
		{"nothing changed", []string{"a", "c", "e", "g", "i"}, []string{"e", "g"}, false},
		{"one before was added", []string{"a", "b", "c", "e", "g"}, []string{"e", "g"}, true},
		{"one before was deleted", []string{"c", "e", "g", "i"}, []string{"e", "g"}, false},
		{"the last served was deleted", []string{"a", "e", "g", "i"}, []string{"e", "g"}, false},
		{"all served were deleted", []string{"e", "g", "i"}, []string{"e", "g"}, false},
		{"the next was deleted", []string{"a", "c", "g", "i"}, []string{"g", "i"}, true},
		{"one was added where the page begins", []string{"a", "c", "d", "e", "g"}, []string{"d", "e"}, false},
		{"the rest was deleted", []string{"a", "c"}, nil, true},
		{"everything was deleted", nil, nil, true},
	}
	for _, row := range rows {
		first, token := page(t, endpointsOf("a", "c", "e", "g", "i"), nil)
		if !slices.Equal(first, []string{"a", "c"}) || token == nil {
			t.Fatalf("first page %v, token %v", first, token)
		}
		second, token := page(t, endpointsOf(row.then...), token)
		if !slices.Equal(second, row.want) || (token == nil) != row.final {
			t.Errorf("%s: second page %v, more %v, want %v", row.name, second, token != nil, row.want)
		}
	}
}

func TestPageSize(t *testing.T) {
	var names []string
	for i := range 1200 {
		names = append(names, fmt.Sprintf("c%04d", i))
	}
	rows := []struct {
		limit *int32
		want  int
	}{{nil, 100}, {wire.Ptr[int32](1), 1}, {wire.Ptr[int32](100), 100}, {wire.Ptr[int32](1000), 100}}
	for _, row := range rows {
		out := &eks.ListClustersOutput{Clusters: names}
		if err := wire.Page(eks.OpListClusters, &eks.ListClustersInput{MaxResults: row.limit}, out); err != nil || len(out.Clusters) != row.want {
			t.Errorf("limit %d: %d clusters, %v", wire.Value(row.limit), len(out.Clusters), err)
		}
	}
	for _, row := range []struct {
		limit *int32
		want  int
	}{{nil, 1200}, {wire.Ptr[int32](5000), 1000}, {wire.Ptr[int32](1000), 1000}} {
		out := endpointsOf(names...)
		if err := wire.Page(ec2.OpDescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{MaxResults: row.limit}, out); err != nil || len(out.VpcEndpoints) != row.want {
			t.Errorf("limit %d: %d endpoints, %v", wire.Value(row.limit), len(out.VpcEndpoints), err)
		}
	}
}

// The names of endpoint services run in parallel to their details.
func TestPageParallel(t *testing.T) {
	out := &ec2.DescribeVpcEndpointServicesOutput{
		ServiceDetails: []ec2.ServiceDetail{{ServiceName: wire.Ptr("a")}, {ServiceName: wire.Ptr("b")}, {ServiceName: wire.Ptr("c")}},
		ServiceNames:   []string{"a", "b", "c"},
	}
	in := &ec2.DescribeVpcEndpointServicesInput{MaxResults: wire.Ptr[int32](2)}
	if err := wire.Page(ec2.OpDescribeVpcEndpointServices, in, out); err != nil || len(out.ServiceDetails) != 2 || !slices.Equal(out.ServiceNames, []string{"a", "b"}) {
		t.Errorf("%v %v", out, err)
	}
}

func TestPageToken(t *testing.T) {
	_, token := page(t, endpointsOf("a", "b", "c"), nil)
	forged := base64.RawURLEncoding.EncodeToString([]byte(`{"o":"DescribeVpcEndpoints","n":-9}`))
	for _, bad := range []string{"x", "%", forged, *token + "A", base64.RawURLEncoding.EncodeToString([]byte(`[]`))} {
		err := wire.Page(ec2.OpDescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{NextToken: &bad}, endpointsOf("a"))
		if e, ok := err.(*wire.Error); !ok || e.Code != "InvalidNextToken" {
			t.Errorf("%s: %v", bad, err)
		}
	}
	// a token belongs to its operation, and each service has its own word for it
	err := wire.Page(ec2.OpDescribeVpcs, &ec2.DescribeVpcsInput{NextToken: token}, &ec2.DescribeVpcsOutput{})
	if e, ok := err.(*wire.Error); !ok || e.Code != "InvalidNextToken" {
		t.Error(err)
	}
	err = wire.Page(eks.OpListClusters, &eks.ListClustersInput{NextToken: token}, &eks.ListClustersOutput{})
	if e, ok := err.(*wire.Error); !ok || e.Code != "InvalidParameterException" {
		t.Error(err)
	}
	if err := wire.Page(ec2.OpDeleteVpc, &ec2.DeleteVpcInput{}, &ec2.DeleteVpcOutput{}); err != nil {
		t.Errorf("an operation without pages: %v", err)
	}
}

// TestSDKPaginators lets the SDK page through the answers of each protocol.
func TestSDKPaginators(t *testing.T) {
	var all []string
	for i := range 250 {
		all = append(all, fmt.Sprintf("n%03d", i))
	}
	paged := func(full func() any) func(*wire.Operation, any) (any, error) {
		return func(op *wire.Operation, in any) (any, error) {
			out := full()
			return out, wire.Page(op, in, out)
		}
	}
	ctx := context.Background()

	var got []string
	k := sdkeks.NewFromConfig(server(t, eks.Model, paged(func() any { return &eks.ListClustersOutput{Clusters: slices.Clone(all)} })))
	for p := sdkeks.NewListClustersPaginator(k, &sdkeks.ListClustersInput{}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, out.Clusters...)
	}
	if !slices.Equal(got, all) {
		t.Errorf("clusters: %v", got)
	}

	got = nil
	e := sdkec2.NewFromConfig(server(t, ec2.Model, paged(func() any { return endpointsOf(all...) })))
	for p := sdkec2.NewDescribeVpcEndpointsPaginator(e, &sdkec2.DescribeVpcEndpointsInput{MaxResults: aws.Int32(40)}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, endpoint := range out.VpcEndpoints {
			got = append(got, *endpoint.VpcEndpointId)
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("endpoints: %v", got)
	}

	got = nil
	l := sdklogs.NewFromConfig(server(t, logs.Model, paged(func() any {
		out := new(logs.DescribeLogGroupsOutput)
		for _, name := range all {
			out.LogGroups = append(out.LogGroups, logs.LogGroup{LogGroupName: wire.Ptr(name)})
		}
		return out
	})))
	for p := sdklogs.NewDescribeLogGroupsPaginator(l, &sdklogs.DescribeLogGroupsInput{}); p.HasMorePages(); {
		out, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, group := range out.LogGroups {
			got = append(got, *group.LogGroupName)
		}
	}
	if !slices.Equal(got, all) {
		t.Errorf("log groups: %v", got)
	}
}

// TestPageContinued: result lists that continue one another are cut as one,
// and the answer says whether there is more.
func TestPageContinued(t *testing.T) {
	full := func(*wire.Operation, any) (any, error) {
		return &iam.ListEntitiesForPolicyOutput{
			PolicyGroups: []iam.PolicyGroup{{GroupName: wire.Ptr("g1")}, {GroupName: wire.Ptr("g2")}},
			PolicyUsers:  []iam.PolicyUser{{UserName: wire.Ptr("u1")}},
			PolicyRoles:  []iam.PolicyRole{{RoleName: wire.Ptr("r1")}, {RoleName: wire.Ptr("r2")}, {RoleName: wire.Ptr("r3")}},
		}, nil
	}
	client := sdkiam.NewFromConfig(server(t, iam.Model, func(op *wire.Operation, in any) (any, error) {
		out, _ := full(op, in)
		return out, wire.Page(op, in, out)
	}))
	for size, want := range map[int32]string{1: "g1;g2;u1;r1;r2;r3;", 2: "g1 g2;u1 r1;r2 r3;", 4: "g1 g2 u1 r1;r2 r3;", 6: "g1 g2 u1 r1 r2 r3;", 100: "g1 g2 u1 r1 r2 r3;"} {
		got := ""
		pages := sdkiam.NewListEntitiesForPolicyPaginator(client, &sdkiam.ListEntitiesForPolicyInput{PolicyArn: aws.String("arn:aws:iam::aws:policy/ReadOnlyAccess"), MaxItems: &size})
		for pages.HasMorePages() {
			out, err := pages.NextPage(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			var names []string
			for _, g := range out.PolicyGroups {
				names = append(names, *g.GroupName)
			}
			for _, u := range out.PolicyUsers {
				names = append(names, *u.UserName)
			}
			for _, r := range out.PolicyRoles {
				names = append(names, *r.RoleName)
			}
			got += strings.Join(names, " ") + ";"
			if out.IsTruncated != pages.HasMorePages() {
				t.Errorf("IsTruncated %v, more pages %v", out.IsTruncated, pages.HasMorePages())
			}
		}
		if got != want {
			t.Errorf("pages of %d: %s, want %s", size, got, want)
		}
	}
}

// FuzzPageToken: any token gives a page of the list or an error.
func FuzzPageToken(f *testing.F) {
	token := func(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }
	f.Add(token(`{"o":"DescribeVpcEndpoints","n":1,"k":"a"}`))
	f.Add(token(`{"o":"DescribeVpcEndpoints","n":9223372036854775807}`))
	f.Add("=")
	f.Fuzz(func(t *testing.T, token string) {
		out := endpointsOf("a", "b", "c")
		err := wire.Page(ec2.OpDescribeVpcEndpoints, &ec2.DescribeVpcEndpointsInput{NextToken: &token, MaxResults: wire.Ptr[int32](2)}, out)
		clientError(t, out, err)
		if len(out.VpcEndpoints) > 3 {
			t.Errorf("%d endpoints", len(out.VpcEndpoints))
		}
	})
}
