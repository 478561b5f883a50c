package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifyVpcEndpointServiceConfiguration changes an endpoint service. The next
// packet of its consumers obeys.
func (s *Service) ModifyVpcEndpointServiceConfiguration(ctx context.Context, in *ec2.ModifyVpcEndpointServiceConfigurationInput) (*ec2.ModifyVpcEndpointServiceConfigurationOutput, error) {
	if err := checkServiceModify(in); err != nil {
		return nil, err
	}
	err := s.changeService(ctx, in.ServiceId, func(tx *store.Tx, c *vpc.ServiceConfiguration) error {
		for _, change := range []func(*store.Tx, *vpc.ServiceConfiguration, *ec2.ModifyVpcEndpointServiceConfigurationInput) error{
			s.modifyLoadBalancers, s.modifyAddressTypes, modifyRegions, s.modifyPrivateName,
		} {
			if err := change(tx, c, in); err != nil {
				return err
			}
		}
		if in.AcceptanceRequired != nil {
			c.AcceptanceRequired = *in.AcceptanceRequired
		}
		return s.checkLoadBalancers(tx, *c)
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointServiceConfigurationOutput{Return: wire.Ptr(true)}, nil
}

// changeService changes the caller's service of that id and waits until the
// VPCs at both ends of its endpoints match.
func (s *Service) changeService(ctx context.Context, id *string, change func(*store.Tx, *vpc.ServiceConfiguration) error) error {
	caller := auth.CallerFrom(ctx)
	return s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		c, err := s.serviceConfiguration(tx, caller, wire.Value(id))
		if err != nil {
			return nil, err
		}
		before := s.serviceVPCs(tx, c)
		if err := change(tx, &c); err != nil {
			return nil, err
		}
		s.store.ServiceConfigurations.Put(tx, c)
		return distinct(append(before, s.serviceVPCs(tx, c)...)), nil
	})
}

// checkServiceModify checks a request as far as that needs no records.
func checkServiceModify(in *ec2.ModifyVpcEndpointServiceConfigurationInput) error {
	if err := refuseGatewayLoadBalancers(slices.Concat(in.AddGatewayLoadBalancerArns, in.RemoveGatewayLoadBalancerArns)); err != nil {
		return err
	}
	if wire.Value(in.RemovePrivateDnsName) && wire.Value(in.PrivateDnsName) != "" {
		return errPrivateNameAndRemove()
	}
	if _, err := serviceAddressTypes(slices.Concat(in.AddSupportedIpAddressTypes, in.RemoveSupportedIpAddressTypes)); err != nil {
		return err
	}
	return checkPrivateName(wire.Value(in.PrivateDnsName))
}

// modifyLoadBalancers removes load balancers and adds others. While the service
// has endpoints none is removed: each of their interfaces is pinned to one.
func (s *Service) modifyLoadBalancers(tx *store.Tx, c *vpc.ServiceConfiguration, in *ec2.ModifyVpcEndpointServiceConfigurationInput) error {
	for _, arn := range in.RemoveNetworkLoadBalancerArns {
		if !slices.Contains(c.LoadBalancers, arn) {
			return errLoadBalancerNotOfService(arn, c.ID)
		}
	}
	if len(in.RemoveNetworkLoadBalancerArns) > 0 && count(s.attached(tx, *c)) > 0 {
		return errServiceInUse()
	}
	c.LoadBalancers = changed(c.LoadBalancers, in.AddNetworkLoadBalancerArns, in.RemoveNetworkLoadBalancerArns)
	if len(c.LoadBalancers) == 0 {
		return errLastLoadBalancer(c.ID)
	}
	return nil
}

// modifyAddressTypes adds and removes address types. One that an endpoint has
// stays.
func (s *Service) modifyAddressTypes(tx *store.Tx, c *vpc.ServiceConfiguration, in *ec2.ModifyVpcEndpointServiceConfigurationInput) error {
	for _, kind := range in.RemoveSupportedIpAddressTypes {
		for e := range s.attached(tx, *c) {
			if e.IPAddressType == kind || e.IPAddressType == ec2.IpAddressTypeDualstack {
				return errAddressTypeInUse(kind, e.ID)
			}
		}
	}
	c.AddressTypes = slices.Sorted(slices.Values(changed(c.AddressTypes, in.AddSupportedIpAddressTypes, in.RemoveSupportedIpAddressTypes)))
	if len(c.AddressTypes) == 0 {
		return errLastAddressType(c.ID)
	}
	return nil
}

// modifyRegions opens the service to Regions and closes it to others; the
// endpoints that are there stay.
func modifyRegions(_ *store.Tx, c *vpc.ServiceConfiguration, in *ec2.ModifyVpcEndpointServiceConfigurationInput) error {
	regions := changed(c.Regions, in.AddSupportedRegions, in.RemoveSupportedRegions)
	if len(regions) == 0 {
		return errHostRegion(c.Region)
	}
	var err error
	c.Regions, err = serviceRegions(c.Region, regions)
	return err
}

// modifyPrivateName replaces the private name by one that is to be verified
// anew, or removes it, which the service's endpoints forbid.
func (s *Service) modifyPrivateName(tx *store.Tx, c *vpc.ServiceConfiguration, in *ec2.ModifyVpcEndpointServiceConfigurationInput) error {
	switch name := wire.Value(in.PrivateDnsName); {
	case wire.Value(in.RemovePrivateDnsName) && c.PrivateName != "":
		if count(s.attached(tx, *c)) > 0 {
			return errServiceInUse()
		}
		c.PrivateName, c.Verification = "", nil
	case name != "" && name != c.PrivateName:
		c.PrivateName, c.Verification = name, vpc.NewVerification(s.now().UTC())
	}
	return nil
}

// changed returns a list with some values added and others removed.
func changed(list, add, remove []string) []string {
	rest := slices.DeleteFunc(slices.Clone(list), func(v string) bool { return slices.Contains(remove, v) })
	return distinct(append(rest, add...))
}

// ModifyVpcEndpointServicePayerResponsibility makes the service's owner pay for
// its endpoints, which cannot be taken back. The chain has checked the value:
// there is only one.
func (s *Service) ModifyVpcEndpointServicePayerResponsibility(ctx context.Context, in *ec2.ModifyVpcEndpointServicePayerResponsibilityInput) (*ec2.ModifyVpcEndpointServicePayerResponsibilityOutput, error) {
	err := s.changeService(ctx, in.ServiceId, func(_ *store.Tx, c *vpc.ServiceConfiguration) error {
		c.Payer = wire.Value(in.PayerResponsibility)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifyVpcEndpointServicePayerResponsibilityOutput{ReturnValue: wire.Ptr(true)}, nil
}
