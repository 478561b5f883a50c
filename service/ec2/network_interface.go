package ec2

import (
	"context"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeNetworkInterfaces answers with the caller's network interfaces:
// those of endpoints and load balancers, and those of the commands that run in
// a subnet.
func (s *Service) DescribeNetworkInterfaces(ctx context.Context, in *ec2.DescribeNetworkInterfacesInput) (*ec2.DescribeNetworkInterfacesOutput, error) {
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	match, err := compileFilters(interfaceFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	rows, err := pick(in.NetworkInterfaceIds, s.store.ENIs.List(r, caller.Account, caller.Region),
		func(id string) (vpc.ENI, error) { return s.networkInterface(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeNetworkInterfacesOutput{}
	for _, eni := range rows {
		if n := s.interfaceShape(r, eni); match(n) {
			out.NetworkInterfaces = append(out.NetworkInterfaces, *n)
		}
	}
	return out, nil
}

// networkInterface reads the caller's network interface of that id.
func (s *Service) networkInterface(r store.Reader, caller auth.Caller, id string) (vpc.ENI, error) {
	if !strings.HasPrefix(id, "eni-") {
		return vpc.ENI{}, errMalformed("NetworkInterfaceId", id, "eni")
	}
	eni, ok := s.store.ENIs.Get(r, key(caller, id))
	if !ok {
		return vpc.ENI{}, errInterfaceNotFound(id)
	}
	return eni, nil
}

// interfaceShape is a network interface as it is answered. Each is in use
// from its first moment to its last.
func (s *Service) interfaceShape(r store.Reader, eni vpc.ENI) *ec2.NetworkInterface {
	sn, _ := s.store.Subnets.Get(r, ownKey(eni.Owner, eni.Subnet))
	network, _ := s.store.Networks.Get(r, ownKey(eni.Owner, eni.VPC))
	n := &ec2.NetworkInterface{
		NetworkInterfaceId: &eni.ID,
		InterfaceType:      wire.Ptr(string(eni.Type)),
		Status:             wire.Ptr(ec2.NetworkInterfaceStatusInUse),
		VpcId:              &eni.VPC,
		SubnetId:           &eni.Subnet,
		AvailabilityZone:   &sn.Zone,
		AvailabilityZoneId: &sn.ZoneID,
		Description:        &eni.Description,
		OwnerId:            &eni.Account,
		MacAddress:         &eni.MAC,
		SourceDestCheck:    wire.Ptr(true),
		RequesterManaged:   &eni.RequesterManaged,
		Attachment:         attachment(eni),
		Operator:           &ec2.OperatorResponse{Managed: wire.Ptr(false)}, // no service runs it as an operator
		TagSet:             tagList(eni.Tags),
	}
	addAddresses(n, eni, network)
	if eni.Requester != "" {
		n.RequesterId = &eni.Requester
	}
	for _, id := range eni.Groups {
		g, _ := s.store.SecurityGroups.Get(r, ownKey(eni.Owner, id))
		n.Groups = append(n.Groups, ec2.GroupIdentifier{GroupId: &id, GroupName: &g.Name})
	}
	return n
}

// addAddresses shows an interface's addresses, and the name that the VPC's
// resolver has for the IPv4 one. What comes from the internet never reaches
// the IPv6 address of an endpoint.
func addAddresses(n *ec2.NetworkInterface, eni vpc.ENI, network vpc.Network) {
	if eni.Address.IsValid() {
		if network.DNSHostnames {
			n.PrivateDnsName = wire.Ptr(vpc.HostName(eni.Address, eni.Region))
		}
		n.PrivateIpAddress = wire.Ptr(eni.Address.String())
		n.PrivateIpAddresses = []ec2.NetworkInterfacePrivateIpAddress{{
			PrivateIpAddress: n.PrivateIpAddress, PrivateDnsName: n.PrivateDnsName, Primary: wire.Ptr(true)}}
	}
	if eni.IPv6.IsValid() {
		n.Ipv6Address = wire.Ptr(eni.IPv6.String())
		n.Ipv6Addresses = []ec2.NetworkInterfaceIpv6Address{{Ipv6Address: n.Ipv6Address, IsPrimaryIpv6: wire.Ptr(false)}}
		if !eni.Address.IsValid() {
			n.Ipv6Native = wire.Ptr(true)
		}
		if eni.Type == vpc.InterfaceEndpoint {
			n.DenyAllIgwTraffic = wire.Ptr(true)
		}
	}
}

// attachment says to what a network interface belongs: AWS's machinery for an
// endpoint's and a load balancer's, the account's own command for a workload's, which ends with it.
func attachment(eni vpc.ENI) *ec2.NetworkInterfaceAttachment {
	a := &ec2.NetworkInterfaceAttachment{
		AttachmentId:        &eni.Attachment,
		AttachTime:          wire.Ptr(eni.Created),
		Status:              wire.Ptr(ec2.AttachmentStatusAttached),
		InstanceOwnerId:     wire.Ptr("amazon-aws"),
		DeviceIndex:         wire.Ptr(int32(1)),
		DeleteOnTermination: wire.Ptr(false),
	}
	if eni.Type == vpc.InterfaceWorkload {
		a.InstanceOwnerId = &eni.Account
		a.DeviceIndex = wire.Ptr(int32(0))
		a.DeleteOnTermination = wire.Ptr(true)
	}
	return a
}
