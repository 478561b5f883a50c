package ec2

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// defaultGroupName is the name of the group that every VPC has.
const defaultGroupName = "default"

// maxGroupText is the length of the longest name and description.
const maxGroupText = 255

// What everything is in a rule.
var (
	allIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	allIPv6 = netip.MustParsePrefix("::/0")
)

// defaultGroup is a new VPC's default group: its members reach one another,
// and everything else is reached by them.
func defaultGroup(o vpc.Owner, vpcID string, now time.Time) vpc.SecurityGroup {
	g := newGroup(o, vpcID, now)
	g.Name, g.Description = defaultGroupName, "default VPC security group"
	g.Rules = append(g.Rules, vpc.SecurityGroupRule{
		ID: vpc.NewID("sgr"), Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, Group: g.ID})
	return g
}

// newGroup is a group that lets nothing in and everything out.
func newGroup(o vpc.Owner, vpcID string, now time.Time) vpc.SecurityGroup {
	return vpc.SecurityGroup{
		Owner:   o,
		ID:      vpc.NewID("sg"),
		VPC:     vpcID,
		Rules:   []vpc.SecurityGroupRule{{ID: vpc.NewID("sgr"), Egress: true, Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: allIPv4}},
		Created: now,
	}
}

// openIPv6 lets everything out of g over IPv6, if that is so over IPv4 and
// nobody has changed what g lets out: the group of a VPC with IPv6 does so.
// It reports whether it has changed g.
func openIPv6(g *vpc.SecurityGroup) bool {
	var out []vpc.SecurityGroupRule
	for _, r := range g.Rules {
		if r.Egress {
			out = append(out, r)
		}
	}
	if len(out) != 1 || out[0].CIDR != allIPv4 || out[0].Protocol != vpc.ProtocolAll {
		return false
	}
	rule := vpc.SecurityGroupRule{ID: vpc.NewID("sgr"), Egress: true, Protocol: vpc.ProtocolAll, FromPort: -1, ToPort: -1, CIDR: allIPv6}
	g.Rules = append(slices.Clip(g.Rules), rule)
	return true
}

// CreateSecurityGroup makes a security group in a VPC.
func (s *Service) CreateSecurityGroup(ctx context.Context, in *ec2.CreateSecurityGroupInput) (*ec2.CreateSecurityGroupOutput, error) {
	caller := auth.CallerFrom(ctx)
	g := newGroup(ownerOf(caller), wire.Value(in.VpcId), s.now().UTC())
	g.Name, g.Description = wire.Value(in.GroupName), wire.Value(in.Description)
	if err := checkGroupTexts(g); err != nil {
		return nil, err
	}
	var err error
	if g.Tags, err = s.tagsOnCreate(in.TagSpecifications, ec2.ResourceTypeSecurityGroup); err != nil {
		return nil, err
	}
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		if in.VpcId == nil {
			return nil, errNoDefaultVPC()
		}
		n, err := s.network(tx, caller, g.VPC)
		if err != nil {
			return nil, err
		}
		if n.IPv6.CIDR.IsValid() {
			openIPv6(&g)
		}
		for other := range s.store.SecurityGroups.By(tx, "vpc", g.VPC) {
			if other.Name == g.Name {
				return nil, errGroupExists(g.Name, g.VPC)
			}
		}
		if s.limits.Account && count(s.store.SecurityGroups.List(tx, g.Account, g.Region)) >= s.limits.GroupsPerReg {
			return nil, errGroupLimit()
		}
		s.store.SecurityGroups.Put(tx, g)
		return []string{g.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.CreateSecurityGroupOutput{
		GroupId:          wire.Ptr(g.ID),
		SecurityGroupArn: wire.Ptr(arn(g.Owner, "security-group", g.ID)),
		Tags:             tagList(g.Tags),
	}, nil
}

func checkGroupTexts(g vpc.SecurityGroup) error {
	switch {
	case g.Name == "":
		return errMissing("GroupName")
	case g.Description == "":
		return errMissing("GroupDescription")
	case g.Name == defaultGroupName:
		return errGroupReserved()
	case strings.HasPrefix(strings.ToLower(g.Name), "sg-"):
		return errInvalid("Group names may not be in the format sg-*.")
	case !groupText(g.Name):
		return errInvalid("Value (%s) for parameter GroupName is invalid. Character sets beyond ASCII are not supported.", g.Name)
	case !groupText(g.Description):
		return errInvalid("Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", g.Description)
	}
	return nil
}

// groupText reports whether a name or description has the characters and the
// length that EC2 allows.
func groupText(s string) bool {
	return utf8.RuneCountInString(s) <= maxGroupText && !strings.ContainsFunc(s, func(c rune) bool {
		letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
		return !letter && !strings.ContainsRune(" ._-:/()#,@[]+=&;{}!$*", c)
	})
}

// DeleteSecurityGroup deletes a group that no network interface carries and
// no other group's rule names.
func (s *Service) DeleteSecurityGroup(ctx context.Context, in *ec2.DeleteSecurityGroupInput) (*ec2.DeleteSecurityGroupOutput, error) {
	var g vpc.SecurityGroup
	err := s.apply(ctx, func(tx *store.Tx) (_ []string, err error) {
		if g, err = s.group(tx, auth.CallerFrom(ctx), in.GroupId, in.GroupName); err != nil {
			return nil, err
		}
		if g.Name == defaultGroupName {
			return nil, errGroupCannotDelete(g.ID)
		}
		named := slices.ContainsFunc(slices.Collect(s.store.SecurityGroups.By(tx, "peer", g.ID)),
			func(other vpc.SecurityGroup) bool { return other.ID != g.ID })
		if named || count(s.store.ENIs.By(tx, "group", g.ID)) > 0 || s.carriedByEndpoint(tx, g) {
			return nil, errGroupInUse(g.ID)
		}
		s.store.SecurityGroups.Delete(tx, ownKey(g.Owner, g.ID))
		return []string{g.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &ec2.DeleteSecurityGroupOutput{Return: wire.Ptr(true), GroupId: wire.Ptr(g.ID)}, nil
}

// carriedByEndpoint finds endpoints without subnets: they have no interface
// yet that would carry their groups.
func (s *Service) carriedByEndpoint(tx *store.Tx, g vpc.SecurityGroup) bool {
	for e := range s.store.Endpoints.By(tx, "vpc", g.VPC) {
		if slices.Contains(e.Groups, g.ID) {
			return true
		}
	}
	return false
}

// group reads one of the caller's groups, by id or, as in the VPC that has
// the name alone, by name.
func (s *Service) group(r store.Reader, caller auth.Caller, id, name *string) (vpc.SecurityGroup, error) {
	switch {
	case id != nil && !vpc.ValidID("sg", *id):
		return vpc.SecurityGroup{}, errGroupMalformed(*id)
	case id != nil:
		g, ok := s.store.SecurityGroups.Get(r, key(caller, *id))
		if !ok {
			return vpc.SecurityGroup{}, errGroupNotFound(*id)
		}
		return g, nil
	case name == nil:
		return vpc.SecurityGroup{}, errMissing("GroupId")
	}
	var found []vpc.SecurityGroup
	for g := range s.store.SecurityGroups.List(r, caller.Account, caller.Region) {
		if g.Name == *name {
			found = append(found, g)
		}
	}
	if len(found) != 1 { // a name means something only in a default VPC, or where it is the only one
		return vpc.SecurityGroup{}, errGroupNotFound(*name)
	}
	return found[0], nil
}
