package ec2

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestDescribeNetworkInterfaces(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	endpoint := createEndpoint(t, s, ctx, at(subnetA, "10.0.1.10"), func(in *ec2.CreateVpcEndpointInput) { in.SecurityGroupIds = []string{groupEp} })
	work, _, _, err := s.AttachWorkload(ctx, AttachWorkload{Subnet: subnetB, Groups: []string{groupApp}, Session: "s-1", Description: "postern exec"})
	if err != nil {
		t.Fatal(err)
	}
	managed := enis(s)[0]
	shape := func(eni vpc.ENI, zone, zoneID, group, name string) ec2.NetworkInterface {
		address, dns := eni.Address.String(), vpc.HostName(eni.Address, "us-east-1")
		return ec2.NetworkInterface{
			NetworkInterfaceId: &eni.ID, InterfaceType: wire.Ptr(string(eni.Type)), Status: wire.Ptr("in-use"),
			VpcId: wire.Ptr(vpcID), SubnetId: &eni.Subnet, AvailabilityZone: &zone, AvailabilityZoneId: &zoneID,
			OwnerId: wire.Ptr("111122223333"), MacAddress: &eni.MAC,
			PrivateIpAddress: &address, PrivateDnsName: &dns,
			PrivateIpAddresses: []ec2.NetworkInterfacePrivateIpAddress{{PrivateIpAddress: &address, PrivateDnsName: &dns, Primary: wire.Ptr(true)}},
			SourceDestCheck:    wire.Ptr(true), Operator: &ec2.OperatorResponse{Managed: wire.Ptr(false)},
			Groups: []ec2.GroupIdentifier{{GroupId: &group, GroupName: &name}},
		}
	}
	first := shape(managed, "us-east-1a", "use1-az1", groupEp, "ep")
	first.Description = wire.Ptr("VPC Endpoint Interface " + endpoint)
	first.RequesterManaged, first.RequesterId = wire.Ptr(true), wire.Ptr("727180483921")
	first.Attachment = &ec2.NetworkInterfaceAttachment{
		AttachmentId: &managed.Attachment, AttachTime: &then, Status: wire.Ptr("attached"),
		InstanceOwnerId: wire.Ptr("amazon-aws"), DeviceIndex: wire.Ptr(int32(1)), DeleteOnTermination: wire.Ptr(false),
	}
	second := shape(work, "us-east-1b", "use1-az2", groupApp, "app")
	second.Description, second.RequesterManaged = wire.Ptr("postern exec"), wire.Ptr(false)
	second.Attachment = &ec2.NetworkInterfaceAttachment{
		AttachmentId: &work.Attachment, AttachTime: &then, Status: wire.Ptr("attached"),
		InstanceOwnerId: wire.Ptr("111122223333"), DeviceIndex: wire.Ptr(int32(0)), DeleteOnTermination: wire.Ptr(true),
	}
	for _, want := range []ec2.NetworkInterface{first, second} {
		out, err := s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{*want.NetworkInterfaceId}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff([]ec2.NetworkInterface{want}, out.NetworkInterfaces); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}

	filters := []struct {
		name, value string
		want        []string // first, second
	}{
		{"network-interface-id", work.ID, []string{work.ID}},
		{"interface-type", "vpc_endpoint", []string{managed.ID}},
		{"interface-type", "interface", []string{work.ID}},
		{"status", "available", nil},
		{"vpc-id", vpcID, []string{managed.ID, work.ID}},
		{"subnet-id", subnetB, []string{work.ID}},
		{"availability-zone", "us-east-1a", []string{managed.ID}},
		{"availability-zone-id", "use1-az1", []string{managed.ID}},
		{"description", "VPC Endpoint Interface*", []string{managed.ID}},
		{"owner-id", "111122223333", []string{managed.ID, work.ID}},
		{"mac-address", work.MAC, []string{work.ID}},
		{"requester-id", "727180483921", []string{managed.ID}},
		{"requester-managed", "false", []string{work.ID}},
		{"source-dest-check", "true", []string{managed.ID, work.ID}},
		{"private-ip-address", "10.0.1.10", []string{managed.ID}},
		{"addresses.private-ip-address", "10.0.1.10", []string{managed.ID}},
		{"addresses.primary", "true", []string{managed.ID, work.ID}},
		{"ipv6-addresses.ipv6-address", "2001:db8::1", nil},
		{"private-dns-name", "ip-10-0-1-10.ec2.internal", []string{managed.ID}},
		{"operator.managed", "false", []string{managed.ID, work.ID}},
		{"operator.principal", "*", nil},
		{"association.public-ip", "*", nil},
		{"group-id", groupEp, []string{managed.ID}},
		{"group-name", "app", []string{work.ID}},
		{"attachment.attachment-id", managed.Attachment, []string{managed.ID}},
		{"attachment.instance-id", "i-1", nil},
		{"attachment.instance-owner-id", "amazon-aws", []string{managed.ID}},
		{"attachment.status", "attached", []string{managed.ID, work.ID}},
		{"attachment.delete-on-termination", "true", []string{work.ID}},
		{"attachment.device-index", "1", []string{managed.ID}},
		{"attachment.attach-time", "2026-01-02T03:04:05.678Z", []string{managed.ID, work.ID}},
	}
	for _, f := range filters {
		out, err := s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: []ec2.Filter{{Name: &f.name, Values: []string{f.value}}}})
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		var got []string
		for _, n := range out.NetworkInterfaces {
			got = append(got, *n.NetworkInterfaceId)
		}
		slices.Sort(f.want)
		if d := cmp.Diff(f.want, got); d != "" {
			t.Errorf("%s=%s (-want +got):\n%s", f.name, f.value, d)
		}
	}
	_, err = s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"eni-0f"}})
	refused(t, "unknown id", err, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID 'eni-0f' does not exist")
	_, err = s.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{"x"}})
	refused(t, "malformed id", err, "InvalidNetworkInterfaceId.Malformed", `Invalid id: "x" (expecting "eni-...")`)
	_, err = s.DescribeNetworkInterfaces(as(t, "444455556666", "us-east-1"), &ec2.DescribeNetworkInterfacesInput{NetworkInterfaceIds: []string{work.ID}})
	refused(t, "another account", err, "InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '"+work.ID+"' does not exist")
}

func TestAddressRefusals(t *testing.T) {
	a := netip.MustParseAddr("10.0.4.9")
	for reason, want := range map[error]string{
		vpc.ErrNoCIDR:          "InvalidParameter: The subnet subnet-0a does not have a CIDR block of the requested IP address type",
		vpc.ErrSubnetFull:      "InsufficientFreeAddressesInSubnet: The specified subnet does not have enough free addresses to satisfy the request.",
		vpc.ErrAddressOutside:  "InvalidParameterValue: Address does not fall within the subnet's address range",
		vpc.ErrAddressReserved: "InvalidParameterValue: Address 10.0.4.9 is in subnet's reserved address range",
		vpc.ErrAddressInUse:    "InvalidIPAddress.InUse: Address 10.0.4.9 is in use.",
	} {
		if got := errPlace(&vpc.AddressError{Subnet: "subnet-0a", Address: a, Err: reason}).Error(); got != want {
			t.Errorf("%v: %s", reason, got)
		}
	}
}
