package ec2

import (
	"context"

	"github.com/postern/postern/wire/ec2"
)

// DescribePrefixLists answers with the prefix lists of the gateway endpoints'
// services. None of the services here has a gateway endpoint, so there are no
// lists.
func (s *Service) DescribePrefixLists(_ context.Context, in *ec2.DescribePrefixListsInput) (*ec2.DescribePrefixListsOutput, error) {
	if _, err := compileFilters(prefixListFilters, in.Filters); err != nil {
		return nil, err
	}
	for _, id := range in.PrefixListIds {
		return nil, errPrefixListNotFound(id)
	}
	return &ec2.DescribePrefixListsOutput{}, nil
}

var prefixListFilters = filters[*ec2.PrefixList]{
	"prefix-list-id":   func(p *ec2.PrefixList) []string { return one(p.PrefixListId) },
	"prefix-list-name": func(p *ec2.PrefixList) []string { return one(p.PrefixListName) },
}
