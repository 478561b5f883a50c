package ec2

import (
	"context"
	"net/netip"
	"strconv"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeNetworkAcls answers with the network ACL of each of the caller's
// VPCs: the default one, which all subnets have and everything passes.
func (s *Service) DescribeNetworkAcls(ctx context.Context, in *ec2.DescribeNetworkAclsInput) (*ec2.DescribeNetworkAclsOutput, error) {
	match, err := compileFilters(aclFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	caller, r := auth.CallerFrom(ctx), s.store.Snapshot()
	rows, err := pick(in.NetworkAclIds, s.store.Networks.List(r, caller.Account, caller.Region),
		func(id string) (vpc.Network, error) { return s.networkOfACL(r, caller, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeNetworkAclsOutput{}
	for _, n := range rows {
		if shape := s.aclShape(r, n); match(&shape) {
			out.NetworkAcls = append(out.NetworkAcls, shape)
		}
	}
	return out, nil
}

// networkOfACL finds the caller's VPC that has the network ACL of that id.
func (s *Service) networkOfACL(r store.Reader, caller auth.Caller, id string) (vpc.Network, error) {
	if !vpc.ValidID("acl", id) {
		return vpc.Network{}, errMalformed("NetworkAclID", id, "acl")
	}
	for n := range s.store.Networks.List(r, caller.Account, caller.Region) {
		if n.ACL() == id {
			return n, nil
		}
	}
	return vpc.Network{}, errACLNotFound(id)
}

func (s *Service) aclShape(r store.Reader, n vpc.Network) ec2.NetworkAcl {
	shape := ec2.NetworkAcl{
		IsDefault:    wire.Ptr(true),
		NetworkAclId: wire.Ptr(n.ACL()),
		OwnerId:      wire.Ptr(n.Account),
		VpcId:        wire.Ptr(n.ID),
	}
	for sn := range s.store.Subnets.By(r, "vpc", n.ID) {
		shape.Associations = append(shape.Associations, ec2.NetworkAclAssociation{
			NetworkAclAssociationId: wire.Ptr("aclassoc-" + strings.TrimPrefix(sn.ID, "subnet-")),
			NetworkAclId:            shape.NetworkAclId,
			SubnetId:                wire.Ptr(sn.ID),
		})
	}
	for _, egress := range []bool{true, false} {
		shape.Entries = append(shape.Entries, aclEntry(egress, allIPv4, 100, ec2.RuleActionAllow))
		if n.IPv6.CIDR.IsValid() {
			shape.Entries = append(shape.Entries, aclEntry(egress, allIPv6, 101, ec2.RuleActionAllow))
		}
		shape.Entries = append(shape.Entries, aclEntry(egress, allIPv4, 32767, ec2.RuleActionDeny))
		if n.IPv6.CIDR.IsValid() {
			shape.Entries = append(shape.Entries, aclEntry(egress, allIPv6, 32768, ec2.RuleActionDeny))
		}
	}
	return shape
}

// aclEntry is an entry for every protocol.
func aclEntry(egress bool, cidr netip.Prefix, number int32, action string) ec2.NetworkAclEntry {
	entry := ec2.NetworkAclEntry{Egress: &egress, Protocol: wire.Ptr("-1"), RuleAction: &action, RuleNumber: &number}
	if text := cidr.String(); cidr.Addr().Is4() {
		entry.CidrBlock = &text
	} else {
		entry.Ipv6CidrBlock = &text
	}
	return entry
}

var aclFilters = filters[*ec2.NetworkAcl]{
	"association.association-id": func(a *ec2.NetworkAcl) []string {
		return texts(a.Associations, func(x ec2.NetworkAclAssociation) *string { return x.NetworkAclAssociationId })
	},
	"association.network-acl-id": func(a *ec2.NetworkAcl) []string {
		return texts(a.Associations, func(x ec2.NetworkAclAssociation) *string { return x.NetworkAclId })
	},
	"association.subnet-id": func(a *ec2.NetworkAcl) []string {
		return texts(a.Associations, func(x ec2.NetworkAclAssociation) *string { return x.SubnetId })
	},
	"default": func(a *ec2.NetworkAcl) []string { return flag(a.IsDefault) },
	"entry.cidr": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return e.CidrBlock })
	},
	"entry.ipv6-cidr": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return e.Ipv6CidrBlock })
	},
	"entry.protocol": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return e.Protocol })
	},
	"entry.rule-action": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return e.RuleAction })
	},
	"entry.egress": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return wire.Ptr(strconv.FormatBool(*e.Egress)) })
	},
	"entry.rule-number": func(a *ec2.NetworkAcl) []string {
		return texts(a.Entries, func(e ec2.NetworkAclEntry) *string { return wire.Ptr(strconv.Itoa(int(*e.RuleNumber))) })
	},
	// No entry is for one protocol, and so has no ports or types.
	"entry.icmp.code":       func(*ec2.NetworkAcl) []string { return nil },
	"entry.icmp.type":       func(*ec2.NetworkAcl) []string { return nil },
	"entry.port-range.from": func(*ec2.NetworkAcl) []string { return nil },
	"entry.port-range.to":   func(*ec2.NetworkAcl) []string { return nil },
	"network-acl-id":        func(a *ec2.NetworkAcl) []string { return one(a.NetworkAclId) },
	"owner-id":              func(a *ec2.NetworkAcl) []string { return one(a.OwnerId) },
	"vpc-id":                func(a *ec2.NetworkAcl) []string { return one(a.VpcId) },
	tagFilter:               func(a *ec2.NetworkAcl) []string { return tagSetPairs(a.Tags) },
}
