package ec2

import (
	"strings"
	"testing"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// interfaces gives the fixture's VPC an endpoint's ENI and a workload's.
func interfaces(t *testing.T, s *Service) (managed, workload vpc.ENI) {
	t.Helper()
	createEndpoint(t, s, as(t, me.Account, me.Region), at(subnetA, "10.0.1.10"))
	managed = enis(s)[0]
	workload, _, _, err := s.AttachWorkload(t.Context(), AttachWorkload{Subnet: subnetB, Groups: []string{groupApp}, Session: "s-1", Description: "postern exec"})
	if err != nil {
		t.Fatal(err)
	}
	return managed, workload
}

// What AWS manages is not the user's to change; it may be tagged.
func TestManagedInterfacesRefuseChanges(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	managed, _ := interfaces(t, s)
	id := &managed.ID
	const refusal = "You do not have permission to access the specified resource."
	for _, row := range []struct {
		code, message string
		call          func() error
	}{
		{"AuthFailure", refusal, func() error {
			_, err := s.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: id, Groups: []string{groupApp}})
			return err
		}},
		{"AuthFailure", refusal, func() error {
			_, err := s.ModifyNetworkInterfaceAttribute(ctx, &ec2.ModifyNetworkInterfaceAttributeInput{NetworkInterfaceId: id,
				Description: &ec2.AttributeValue{Value: wire.Ptr("mine")}})
			return err
		}},
		{"AuthFailure", refusal, func() error {
			_, err := s.ResetNetworkInterfaceAttribute(ctx, &ec2.ResetNetworkInterfaceAttributeInput{NetworkInterfaceId: id})
			return err
		}},
		{"OperationNotPermitted", "You are not allowed to manage 'ela-attach' attachments.", func() error {
			_, err := s.DetachNetworkInterface(ctx, &ec2.DetachNetworkInterfaceInput{AttachmentId: &managed.Attachment, Force: wire.Ptr(true)})
			return err
		}},
		{"InvalidParameterValue", "Network interface '" + managed.ID + "' is currently in use.", func() error {
			_, err := s.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: id})
			return err
		}},
		{"InvalidNetworkInterface.InUse", "Interface: [" + managed.ID + "] in use.", func() error {
			_, err := s.AttachNetworkInterface(ctx, &ec2.AttachNetworkInterfaceInput{NetworkInterfaceId: id,
				InstanceId: wire.Ptr("i-0a000000000000001"), DeviceIndex: wire.Ptr(int32(1))})
			return err
		}},
	} {
		wantError(t, row.code, row.message, row.call)
	}
	if _, err := s.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{managed.ID}, Tags: []ec2.Tag{{Key: wire.Ptr("Name"), Value: wire.Ptr("door")}}}); err != nil {
		t.Fatal(err)
	}
	got := describeInterface(t, s, managed.ID)
	if len(got.TagSet) != 1 || *got.TagSet[0].Value != "door" || *got.Groups[0].GroupId != groupDef || *got.Description == "mine" {
		t.Errorf("afterwards %+v", got)
	}
}

