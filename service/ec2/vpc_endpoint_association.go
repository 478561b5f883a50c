package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeVpcEndpointAssociations answers with the resources that endpoints
// are associated with. Interface endpoints, of which all are here, lead to a
// service and have no associations.
func (s *Service) DescribeVpcEndpointAssociations(ctx context.Context, in *ec2.DescribeVpcEndpointAssociationsInput) (*ec2.DescribeVpcEndpointAssociationsOutput, error) {
	if _, err := compileFilters(associationFilters, in.Filters); err != nil {
		return nil, err
	}
	if wire.Value(in.NextToken) != "" { // nothing here has a second page
		return nil, errNextToken()
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	for _, id := range in.VpcEndpointIds {
		if _, err := s.endpoint(r, caller, id); err != nil {
			return nil, err
		}
	}
	return &ec2.DescribeVpcEndpointAssociationsOutput{}, nil
}

var associationFilters = filters[*ec2.VpcEndpointAssociation]{
	"vpc-endpoint-id":                         func(a *ec2.VpcEndpointAssociation) []string { return one(a.VpcEndpointId) },
	"associated-resource-accessibility":       func(a *ec2.VpcEndpointAssociation) []string { return one(a.AssociatedResourceAccessibility) },
	"association-id":                          func(a *ec2.VpcEndpointAssociation) []string { return one(a.Id) },
	"associated-resource-id":                  func(a *ec2.VpcEndpointAssociation) []string { return one(a.AssociatedResourceArn) },
	"service-network-arn":                     func(a *ec2.VpcEndpointAssociation) []string { return one(a.ServiceNetworkArn) },
	"resource-configuration-group-arn":        func(a *ec2.VpcEndpointAssociation) []string { return one(a.ResourceConfigurationGroupArn) },
	"service-network-resource-association-id": func(a *ec2.VpcEndpointAssociation) []string { return one(a.Id) },
}
