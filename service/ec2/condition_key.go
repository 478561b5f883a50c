package ec2

import (
	"cmp"
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ConditionKeys are those of the service's own ("Actions, resources, and
// condition keys for Amazon EC2"). Most of them are of one type of resource:
// what exists says them, or the request that makes it.
func (s *Service) ConditionKeys() []wire.ConditionKey {
	return []wire.ConditionKey{
		wire.ResourceKey("ec2:Region", "the Region of the request", func(ctx context.Context, _ string) []string {
			return []string{auth.CallerFrom(ctx).Region}
		}),
		{Name: "ec2:ResourceTag/", From: "tags of the resource", Values: func(ctx context.Context, _ any, resource, tag string) []string {
			return wire.TagValues(s.ResourceTags(ctx, resource), tag)
		}},
		{Name: "ec2:CreateAction", From: "the operation that tags what it makes, of ec2:CreateTags"},

		idKey("ec2:VpcID", "vpc"),
		idKey("ec2:SubnetID", "subnet"),
		idKey("ec2:SecurityGroupID", "security-group"),
		idKey("ec2:NetworkInterfaceID", "network-interface"),
		idKey("ec2:RouteTableID", "route-table"),
		s.siteKey("ec2:Vpc", "the ARN of the VPC of a subnet, security group or network interface", vpcARN),
		s.siteKey("ec2:Subnet", "the ARN of the subnet of a network interface", subnetARN),
		s.siteKey("ec2:AvailabilityZone", "the zone of a subnet or network interface", func(p site) string { return p.zone }),
		wire.ResourceKey("ec2:Tenancy", "default, of a VPC", func(_ context.Context, resource string) []string {
			if _, kind := parseARN(resource); kind == "vpc" {
				return []string{"default"}
			}
			return nil
		}),

		s.endpointKey("ec2:VpceServiceName", "the service that an endpoint leads to", func(e vpc.Endpoint) string { return e.Service }),
		s.endpointKey("ec2:VpceServiceOwner", "amazon, or the account that offers the service", s.serviceOwner),
		s.endpointKey("ec2:VpceServiceRegion", "the Region of the service that an endpoint leads to", func(e vpc.Endpoint) string {
			return cmp.Or(e.ServiceRegion, e.Region)
		}),
		{Name: "ec2:VpceServicePrivateDnsName", From: "the private name that an endpoint service has, or is to get", Values: s.privateName},
	}
}

// ResourceTags are the tags of a resource by its ARN.
func (s *Service) ResourceTags(_ context.Context, resource string) vpc.Tags {
	at, _ := parseARN(resource)
	if k, ok := taggableKind(at.ID); ok {
		return k.tagsOf(s, at)
	}
	return nil
}

// parseARN splits arn:PARTITION:ec2:REGION:ACCOUNT:KIND/ID. The zero Key is not
// stored anywhere.
func parseARN(s string) (at store.Key, kind string) {
	arn, _ := vpc.ParseARN(s)
	if arn.Service != "ec2" {
		return store.Key{}, ""
	}
	kind, id := arn.Kind()
	return ownKey(arn.Owner, id), kind
}

// idKey is a key of the id of resources of one type that exist.
func idKey(name, kind string) wire.ConditionKey {
	return wire.ResourceKey(name, "the id of a "+kind, func(_ context.Context, resource string) []string {
		at, is := parseARN(resource)
		if is != kind || at.ID == "*" {
			return nil
		}
		return []string{at.ID}
	})
}

// site is where in a network something is or is to be.
type site struct {
	owner             vpc.Owner
	vpc, subnet, zone string
}

func vpcARN(p site) string    { return orNothing(p, "vpc", p.vpc) }
func subnetARN(p site) string { return orNothing(p, "subnet", p.subnet) }

func orNothing(p site, kind, id string) string {
	if id == "" {
		return ""
	}
	return arn(p.owner, kind, id)
}

func (s *Service) siteKey(name, from string, value func(site) string) wire.ConditionKey {
	return wire.ConditionKey{Name: name, From: from, Values: func(ctx context.Context, in any, resource, _ string) []string {
		return orNone(value(s.siteOf(in, resource)))
	}}
}

// siteOf finds the site of a resource, or of what a request makes.
func (s *Service) siteOf(in any, resource string) site {
	at, kind := parseARN(resource)
	p := site{owner: vpc.Owner{Account: at.Account, Region: at.Region}}
	r := s.store.Snapshot()
	switch kind {
	case "subnet":
		if make, ok := in.(*ec2.CreateSubnetInput); ok {
			p.vpc, p.zone = wire.Value(make.VpcId), wire.Value(make.AvailabilityZone)
			break
		}
		row, _ := s.store.Subnets.Get(r, at)
		p.vpc, p.zone = row.VPC, row.Zone
	case "security-group":
		if make, ok := in.(*ec2.CreateSecurityGroupInput); ok {
			p.vpc = wire.Value(make.VpcId)
			break
		}
		row, _ := s.store.SecurityGroups.Get(r, at)
		p.vpc = row.VPC
	case "network-interface":
		row, _ := s.store.ENIs.Get(r, at)
		subnet, _ := s.store.Subnets.Get(r, ownKey(row.Owner, row.Subnet))
		p.vpc, p.subnet, p.zone = row.VPC, row.Subnet, subnet.Zone
	}
	return p
}

// endpointKey is a key of endpoints: of those that exist, and of the one that
// a request makes.
func (s *Service) endpointKey(name, from string, value func(vpc.Endpoint) string) wire.ConditionKey {
	return wire.ConditionKey{Name: name, From: from, Values: func(ctx context.Context, in any, resource, _ string) []string {
		at, kind := parseARN(resource)
		if kind != "vpc-endpoint" {
			return nil
		}
		e, ok := s.store.Endpoints.Get(s.store.Snapshot(), at)
		if make, creates := in.(*ec2.CreateVpcEndpointInput); creates {
			e = vpc.Endpoint{Owner: ownerOf(auth.CallerFrom(ctx)), Service: wire.Value(make.ServiceName), ServiceRegion: wire.Value(make.ServiceRegion)}
		} else if !ok {
			return nil
		}
		return orNone(value(e))
	}}
}

// serviceOwner is who offers the service of an endpoint.
func (s *Service) serviceOwner(e vpc.Endpoint) string {
	t, ok := s.targetOf(s.store.Snapshot(), e)
	switch {
	case !ok:
		return e.Provider.Account
	case t.configuration != nil:
		return t.configuration.Account
	}
	return "amazon"
}

func (s *Service) privateName(_ context.Context, in any, resource, _ string) []string {
	at, kind := parseARN(resource)
	if kind != ec2.ResourceTypeVpcEndpointService {
		return nil
	}
	switch in := in.(type) {
	case *ec2.CreateVpcEndpointServiceConfigurationInput:
		return orNone(wire.Value(in.PrivateDnsName))
	case *ec2.ModifyVpcEndpointServiceConfigurationInput:
		if in.PrivateDnsName != nil {
			return orNone(*in.PrivateDnsName)
		}
	}
	row, _ := s.store.ServiceConfigurations.Get(s.store.Snapshot(), at)
	return orNone(row.PrivateName)
}

// orNone is a value as a list, which is empty where there is none.
func orNone(value string) []string {
	if value == "" {
		return nil
	}
	return []string{value}
}
