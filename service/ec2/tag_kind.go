package ec2

import (
	"iter"
	"slices"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire/ec2"
)

// kind is a kind of resource that has tags.
type kind struct {
	prefix   string // of its ids
	resource string // as ResourceType
	// change replaces the tags of one resource and names its VPC, if it has one.
	change func(s *Service, tx *store.Tx, k store.Key, fn func(vpc.Tags) (vpc.Tags, error)) (vpcID string, err error)
	// list yields the ids and tags of the caller's resources.
	list func(s *Service, r store.Reader, c auth.Caller) iter.Seq2[string, vpc.Tags]
	// get returns those of one resource; nil: they are in no table of their
	// own, and list is asked.
	get func(s *Service, r store.Reader, k store.Key) vpc.Tags
}

// taggableKinds are all kinds with tags, in the order of DescribeTags. The
// rules of security groups and the permissions of endpoint services have no
// rows of their own.
var taggableKinds = []kind{
	tableKind("vpc", ec2.ResourceTypeVpc, func(s *Service) *store.Table[vpc.Network] { return s.store.Networks },
		errVpcNotFound, func(v *vpc.Network) (string, string, *vpc.Tags) { return v.ID, v.ID, &v.Tags }),
	tableKind("subnet", ec2.ResourceTypeSubnet, func(s *Service) *store.Table[vpc.Subnet] { return s.store.Subnets },
		errSubnetNotFound, func(v *vpc.Subnet) (string, string, *vpc.Tags) { return v.ID, v.VPC, &v.Tags }),
	tableKind("rtb", ec2.ResourceTypeRouteTable, func(s *Service) *store.Table[vpc.RouteTable] { return s.store.RouteTables },
		errRouteTableNotFound, func(v *vpc.RouteTable) (string, string, *vpc.Tags) { return v.ID, v.VPC, &v.Tags }),
	tableKind("sg", ec2.ResourceTypeSecurityGroup, func(s *Service) *store.Table[vpc.SecurityGroup] { return s.store.SecurityGroups },
		errGroupNotFound, func(v *vpc.SecurityGroup) (string, string, *vpc.Tags) { return v.ID, v.VPC, &v.Tags }),
	{prefix: "sgr", resource: ec2.ResourceTypeSecurityGroupRule, change: changeRuleTags, list: listRuleTags},
	tableKind("eni", ec2.ResourceTypeNetworkInterface, func(s *Service) *store.Table[vpc.ENI] { return s.store.ENIs },
		errInterfaceNotFound, func(v *vpc.ENI) (string, string, *vpc.Tags) { return v.ID, v.VPC, &v.Tags }),
	tableKind("vpce", ec2.ResourceTypeVpcEndpoint, func(s *Service) *store.Table[vpc.Endpoint] { return s.store.Endpoints },
		errEndpointNotFound, func(v *vpc.Endpoint) (string, string, *vpc.Tags) { return v.ID, v.VPC, &v.Tags }),
	tableKind("vpce-svc", ec2.ResourceTypeVpcEndpointService, func(s *Service) *store.Table[vpc.ServiceConfiguration] { return s.store.ServiceConfigurations },
		errServiceIDNotFound, func(v *vpc.ServiceConfiguration) (string, string, *vpc.Tags) { return v.ID, "", &v.Tags }),
	{prefix: "vpce-svc-perm", resource: ec2.ResourceTypeVpcEndpointServicePermission, change: changePermissionTags, list: listPermissionTags},
	tableKind("fl", ec2.ResourceTypeVpcFlowLog, func(s *Service) *store.Table[vpc.FlowLog] { return s.store.FlowLogs },
		func(id string) error { return errFlowLogsNotFound([]string{id}) },
		func(v *vpc.FlowLog) (string, string, *vpc.Tags) { return v.ID, "", &v.Tags }),
}

// taggableKind finds the kind of an id.
func taggableKind(id string) (kind, bool) {
	prefix := id[:max(0, strings.LastIndexByte(id, '-'))]
	for _, k := range taggableKinds {
		if k.prefix == prefix && vpc.ValidID(prefix, id) {
			return k, true
		}
	}
	return kind{}, false
}

// tableKind is a kind whose resources are the rows of a table.
func tableKind[T any](prefix, resource string, table func(*Service) *store.Table[T],
	notFound func(id string) error, parts func(*T) (id, vpcID string, tags *vpc.Tags)) kind {
	return kind{
		prefix:   prefix,
		resource: resource,
		change: func(s *Service, tx *store.Tx, k store.Key, fn func(vpc.Tags) (vpc.Tags, error)) (string, error) {
			row, ok := table(s).Get(tx, k)
			if !ok {
				return "", notFound(k.ID)
			}
			_, vpcID, tags := parts(&row)
			changed, err := fn(*tags)
			if err != nil {
				return "", err
			}
			*tags = changed
			table(s).Put(tx, row)
			return vpcID, nil
		},
		list: func(s *Service, r store.Reader, c auth.Caller) iter.Seq2[string, vpc.Tags] {
			return func(yield func(string, vpc.Tags) bool) {
				for row := range table(s).List(r, c.Account, c.Region) {
					id, _, tags := parts(&row)
					if !yield(id, *tags) {
						return
					}
				}
			}
		},
		get: func(s *Service, r store.Reader, k store.Key) vpc.Tags {
			row, _ := table(s).Get(r, k)
			_, _, tags := parts(&row)
			return *tags
		},
	}
}

// tagsOf returns the tags of one resource.
func (k kind) tagsOf(s *Service, at store.Key) vpc.Tags {
	r := s.store.Snapshot()
	if k.get != nil {
		return k.get(s, r, at)
	}
	for id, tags := range k.list(s, r, auth.Caller{Account: at.Account, Region: at.Region}) {
		if id == at.ID {
			return tags
		}
	}
	return nil
}

// changeRuleTags replaces the tags of a security group's rule.
func changeRuleTags(s *Service, tx *store.Tx, k store.Key, fn func(vpc.Tags) (vpc.Tags, error)) (string, error) {
	for g := range s.store.SecurityGroups.List(tx, k.Account, k.Region) {
		for i, r := range g.Rules {
			if r.ID != k.ID {
				continue
			}
			tags, err := fn(r.Tags)
			if err != nil {
				return "", err
			}
			g.Rules = slices.Clone(g.Rules)
			g.Rules[i].Tags = tags
			s.store.SecurityGroups.Put(tx, g)
			return g.VPC, nil
		}
	}
	return "", errRuleNotFound(k.ID)
}

func listRuleTags(s *Service, r store.Reader, c auth.Caller) iter.Seq2[string, vpc.Tags] {
	return func(yield func(string, vpc.Tags) bool) {
		for g := range s.store.SecurityGroups.List(r, c.Account, c.Region) {
			for _, rule := range g.Rules {
				if !yield(rule.ID, rule.Tags) {
					return
				}
			}
		}
	}
}
