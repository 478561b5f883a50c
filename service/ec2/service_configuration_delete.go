package ec2

import (
	"context"
	"errors"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DeleteVpcEndpointServiceConfigurations removes endpoint services with their
// notifications. One that has endpoints or does not exist is named in the
// answer and does not keep the others.
func (s *Service) DeleteVpcEndpointServiceConfigurations(ctx context.Context, in *ec2.DeleteVpcEndpointServiceConfigurationsInput) (*ec2.DeleteVpcEndpointServiceConfigurationsOutput, error) {
	for _, id := range in.ServiceIds {
		if !vpc.ValidID("vpce-svc", id) {
			return nil, errServiceIDMalformed(id)
		}
	}
	caller := auth.CallerFrom(ctx)
	out := &ec2.DeleteVpcEndpointServiceConfigurationsOutput{}
	_, err := s.store.Update(ctx, func(tx *store.Tx) (err error) {
		out.Unsuccessful, err = eachOf(in.ServiceIds, func(id string) error { return s.deleteServiceConfiguration(tx, caller, id) })
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

func (s *Service) deleteServiceConfiguration(tx *store.Tx, caller auth.Caller, id string) error {
	c, ok := s.store.ServiceConfigurations.Get(tx, key(caller, id))
	if !ok {
		return errServiceGone(id)
	}
	if count(s.attached(tx, c)) > 0 {
		return errServiceInUse()
	}
	for _, n := range slices.Collect(s.store.ConnectionNotifications.By(tx, "service", c.ID)) {
		s.store.ConnectionNotifications.Delete(tx, s.store.ConnectionNotifications.Key(n))
	}
	s.store.ServiceConfigurations.Delete(tx, key(caller, id))
	return nil
}

// eachOf does something to each of the ids, and returns the items of a bulk
// answer for those to which it was refused.
func eachOf(ids []string, do func(id string) error) ([]ec2.UnsuccessfulItem, error) {
	var items []ec2.UnsuccessfulItem
	for _, id := range distinct(ids) {
		err := do(id)
		if refused, ok := errors.AsType[*wire.Error](err); ok {
			items = append(items, unsuccessful(id, refused))
		} else if err != nil {
			return nil, err
		}
	}
	return items, nil
}
