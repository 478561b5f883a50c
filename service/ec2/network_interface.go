package ec2

import (
	"context"
	"strconv"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeNetworkInterfaces answers with the caller's network interfaces:
// those of endpoints, and those of the commands that run in a subnet.
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
	address := eni.Address.String()
	sn, _ := s.store.Subnets.Get(r, ownKey(eni.Owner, eni.Subnet))
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
		PrivateIpAddress:   &address,
		PrivateIpAddresses: []ec2.NetworkInterfacePrivateIpAddress{{PrivateIpAddress: &address, Primary: wire.Ptr(true)}},
		SourceDestCheck:    wire.Ptr(true),
		RequesterManaged:   &eni.RequesterManaged,
		Attachment:         attachment(eni),
		TagSet:             tagList(eni.Tags),
	}
	if eni.Requester != "" {
		n.RequesterId = &eni.Requester
	}
	for _, id := range eni.Groups {
		g, _ := s.store.SecurityGroups.Get(r, ownKey(eni.Owner, id))
		n.Groups = append(n.Groups, ec2.GroupIdentifier{GroupId: &id, GroupName: &g.Name})
	}
	return n
}

// attachment says to what a network interface belongs: AWS's machinery for an
// endpoint's, the account's own command for a workload's, which ends with it.
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

var interfaceFilters = filters[*ec2.NetworkInterface]{
	"network-interface-id":         func(n *ec2.NetworkInterface) []string { return one(n.NetworkInterfaceId) },
	"interface-type":               func(n *ec2.NetworkInterface) []string { return one(n.InterfaceType) },
	"status":                       func(n *ec2.NetworkInterface) []string { return one(n.Status) },
	"vpc-id":                       func(n *ec2.NetworkInterface) []string { return one(n.VpcId) },
	"subnet-id":                    func(n *ec2.NetworkInterface) []string { return one(n.SubnetId) },
	"availability-zone":            func(n *ec2.NetworkInterface) []string { return one(n.AvailabilityZone) },
	"availability-zone-id":         func(n *ec2.NetworkInterface) []string { return one(n.AvailabilityZoneId) },
	"description":                  func(n *ec2.NetworkInterface) []string { return one(n.Description) },
	"owner-id":                     func(n *ec2.NetworkInterface) []string { return one(n.OwnerId) },
	"mac-address":                  func(n *ec2.NetworkInterface) []string { return one(n.MacAddress) },
	"requester-id":                 func(n *ec2.NetworkInterface) []string { return one(n.RequesterId) },
	"requester-managed":            func(n *ec2.NetworkInterface) []string { return flag(n.RequesterManaged) },
	"source-dest-check":            func(n *ec2.NetworkInterface) []string { return flag(n.SourceDestCheck) },
	"private-ip-address":           func(n *ec2.NetworkInterface) []string { return one(n.PrivateIpAddress) },
	"addresses.private-ip-address": func(n *ec2.NetworkInterface) []string { return one(n.PrivateIpAddress) },
	"addresses.primary":            func(n *ec2.NetworkInterface) []string { return flag(n.PrivateIpAddresses[0].Primary) },
	"ipv6-addresses.ipv6-address":  func(*ec2.NetworkInterface) []string { return nil }, // none has one
	tagFilter:                      func(n *ec2.NetworkInterface) []string { return tagSetPairs(n.TagSet) },
	"group-id": func(n *ec2.NetworkInterface) []string {
		return texts(n.Groups, func(g ec2.GroupIdentifier) *string { return g.GroupId })
	},
	"group-name": func(n *ec2.NetworkInterface) []string {
		return texts(n.Groups, func(g ec2.GroupIdentifier) *string { return g.GroupName })
	},
	"attachment.attachment-id":         func(n *ec2.NetworkInterface) []string { return one(n.Attachment.AttachmentId) },
	"attachment.instance-id":           func(*ec2.NetworkInterface) []string { return nil }, // there are no instances
	"attachment.instance-owner-id":     func(n *ec2.NetworkInterface) []string { return one(n.Attachment.InstanceOwnerId) },
	"attachment.status":                func(n *ec2.NetworkInterface) []string { return one(n.Attachment.Status) },
	"attachment.delete-on-termination": func(n *ec2.NetworkInterface) []string { return flag(n.Attachment.DeleteOnTermination) },
	"attachment.device-index": func(n *ec2.NetworkInterface) []string {
		return []string{strconv.Itoa(int(wire.Value(n.Attachment.DeviceIndex)))}
	},
	"attachment.attach-time": func(n *ec2.NetworkInterface) []string {
		return []string{wire.Value(n.Attachment.AttachTime).UTC().Format("2006-01-02T15:04:05.000Z")}
	},
}
