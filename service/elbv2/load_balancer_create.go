package elbv2

import (
	"cmp"
	"context"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/elbv2"
)

// CreateLoadBalancer makes a network load balancer with a network interface in
// each subnet. When it answers, the load balancer works; the answer
// nevertheless says provisioning, which is what clients expect of a new one.
// The same request again answers with what the first one made.
func (s *Service) CreateLoadBalancer(ctx context.Context, in *elbv2.CreateLoadBalancerInput) (*elbv2.CreateLoadBalancerOutput, error) {
	wanted, err := s.newLoadBalancer(ctx, in)
	if err != nil {
		return nil, err
	}
	places, err := placesOf(in)
	if err != nil {
		return nil, err
	}
	var answer elbv2.LoadBalancer
	err = s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		made, known, err := s.loadBalancerOfName(tx, wanted, places)
		if err != nil {
			return nil, err
		}
		if known {
			answer = shapeOf(made, s.state(tx, made))
			return s.reach(tx.Snapshot(), made), nil
		}
		made = wanted
		if err := s.place(tx, &made, places); err != nil {
			return nil, err
		}
		s.store.LoadBalancers.Put(tx, made)
		answer = shapeOf(made, elbv2.LoadBalancerStateEnumProvisioning)
		return []string{made.VPC}, nil
	})
	if err != nil {
		return nil, err
	}
	return &elbv2.CreateLoadBalancerOutput{LoadBalancers: []elbv2.LoadBalancer{answer}}, nil
}

// newLoadBalancer checks a request as far as that needs no records, and returns
// the load balancer that it asks for, without nodes.
func (s *Service) newLoadBalancer(ctx context.Context, in *elbv2.CreateLoadBalancerInput) (vpc.LoadBalancer, error) {
	name, o := wire.Value(in.Name), ownerFrom(ctx)
	if err := checkLoadBalancerName(name); err != nil {
		return vpc.LoadBalancer{}, err
	}
	if err := checkUnavailable(in); err != nil {
		return vpc.LoadBalancer{}, err
	}
	tags, err := s.mergeTags(nil, in.Tags)
	if err != nil {
		return vpc.LoadBalancer{}, err
	}
	hash := newHash()
	return vpc.LoadBalancer{
		Owner:       o,
		ARN:         newARN(o, "loadbalancer/net/"+name+"/"+hash),
		Name:        name,
		DNSName:     name + "-" + hash + ".elb." + o.Region + "." + vpc.PartitionOf(o.Region).Suffix,
		Scheme:      cmp.Or(wire.Value(in.Scheme), elbv2.LoadBalancerSchemeEnumInternetFacing),
		Groups:      distinct(in.SecurityGroups),
		AddressType: cmp.Or(wire.Value(in.IpAddressType), elbv2.IpAddressTypeIpv4),
		Created:     s.now().UTC(),
		Tags:        tags,
	}, nil
}

// maxName is how long a name may be, in characters.
const maxName = 32

var nameCharacters = regexp.MustCompile(`^[a-zA-Z0-9-]+$`)

func checkLoadBalancerName(name string) error {
	if err := checkName("load balancer", name); err != nil {
		return err
	}
	if strings.HasPrefix(name, "internal-") {
		return errValidation("The load balancer name '%s' cannot begin with 'internal-'", name)
	}
	return nil
}

// checkName checks the name of a load balancer or a target group.
func checkName(noun, name string) error {
	switch {
	case name == "":
		return errValidation("The %s name cannot be empty", noun)
	case len(name) > maxName:
		return errValidation("The %s name '%s' cannot be longer than '%d' characters", noun, name, maxName)
	case !nameCharacters.MatchString(name):
		return errValidation("The %s name '%s' can only contain characters that are alphanumeric characters and hyphens(-)", noun, name)
	case strings.HasPrefix(name, "-") || strings.HasSuffix(name, "-"):
		return errValidation("The %s name '%s' cannot begin or end with a hyphen(-)", noun, name)
	}
	return nil
}

// checkUnavailable refuses what there is not: other types of load balancers,
// and what they or AWS's hardware have.
func checkUnavailable(in *elbv2.CreateLoadBalancerInput) error {
	kind := cmp.Or(wire.Value(in.Type), elbv2.LoadBalancerTypeEnumApplication)
	switch {
	case kind != elbv2.LoadBalancerTypeEnumNetwork:
		return errValidation("Load balancers with type '%s' are not available; the type must be 'network'", kind)
	case wire.Value(in.IpAddressType) == elbv2.IpAddressTypeDualstackWithoutPublicIpv4:
		return errValidation("The IP address type 'dualstack-without-public-ipv4' is not supported on load balancers with type 'network'")
	case wire.Value(in.EnablePrefixForIpv6SourceNat) == elbv2.EnablePrefixForIpv6SourceNatEnumOn:
		return errUnavailable("EnablePrefixForIpv6SourceNat")
	case in.CustomerOwnedIpv4Pool != nil:
		return errUnavailable("CustomerOwnedIpv4Pool")
	case in.IpamPools != nil:
		return errUnavailable("IpamPools")
	}
	return nil
}

// loadBalancerOfName looks for a load balancer of the wanted one's name: known
// is true where it has the same settings, other settings are an error.
func (s *Service) loadBalancerOfName(tx *store.Tx, wanted vpc.LoadBalancer, places []place) (row vpc.LoadBalancer, known bool, err error) {
	others := 0
	for l := range s.store.LoadBalancers.List(tx, wanted.Account, wanted.Region) {
		switch {
		case l.Name != wanted.Name:
			others++
		case sameLoadBalancer(l, wanted, places):
			return l, true, nil
		default:
			return vpc.LoadBalancer{}, false, errDuplicateName("DuplicateLoadBalancerName", "load balancer", l.Name)
		}
	}
	if s.limits.Account && others >= s.limits.LoadBalancersPerReg {
		return vpc.LoadBalancer{}, false, errLimit("TooManyLoadBalancers", "load balancers", s.limits.LoadBalancersPerReg)
	}
	return vpc.LoadBalancer{}, false, nil
}

func sameLoadBalancer(l, wanted vpc.LoadBalancer, places []place) bool {
	return l.Scheme == wanted.Scheme && l.AddressType == wanted.AddressType &&
		slices.Equal(slices.Sorted(slices.Values(l.Groups)), slices.Sorted(slices.Values(wanted.Groups))) &&
		maps.Equal(l.Tags, wanted.Tags) &&
		len(l.Nodes) == len(places) &&
		!slices.ContainsFunc(places, func(p place) bool {
			return !slices.ContainsFunc(l.Nodes, func(n vpc.LoadBalancerNode) bool {
				return n.Subnet == p.subnet && n.Asked == p.addresses
			})
		})
}

// distinct returns ids in their order without repetitions.
func distinct(ids []string) []string {
	var d []string
	for _, id := range ids {
		if !slices.Contains(d, id) {
			d = append(d, id)
		}
	}
	return d
}
