package ec2

import (
	"cmp"
	"slices"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// endpointTypes are all types of the API, the default first.
var endpointTypes = []string{
	ec2.VpcEndpointTypeGateway,
	ec2.VpcEndpointTypeInterface,
	ec2.VpcEndpointTypeGatewayLoadBalancer,
	ec2.VpcEndpointTypeResource,
	ec2.VpcEndpointTypeServiceNetwork,
}

// checkEndpointRequest checks the parts of a CreateVpcEndpoint that concern
// neither records nor the policy.
func checkEndpointRequest(in *ec2.CreateVpcEndpointInput) error {
	kind := cmp.Or(wire.Value(in.VpcEndpointType), endpointTypes[0])
	if !slices.Contains(endpointTypes, kind) {
		return errEndpointType(kind)
	}
	// Of resource configurations and service networks there are none.
	if arn := wire.Value(in.ResourceConfigurationArn); arn != "" {
		return errEndpointResource("ResourceConfigurationArn", arn)
	}
	if arn := wire.Value(in.ServiceNetworkArn); arn != "" {
		return errEndpointResource("ServiceNetworkArn", arn)
	}
	if wire.Value(in.ServiceName) == "" {
		return errMissing("ServiceName")
	}
	if len(in.RouteTableIds) > 0 {
		return errRouteTables()
	}
	return checkDNSOptions(in.DnsOptions, kind)
}

// checkDNSOptions refuses the options that an endpoint of a type has not, and
// those of interface endpoints that none of the services here has.
func checkDNSOptions(o *ec2.DnsOptionsSpecification, kind string) error {
	switch {
	case o == nil:
		return nil
	case wire.Value(o.PrivateDnsOnlyForInboundResolverEndpoint) && kind != ec2.VpcEndpointTypeInterface:
		return errInboundOnlyType()
	case wire.Value(o.PrivateDnsOnlyForInboundResolverEndpoint):
		return errInboundOnly()
	case o.PrivateDnsPreference != nil:
		return errDNSPreference("PrivateDnsPreference")
	case len(o.PrivateDnsSpecifiedDomains) > 0:
		return errDNSPreference("PrivateDnsSpecifiedDomains")
	}
	return nil
}
