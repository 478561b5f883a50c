package ec2

import (
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestDescribeVpcEndpointAssociations(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	id := createEndpoint(t, s, ctx)
	where := func(name string) []ec2.Filter { return []ec2.Filter{{Name: &name, Values: []string{"*"}}} }
	for _, in := range []ec2.DescribeVpcEndpointAssociationsInput{
		{}, {VpcEndpointIds: []string{id}}, {Filters: where("vpc-endpoint-id")}, {Filters: where("associated-resource-id")}, {MaxResults: wire.Ptr[int32](100)},
	} {
		out, err := s.DescribeVpcEndpointAssociations(ctx, &in)
		if err != nil || len(out.VpcEndpointAssociations) != 0 || out.NextToken != nil {
			t.Errorf("%+v: %+v, %v", in, out, err)
		}
	}
	for _, row := range []struct {
		in            ec2.DescribeVpcEndpointAssociationsInput
		code, message string
	}{
		{ec2.DescribeVpcEndpointAssociationsInput{VpcEndpointIds: []string{id, "vpce-0f"}}, "InvalidVpcEndpointId.NotFound", "The Vpc Endpoint Id 'vpce-0f' does not exist"},
		{ec2.DescribeVpcEndpointAssociationsInput{VpcEndpointIds: []string{"x"}}, "InvalidVpcEndpointId.Malformed", "Invalid Id: 'x' (expecting 'vpce-...')"},
		{ec2.DescribeVpcEndpointAssociationsInput{Filters: where("colour")}, "InvalidParameterValue", "The filter 'colour' is invalid"},
		{ec2.DescribeVpcEndpointAssociationsInput{NextToken: wire.Ptr("x")}, "InvalidNextToken", "The specified nextToken is not valid."},
	} {
		_, err := s.DescribeVpcEndpointAssociations(ctx, &row.in)
		refused(t, row.message, err, row.code, row.message)
	}
}
