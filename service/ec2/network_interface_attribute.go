package ec2

import (
	"context"
	"slices"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// DescribeNetworkInterfaceAttribute answers with one attribute of a network
// interface.
func (s *Service) DescribeNetworkInterfaceAttribute(ctx context.Context, in *ec2.DescribeNetworkInterfaceAttributeInput) (*ec2.DescribeNetworkInterfaceAttributeOutput, error) {
	r := s.store.Snapshot()
	eni, err := s.networkInterface(r, auth.CallerFrom(ctx), wire.Value(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	shape := s.interfaceShape(r, eni)
	out := &ec2.DescribeNetworkInterfaceAttributeOutput{NetworkInterfaceId: &eni.ID}
	switch attribute := wire.Value(in.Attribute); attribute {
	case ec2.NetworkInterfaceAttributeDescription:
		out.Description = &ec2.AttributeValue{Value: shape.Description}
	case ec2.NetworkInterfaceAttributeGroupSet:
		out.Groups = shape.Groups
	case ec2.NetworkInterfaceAttributeSourceDestCheck:
		out.SourceDestCheck = &ec2.AttributeBooleanValue{Value: shape.SourceDestCheck}
	case ec2.NetworkInterfaceAttributeAttachment:
		out.Attachment = shape.Attachment
	case ec2.NetworkInterfaceAttributeAssociatePublicIpAddress:
		out.AssociatePublicIpAddress = wire.Ptr(false)
	case "":
		return nil, errCombination("No attributes specified.")
	default:
		return nil, errInvalid("Value (%s) for parameter attribute is invalid. Unknown attribute.", attribute)
	}
	return out, nil
}

// ModifyNetworkInterfaceAttribute sets one attribute of a workload's network
// interface. What AWS manages is not the caller's to change.
func (s *Service) ModifyNetworkInterfaceAttribute(ctx context.Context, in *ec2.ModifyNetworkInterfaceAttributeInput) (*ec2.ModifyNetworkInterfaceAttributeOutput, error) {
	set, err := s.interfaceChange(in)
	if err != nil {
		return nil, err
	}
	if err := s.changeInterface(ctx, wire.Value(in.NetworkInterfaceId), set); err != nil {
		return nil, err
	}
	return &ec2.ModifyNetworkInterfaceAttributeOutput{}, nil
}

// ResetNetworkInterfaceAttribute switches the check of source and destination
// on, which it always is.
func (s *Service) ResetNetworkInterfaceAttribute(ctx context.Context, in *ec2.ResetNetworkInterfaceAttributeInput) (*ec2.ResetNetworkInterfaceAttributeOutput, error) {
	unchanged := func(*store.Tx, *vpc.ENI) error { return nil }
	if err := s.changeInterface(ctx, wire.Value(in.NetworkInterfaceId), unchanged); err != nil {
		return nil, err
	}
	return &ec2.ResetNetworkInterfaceAttributeOutput{}, nil
}

// changeInterface changes one of the caller's network interfaces.
func (s *Service) changeInterface(ctx context.Context, id string, set func(*store.Tx, *vpc.ENI) error) error {
	return s.apply(ctx, func(tx *store.Tx) ([]string, error) {
		eni, err := s.networkInterface(tx, auth.CallerFrom(ctx), id)
		if err != nil {
			return nil, err
		}
		if eni.RequesterManaged {
			return nil, errInterfaceManaged()
		}
		if err := set(tx, &eni); err != nil {
			return nil, err
		}
		s.store.ENIs.Put(tx, eni)
		return []string{eni.VPC}, nil
	})
}

// interfaceChange reads the one attribute that a request sets.
func (s *Service) interfaceChange(in *ec2.ModifyNetworkInterfaceAttributeInput) (func(*store.Tx, *vpc.ENI) error, error) {
	if err := refuseGiven(
		parameter{"AssociatePublicIpAddress", wire.Value(in.AssociatePublicIpAddress)},
		parameter{"AssociatedSubnetIds", len(in.AssociatedSubnetIds) > 0},
		parameter{"ConnectionTrackingSpecification", in.ConnectionTrackingSpecification != nil},
		parameter{"EnaSrdSpecification", in.EnaSrdSpecification != nil},
		parameter{"EnablePrimaryIpv6", wire.Value(in.EnablePrimaryIpv6)},
	); err != nil {
		return nil, err
	}
	var changes []func(*store.Tx, *vpc.ENI) error
	add := func(given bool, set func(*store.Tx, *vpc.ENI) error) {
		if given {
			changes = append(changes, set)
		}
	}
	add(in.Description != nil, func(_ *store.Tx, eni *vpc.ENI) error { return setDescription(eni, wire.Value(in.Description.Value)) })
	add(len(in.Groups) > 0, func(tx *store.Tx, eni *vpc.ENI) (err error) {
		eni.Groups, err = s.groups(tx, eni.Owner, eni.VPC, in.Groups)
		return err
	})
	add(in.SourceDestCheck != nil, func(*store.Tx, *vpc.ENI) error {
		// Each interface sends as itself and receives for itself only.
		return refuseGiven(parameter{"SourceDestCheck", !wire.Value(in.SourceDestCheck.Value)})
	})
	add(in.Attachment != nil, func(_ *store.Tx, eni *vpc.ENI) error { return checkAttachment(*eni, *in.Attachment) })
	switch len(changes) {
	case 0:
		return nil, errCombination("No attributes specified.")
	case 1:
		return changes[0], nil
	}
	return nil, errCombination("Fields for multiple attribute types specified")
}

// maxDescription is the length of the longest description of an interface.
const maxDescription = 255

func setDescription(eni *vpc.ENI, text string) error {
	if len(text) > maxDescription || !printable(text) {
		return errInvalid("Value (%s) for parameter description is invalid.", text)
	}
	eni.Description = text
	return nil
}

// checkAttachment takes what already is: a workload's interface ends with it.
func checkAttachment(eni vpc.ENI, change ec2.NetworkInterfaceAttachmentChanges) error {
	if id := wire.Value(change.AttachmentId); id != eni.Attachment {
		return errAttachmentNotFound(id)
	}
	return refuseGiven(
		parameter{"Attachment.DefaultEnaQueueCount", change.DefaultEnaQueueCount != nil},
		parameter{"Attachment.EnaQueueCount", change.EnaQueueCount != nil},
		parameter{"Attachment.DeleteOnTermination", change.DeleteOnTermination != nil && !*change.DeleteOnTermination},
	)
}

// AttachNetworkInterface refuses: each network interface is in use from its
// first moment to its last.
func (s *Service) AttachNetworkInterface(ctx context.Context, in *ec2.AttachNetworkInterfaceInput) (*ec2.AttachNetworkInterfaceOutput, error) {
	if id := wire.Value(in.InstanceId); !vpc.ValidID("i", id) {
		return nil, errMalformed("InstanceID", id, "i")
	}
	eni, err := s.networkInterface(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	return nil, errInterfaceAttached(eni.ID)
}

// DetachNetworkInterface refuses: the interface of a workload is its first
// one, and the others belong to AWS.
func (s *Service) DetachNetworkInterface(ctx context.Context, in *ec2.DetachNetworkInterfaceInput) (*ec2.DetachNetworkInterfaceOutput, error) {
	caller, id := auth.CallerFrom(ctx), wire.Value(in.AttachmentId)
	switch {
	case vpc.ValidID("ela-attach", id):
		return nil, errManagedAttachment()
	case !vpc.ValidID("eni-attach", id):
		return nil, errMalformed("AttachmentID", id, "eni-attach")
	}
	all := slices.Collect(s.store.ENIs.List(s.store.Snapshot(), caller.Account, caller.Region))
	if !slices.ContainsFunc(all, func(eni vpc.ENI) bool { return eni.Attachment == id }) {
		return nil, errAttachmentNotFound(id)
	}
	return nil, errFirstInterface()
}

// DeleteNetworkInterface refuses: an interface goes with what uses it.
func (s *Service) DeleteNetworkInterface(ctx context.Context, in *ec2.DeleteNetworkInterfaceInput) (*ec2.DeleteNetworkInterfaceOutput, error) {
	eni, err := s.networkInterface(s.store.Snapshot(), auth.CallerFrom(ctx), wire.Value(in.NetworkInterfaceId))
	if err != nil {
		return nil, err
	}
	return nil, errInterfaceInUse(eni.ID)
}
