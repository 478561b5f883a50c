package ec2

import (
	"net/netip"
	"slices"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// recordTypes are the values of DnsRecordIpType that an IpAddressType of an
// endpoint allows, the default first.
var recordTypes = map[string][]string{
	ec2.IpAddressTypeIpv4: {ec2.DnsRecordIpTypeIpv4},
	ec2.IpAddressTypeIpv6: {ec2.DnsRecordIpTypeIpv6},
	ec2.IpAddressTypeDualstack: {ec2.DnsRecordIpTypeDualstack, ec2.DnsRecordIpTypeIpv4,
		ec2.DnsRecordIpTypeIpv6, ec2.DnsRecordIpTypeServiceDefined},
}

// recordType is the DnsRecordIpType that a request wants for an endpoint of
// that IpAddressType.
func recordType(kind string, o *ec2.DnsOptionsSpecification) (string, error) {
	allowed := recordTypes[kind]
	if o == nil || o.DnsRecordIpType == nil {
		return allowed[0], nil
	}
	if !slices.Contains(allowed, *o.DnsRecordIpType) {
		return "", errRecordType(*o.DnsRecordIpType, kind)
	}
	return *o.DnsRecordIpType, nil
}

// fits reports whether a subnet can hold the network interfaces of endpoints
// of an IpAddressType. Those with IPv6 only want a subnet with IPv6 only.
func fits(sn vpc.Subnet, kind string) bool {
	f := vpc.FamiliesOf(kind)
	if !f.IPv4 {
		return sn.Native
	}
	has := sn.Families()
	return has.IPv4 && (has.IPv6 || !f.IPv6)
}

// configuredSubnets are the subnets that a request names, and the addresses
// that it wants in them. A subnet of a configuration must also be one of ids,
// unless there are no ids at all.
func configuredSubnets(ids []string, configurations []ec2.SubnetConfiguration, kind string) ([]string, map[string]vpc.AddressPair, error) {
	subnets := slices.Clone(ids)
	addresses := make(map[string]vpc.AddressPair)
	for _, c := range configurations {
		id := wire.Value(c.SubnetId)
		if len(ids) == 0 {
			subnets = append(subnets, id)
		}
		if !slices.Contains(subnets, id) {
			return nil, nil, errSubnetConfiguration(id)
		}
		if _, again := addresses[id]; again {
			return nil, nil, errSubnetConfigurationTwice(id)
		}
		pair, err := configuredAddresses(c, kind)
		if err != nil {
			return nil, nil, err
		}
		addresses[id] = pair
	}
	return subnets, addresses, nil
}

// configuredAddresses are those of one configuration: one of each family that
// the endpoint has.
func configuredAddresses(c ec2.SubnetConfiguration, kind string) (vpc.AddressPair, error) {
	f := vpc.FamiliesOf(kind)
	var pair vpc.AddressPair
	for _, member := range []struct {
		family string
		wanted bool
		given  *string
		is     func(netip.Addr) bool
		to     *netip.Addr
	}{
		{"IPv4", f.IPv4, c.Ipv4, netip.Addr.Is4, &pair.IPv4},
		{"IPv6", f.IPv6, c.Ipv6, netip.Addr.Is6, &pair.IPv6},
	} {
		switch {
		case member.wanted && member.given == nil:
			return vpc.AddressPair{}, errSubnetConfigurationLacks(member.family, wire.Value(c.SubnetId))
		case !member.wanted && member.given != nil:
			return vpc.AddressPair{}, errSubnetConfigurationExceeds(member.family, wire.Value(c.SubnetId), kind)
		case member.given == nil:
			continue
		}
		a, err := netip.ParseAddr(*member.given)
		if err != nil || !member.is(a) || a.Zone() != "" {
			return vpc.AddressPair{}, errAddressSyntax(*member.given)
		}
		*member.to = a
	}
	return pair, nil
}
