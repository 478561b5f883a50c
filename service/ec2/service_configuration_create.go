package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// CreateVpcEndpointServiceConfiguration offers what is behind load balancers to
// others. Nobody sees the service before ModifyVpcEndpointServicePermissions.
func (s *Service) CreateVpcEndpointServiceConfiguration(ctx context.Context, in *ec2.CreateVpcEndpointServiceConfigurationInput) (*ec2.CreateVpcEndpointServiceConfigurationOutput, error) {
	wanted, err := s.newServiceConfiguration(auth.CallerFrom(ctx), in)
	if err != nil {
		return nil, err
	}
	var answer *ec2.ServiceConfiguration
	_, err = s.store.Update(ctx, func(tx *store.Tx) error {
		made, known, err := byToken(s.store.ServiceConfigurations.By(tx, "token", wanted.ClientToken), wanted.Owner, wanted.ClientTokenSum,
			func(c vpc.ServiceConfiguration) (vpc.Owner, string) { return c.Owner, c.ClientTokenSum })
		if err != nil {
			return err
		}
		if !known {
			if err := s.checkLoadBalancers(tx, wanted); err != nil {
				return err
			}
			made = wanted
			s.store.ServiceConfigurations.Put(tx, made)
		}
		answer = s.serviceConfigurationShape(tx, made)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.CreateVpcEndpointServiceConfigurationOutput{ServiceConfiguration: answer, ClientToken: in.ClientToken}, nil
}

// newServiceConfiguration checks a request as far as that needs no records, and
// returns the service that it asks for.
func (s *Service) newServiceConfiguration(caller auth.Caller, in *ec2.CreateVpcEndpointServiceConfigurationInput) (vpc.ServiceConfiguration, error) {
	c := vpc.ServiceConfiguration{
		Owner:              ownerOf(caller),
		ID:                 vpc.NewID("vpce-svc"),
		AcceptanceRequired: in.AcceptanceRequired == nil || *in.AcceptanceRequired,
		LoadBalancers:      distinct(in.NetworkLoadBalancerArns),
		ClientToken:        wire.Value(in.ClientToken),
		Created:            s.now().UTC(),
	}
	if err := checkServiceRequest(in); err != nil {
		return c, err
	}
	var err error
	if c.AddressTypes, err = serviceAddressTypes(in.SupportedIpAddressTypes); err != nil {
		return c, err
	}
	if c.Regions, err = serviceRegions(c.Region, in.SupportedRegions); err != nil {
		return c, err
	}
	if c.PrivateName = wire.Value(in.PrivateDnsName); c.PrivateName != "" {
		c.Verification = vpc.NewVerification(c.Created)
	}
	if c.Tags, err = s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeVpcEndpointService); err != nil {
		return c, err
	}
	c.ClientTokenSum, err = tokenSum(in)
	return c, err
}

// checkServiceRequest checks what each parameter says by itself.
func checkServiceRequest(in *ec2.CreateVpcEndpointServiceConfigurationInput) error {
	if (len(in.NetworkLoadBalancerArns) == 0) == (len(in.GatewayLoadBalancerArns) == 0) {
		return errLoadBalancerKind()
	}
	if err := refuseGatewayLoadBalancers(in.GatewayLoadBalancerArns); err != nil {
		return err
	}
	if err := checkPrivateName(wire.Value(in.PrivateDnsName)); err != nil {
		return err
	}
	return checkClientToken(wire.Value(in.ClientToken))
}
