package ec2

import (
	"context"
	"errors"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DeleteVpcEndpoints removes endpoints with their network interfaces and
// notifications. One that does not exist is named in the answer and does not
// keep the others.
func (s *Service) DeleteVpcEndpoints(ctx context.Context, in *ec2.DeleteVpcEndpointsInput) (*ec2.DeleteVpcEndpointsOutput, error) {
	out := &ec2.DeleteVpcEndpointsOutput{}
	gone := make(map[string]int64) // by VPC
	for _, id := range distinct(in.VpcEndpointIds) {
		vpcs, revision, err := s.deleteEndpoint(ctx, auth.CallerFrom(ctx), id)
		if refused, ok := errors.AsType[*wire.Error](err); ok {
			out.Unsuccessful = append(out.Unsuccessful, undeleted(id, refused))
			continue
		}
		if err != nil {
			return nil, err
		}
		for _, vpcID := range vpcs {
			gone[vpcID] = revision
		}
	}
	return out, s.waitAll(ctx, gone)
}

// waitAll waits until each VPC of changed is applied at its revision.
func (s *Service) waitAll(ctx context.Context, changed map[string]int64) error {
	for vpcID, revision := range changed {
		if err := s.store.WaitApplied(ctx, revision, vpcID); err != nil {
			return err
		}
	}
	return nil
}

// deleteEndpoint removes one endpoint and returns the VPCs that it concerned
// and the revision at which it is gone.
func (s *Service) deleteEndpoint(ctx context.Context, caller auth.Caller, id string) (vpcs []string, revision int64, err error) {
	revision, err = s.store.Update(ctx, func(tx *store.Tx) error {
		e, err := s.endpoint(tx, caller, id)
		if err != nil {
			return err
		}
		vpcs = s.endpointVPCs(tx, e)
		for _, eni := range e.ENIs {
			s.removeInterface(tx, ownKey(e.Owner, eni))
		}
		for n := range s.store.ConnectionNotifications.By(tx, "endpoint", e.ID) {
			s.store.ConnectionNotifications.Delete(tx, s.store.ConnectionNotifications.Key(n))
		}
		s.store.Endpoints.Delete(tx, s.store.Endpoints.Key(e))
		return nil
	})
	return vpcs, revision, err
}

// undeleted is the item of the answer for an endpoint that does not exist.
// Its code is not the one of a whole request that fails.
func undeleted(id string, refused *wire.Error) ec2.UnsuccessfulItem {
	item := unsuccessful(id, refused)
	if refused.Code == "InvalidVpcEndpointId.NotFound" {
		item.Error.Code = wire.Ptr("InvalidVpcEndpoint.NotFound")
	}
	return item
}

// unsuccessful is the item of a bulk answer for a resource that was refused.
func unsuccessful(id string, refused *wire.Error) ec2.UnsuccessfulItem {
	return ec2.UnsuccessfulItem{
		ResourceId: &id,
		Error:      &ec2.UnsuccessfulItemError{Code: &refused.Code, Message: &refused.Message},
	}
}
