package ec2

import (
	"strconv"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

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
	"addresses.primary": func(n *ec2.NetworkInterface) []string {
		var all []string
		for _, a := range n.PrivateIpAddresses {
			all = append(all, flag(a.Primary)...)
		}
		return all
	},
	"ipv6-addresses.ipv6-address": func(n *ec2.NetworkInterface) []string {
		return texts(n.Ipv6Addresses, func(a ec2.NetworkInterfaceIpv6Address) *string { return a.Ipv6Address })
	},
	"private-dns-name":   func(n *ec2.NetworkInterface) []string { return one(n.PrivateDnsName) },
	"operator.managed":   func(n *ec2.NetworkInterface) []string { return flag(n.Operator.Managed) },
	"operator.principal": func(n *ec2.NetworkInterface) []string { return one(n.Operator.Principal) },
	tagFilter:            func(n *ec2.NetworkInterface) []string { return tagSetPairs(n.TagSet) },
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
	// There are no Elastic IP addresses.
	"addresses.association.owner-id":  func(*ec2.NetworkInterface) []string { return nil },
	"addresses.association.public-ip": func(*ec2.NetworkInterface) []string { return nil },
	"association.allocation-id":       func(*ec2.NetworkInterface) []string { return nil },
	"association.association-id":      func(*ec2.NetworkInterface) []string { return nil },
	"association.ip-owner-id":         func(*ec2.NetworkInterface) []string { return nil },
	"association.public-ip":           func(*ec2.NetworkInterface) []string { return nil },
	"association.public-dns-name":     func(*ec2.NetworkInterface) []string { return nil },
}
