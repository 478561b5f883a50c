package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeDhcpOptions answers with the only set of DHCP options that the
// caller has in the Region: the default one, which names the VPC's resolver.
func (s *Service) DescribeDhcpOptions(ctx context.Context, in *ec2.DescribeDhcpOptionsInput) (*ec2.DescribeDhcpOptionsOutput, error) {
	match, err := compileFilters(dhcpFilters, in.Filters)
	if err != nil {
		return nil, err
	}
	owner := ownerOf(auth.CallerFrom(ctx))
	rows, err := pick(in.DhcpOptionsIds, slices.Values([]vpc.Owner{owner}),
		func(id string) (vpc.Owner, error) { return owner, checkDHCPOptions(owner, id) })
	if err != nil {
		return nil, err
	}
	out := &ec2.DescribeDhcpOptionsOutput{}
	for _, o := range rows {
		if shape := dhcpOptionsShape(o); match(&shape) {
			out.DhcpOptions = append(out.DhcpOptions, shape)
		}
	}
	return out, nil
}

func checkDHCPOptions(o vpc.Owner, id string) error {
	switch {
	case !vpc.ValidID("dopt", id):
		return errMalformed("DhcpOptionsId", id, "dopt")
	case id != vpc.DefaultDHCPOptions(o):
		return errDHCPOptionsNotFound(id)
	}
	return nil
}

func dhcpOptionsShape(o vpc.Owner) ec2.DhcpOptions {
	option := func(key, value string) ec2.DhcpConfiguration {
		return ec2.DhcpConfiguration{Key: &key, Values: []ec2.AttributeValue{{Value: &value}}}
	}
	return ec2.DhcpOptions{
		DhcpConfigurations: []ec2.DhcpConfiguration{
			option("domain-name", vpc.InternalDomain(o.Region)),
			option("domain-name-servers", "AmazonProvidedDNS"),
		},
		DhcpOptionsId: wire.Ptr(vpc.DefaultDHCPOptions(o)),
		OwnerId:       wire.Ptr(o.Account),
	}
}

var dhcpFilters = filters[*ec2.DhcpOptions]{
	"dhcp-options-id": func(d *ec2.DhcpOptions) []string { return one(d.DhcpOptionsId) },
	"owner-id":        func(d *ec2.DhcpOptions) []string { return one(d.OwnerId) },
	"key": func(d *ec2.DhcpOptions) []string {
		return texts(d.DhcpConfigurations, func(c ec2.DhcpConfiguration) *string { return c.Key })
	},
	"value": func(d *ec2.DhcpOptions) []string {
		return texts(d.DhcpConfigurations, func(c ec2.DhcpConfiguration) *string { return c.Values[0].Value })
	},
	tagFilter: func(d *ec2.DhcpOptions) []string { return tagSetPairs(d.Tags) },
}
