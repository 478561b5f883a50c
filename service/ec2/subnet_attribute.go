package ec2

import (
	"context"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// ModifySubnetAttribute sets one attribute of a subnet.
func (s *Service) ModifySubnetAttribute(ctx context.Context, in *ec2.ModifySubnetAttributeInput) (*ec2.ModifySubnetAttributeOutput, error) {
	set, err := subnetChange(in)
	if err != nil {
		return nil, err
	}
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		sn, err := s.subnet(tx, auth.CallerFrom(ctx), wire.Value(in.SubnetId))
		if err != nil {
			return nil, err
		}
		if err := set(&sn); err != nil {
			return nil, err
		}
		s.store.Subnets.Put(tx, sn)
		return []string{sn.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.ModifySubnetAttributeOutput{}, nil
}

// subnetChange reads the one attribute that a request sets.
func subnetChange(in *ec2.ModifySubnetAttributeInput) (func(*vpc.Subnet) error, error) {
	if err := refuseGiven(
		parameter{"CustomerOwnedIpv4Pool", in.CustomerOwnedIpv4Pool != nil},
		parameter{"EnableLniAtDeviceIndex", in.EnableLniAtDeviceIndex != nil},
	); err != nil {
		return nil, err
	}
	var changes []func(*vpc.Subnet) error
	add := func(given *ec2.AttributeBooleanValue, set func(sn *vpc.Subnet, on bool) error) {
		if given != nil && given.Value != nil {
			changes = append(changes, func(sn *vpc.Subnet) error { return set(sn, *given.Value) })
		}
	}
	add(in.AssignIpv6AddressOnCreation, setAssignIPv6)
	add(in.DisableLniAtDeviceIndex, refuseOn("DisableLniAtDeviceIndex"))
	add(in.EnableDns64, setDNS64)
	add(in.EnableResourceNameDnsAAAARecordOnLaunch, setAAAARecord)
	add(in.EnableResourceNameDnsARecordOnLaunch, setARecord)
	add(in.MapCustomerOwnedIpOnLaunch, refuseOn("MapCustomerOwnedIpOnLaunch"))
	add(in.MapPublicIpOnLaunch, setMapPublicIP)
	if kind := in.PrivateDnsHostnameTypeOnLaunch; kind != nil {
		changes = append(changes, func(sn *vpc.Subnet) error { return setHostnameType(sn, *kind) })
	}
	switch len(changes) {
	case 0:
		return nil, errCombination("No attributes specified.")
	case 1:
		return changes[0], nil
	}
	return nil, errCombination("Fields for multiple attribute types specified")
}

func setAssignIPv6(sn *vpc.Subnet, on bool) error {
	const attribute = "assign-ipv6-address-on-creation"
	switch {
	case on && !sn.IPv6.CIDR.IsValid():
		return errNeedsIPv6(attribute, sn.ID)
	case !on && sn.Native:
		return errIPv6Only("false", attribute, sn.ID)
	}
	sn.AssignIPv6 = on
	return nil
}

// setDNS64 refuses what the resolver does not do.
func setDNS64(sn *vpc.Subnet, on bool) error {
	if on && !sn.IPv6.CIDR.IsValid() {
		return errNeedsIPv6("enable-dns64", sn.ID)
	}
	return refuseOn("EnableDns64")(sn, on)
}

func setAAAARecord(sn *vpc.Subnet, on bool) error {
	const attribute = "enable-resource-name-dns-aaaa-record-on-launch"
	if on && !sn.IPv6.CIDR.IsValid() {
		return errNeedsIPv6(attribute, sn.ID)
	}
	sn.Names.AAAA = on
	return nil
}

func setARecord(sn *vpc.Subnet, on bool) error {
	if on && sn.Native {
		return errIPv6Only("true", "enable-resource-name-dns-a-record-on-launch", sn.ID)
	}
	sn.Names.A = on
	return nil
}

func setMapPublicIP(sn *vpc.Subnet, on bool) error {
	if on && sn.Native {
		return errIPv6Only("true", "map-public-ip-on-launch", sn.ID)
	}
	sn.MapPublicIP = on
	return nil
}

func setHostnameType(sn *vpc.Subnet, kind string) error {
	switch {
	case kind != ec2.HostnameTypeIpName && kind != ec2.HostnameTypeResourceName:
		return errInvalid("Invalid value '%s' for private-dns-hostname-type-on-launch.", kind)
	case kind == ec2.HostnameTypeIpName && sn.Native:
		return errIPv6Only(kind, "private-dns-hostname-type-on-launch", sn.ID)
	}
	sn.Names.ByResource = kind == ec2.HostnameTypeResourceName
	return nil
}

// refuseOn refuses to switch on what Postern does not have.
func refuseOn(parameter string) func(*vpc.Subnet, bool) error {
	return func(_ *vpc.Subnet, on bool) error {
		if on {
			return errUnsupported(parameter)
		}
		return nil
	}
}