func describeInterface(t *testing.T, s *Service, id string) ec2.NetworkInterface {
	t.Helper()
	out, err := s.DescribeNetworkInterfaces(as(t, me.Account, me.Region), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	return out.NetworkInterfaces[0]
}

func TestModifyWorkloadInterface(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	_, work := interfaces(t, s)
	attachment := func(change ec2.NetworkInterfaceAttachmentChanges) ec2.ModifyNetworkInterfaceAttributeInput {
		return ec2.ModifyNetworkInterfaceAttributeInput{Attachment: &change}
	}
	text := func(value string) ec2.ModifyNetworkInterfaceAttributeInput {
		return ec2.ModifyNetworkInterfaceAttributeInput{Description: &ec2.AttributeValue{Value: &value}}
	}
	check := func(on bool) ec2.ModifyNetworkInterfaceAttributeInput {
		return ec2.ModifyNetworkInterfaceAttributeInput{SourceDestCheck: &ec2.AttributeBooleanValue{Value: &on}}
	}
	both := text("x")
	both.Groups = []string{groupEp}
	long := strings.Repeat("x", 256)
	for _, row := range []struct {
		in            ec2.ModifyNetworkInterfaceAttributeInput
		code, message string // empty: it is done
	}{
		{text("mine"), "", ""},
		{ec2.ModifyNetworkInterfaceAttributeInput{Groups: []string{groupEp, groupApp, groupEp}}, "", ""},
		{check(true), "", ""},
		{attachment(ec2.NetworkInterfaceAttachmentChanges{AttachmentId: &work.Attachment, DeleteOnTermination: wire.Ptr(true)}), "", ""},

		{check(false), "UnsupportedOperation", "The parameter SourceDestCheck is not supported"},
		{text(long), "InvalidParameterValue", "Value (" + long + ") for parameter description is invalid."},
		{ec2.ModifyNetworkInterfaceAttributeInput{Groups: []string{otherGroup}}, "InvalidParameter", "Security group " + otherGroup + " does not belong to VPC " + vpcID},
		{ec2.ModifyNetworkInterfaceAttributeInput{Groups: []string{"sg-0f"}}, "InvalidGroup.NotFound", "The security group 'sg-0f' does not exist"},
		{attachment(ec2.NetworkInterfaceAttachmentChanges{AttachmentId: &work.Attachment, DeleteOnTermination: wire.Ptr(false)}),
			"UnsupportedOperation", "The parameter Attachment.DeleteOnTermination is not supported"},
		{attachment(ec2.NetworkInterfaceAttachmentChanges{AttachmentId: wire.Ptr("eni-attach-00000000000000000")}),
			"InvalidAttachmentID.NotFound", "The attachment ID 'eni-attach-00000000000000000' does not exist"},
		{ec2.ModifyNetworkInterfaceAttributeInput{AssociatePublicIpAddress: wire.Ptr(true)}, "UnsupportedOperation", "The parameter AssociatePublicIpAddress is not supported"},
		{both, "InvalidParameterCombination", "Fields for multiple attribute types specified"},
		{ec2.ModifyNetworkInterfaceAttributeInput{}, "InvalidParameterCombination", "No attributes specified."},
	} {
		row.in.NetworkInterfaceId = &work.ID
		_, err := s.ModifyNetworkInterfaceAttribute(ctx, &row.in)
		if row.code != "" {
			refused(t, row.message, err, row.code, row.message)
		} else if err != nil {
			t.Errorf("%+v: %v", row.in, err)
		}
	}
	got := describeInterface(t, s, work.ID)
	if *got.Description != "mine" || len(got.Groups) != 2 || *got.Groups[0].GroupId != groupEp || *got.Groups[1].GroupName != "app" {
		t.Errorf("afterwards %+v", got)
	}
	if _, err := s.ResetNetworkInterfaceAttribute(ctx, &ec2.ResetNetworkInterfaceAttributeInput{NetworkInterfaceId: &work.ID}); err != nil {
		t.Errorf("reset: %v", err)
	}
}

// A workload's interface is its first one, and is in use as long as it lives.
func TestWorkloadInterfaceStays(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	_, work := interfaces(t, s)
	for _, row := range []struct{ id, code, message string }{
		{work.Attachment, "OperationNotPermitted", "The network interface at device index 0 and networkCard index 0 cannot be detached."},
		{"eni-attach-00000000000000000", "InvalidAttachmentID.NotFound", "The attachment ID 'eni-attach-00000000000000000' does not exist"},
		{"x", "InvalidAttachmentID.Malformed", `Invalid id: "x" (expecting "eni-attach-...")`},
	} {
		_, err := s.DetachNetworkInterface(ctx, &ec2.DetachNetworkInterfaceInput{AttachmentId: &row.id})
		refused(t, row.id, err, row.code, row.message)
	}
	_, err := s.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: &work.ID})
	refused(t, "delete", err, "InvalidParameterValue", "Network interface '"+work.ID+"' is currently in use.")
	_, err = s.DeleteNetworkInterface(ctx, &ec2.DeleteNetworkInterfaceInput{NetworkInterfaceId: wire.Ptr("eni-00000000000000000")})
	refused(t, "delete", err, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-00000000000000000' does not exist")
	_, err = s.AttachNetworkInterface(ctx, &ec2.AttachNetworkInterfaceInput{NetworkInterfaceId: &work.ID, InstanceId: wire.Ptr("x")})
	refused(t, "attach", err, "InvalidInstanceID.Malformed", `Invalid id: "x" (expecting "i-...")`)
}

func TestDescribeNetworkInterfaceAttribute(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	managed, _ := interfaces(t, s)
	ask := func(attribute string) (*ec2.DescribeNetworkInterfaceAttributeOutput, error) {
		return s.DescribeNetworkInterfaceAttribute(ctx, &ec2.DescribeNetworkInterfaceAttributeInput{NetworkInterfaceId: &managed.ID, Attribute: &attribute})
	}
	for attribute, holds := range map[string]func(*ec2.DescribeNetworkInterfaceAttributeOutput) bool{
		"description": func(o *ec2.DescribeNetworkInterfaceAttributeOutput) bool {
			return strings.HasPrefix(*o.Description.Value, "VPC Endpoint Interface vpce-")
		},
		"groupSet":        func(o *ec2.DescribeNetworkInterfaceAttributeOutput) bool { return *o.Groups[0].GroupId == groupDef },
		"sourceDestCheck": func(o *ec2.DescribeNetworkInterfaceAttributeOutput) bool { return *o.SourceDestCheck.Value },
		"attachment": func(o *ec2.DescribeNetworkInterfaceAttributeOutput) bool {
			return *o.Attachment.AttachmentId == managed.Attachment
		},
		"associatePublicIpAddress": func(o *ec2.DescribeNetworkInterfaceAttributeOutput) bool { return !*o.AssociatePublicIpAddress },
	} {
		out, err := ask(attribute)
		if err != nil {
			t.Errorf("%s: %v", attribute, err)
			continue
		}
		if *out.NetworkInterfaceId != managed.ID || !holds(out) {
			t.Errorf("%s: %+v", attribute, out)
		}
	}
	_, err := ask("x")
	refused(t, "x", err, "InvalidParameterValue", "Value (x) for parameter attribute is invalid. Unknown attribute.")
	_, err = ask("")
	refused(t, "none", err, "InvalidParameterCombination", "No attributes specified.")
}
