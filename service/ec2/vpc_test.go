package ec2

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// wantError runs fn and wants that EC2 error of it.
func wantError(t *testing.T, code, message string, fn func() error) {
	t.Helper()
	err := fn()
	var e *wire.Error
	if !errors.As(err, &e) || e.Code != code || e.Message != message {
		t.Errorf("got %v, want %s: %s", err, code, message)
	}
}

func TestCreateVpcRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	for _, row := range []struct {
		in            ec2.CreateVpcInput
		code, message string
	}{
		{ec2.CreateVpcInput{}, "MissingParameter", "The request must contain the parameter cidrBlock"},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0")}, "InvalidParameterValue",
			"Value (10.0.0.0) for parameter cidrBlock is invalid. This is not a valid CIDR block."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("fd00::/56")}, "InvalidParameterValue",
			"Value (fd00::/56) for parameter cidrBlock is invalid. This is not a valid CIDR block."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/15")}, "InvalidVpc.Range", "The CIDR '10.0.0.0/15' is invalid."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/29")}, "InvalidVpc.Range", "The CIDR '10.0.0.0/29' is invalid."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), Ipv6CidrBlock: wire.Ptr("2001:db8::/56")},
			"UnsupportedOperation", "The parameter Ipv6CidrBlock is not supported"},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), Ipv6CidrBlockNetworkBorderGroup: wire.Ptr("us-east-1")},
			"InvalidParameterCombination", "The parameter ipv6CidrBlockNetworkBorderGroup can only be used with amazonProvidedIpv6CidrBlock"},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), AmazonProvidedIpv6CidrBlock: wire.Ptr(true),
			Ipv6CidrBlockNetworkBorderGroup: wire.Ptr("us-east-1-wl1")},
			"InvalidParameterValue", "Value (us-east-1-wl1) for parameter ipv6CidrBlockNetworkBorderGroup is invalid."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), InstanceTenancy: wire.Ptr("host")},
			"InvalidParameterValue", "Value (host) for parameter instanceTenancy is invalid."},
		{ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.0.0.0/16"), TagSpecifications: []ec2.TagSpecification{{ResourceType: wire.Ptr("subnet")}}},
			"InvalidParameterValue", "'subnet' is not a valid taggable resource type for this operation."},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.CreateVpc(ctx, &row.in)
			return err
		})
	}
}

// A new VPC owns a main route table and a default security group, and goes
// with them only when nothing else is left.
func TestVpcLife(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	made, err := s.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: wire.Ptr("10.9.0.7/16"), TagSpecifications: []ec2.TagSpecification{
		{ResourceType: wire.Ptr("vpc"), Tags: []ec2.Tag{{Key: wire.Ptr("Name"), Value: wire.Ptr("nine")}}}}})
	if err != nil {
		t.Fatal(err)
	}
	id := *made.Vpc.VpcId
	if *made.Vpc.CidrBlock != "10.9.0.0/16" || *made.Vpc.State != "pending" {
		t.Errorf("made %+v", made.Vpc)
	}
	where := []ec2.Filter{{Name: wire.Ptr("tag:Name"), Values: []string{"nine"}}}
	vpcs, err := s.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: where})
	if err != nil || len(vpcs.Vpcs) != 1 || *vpcs.Vpcs[0].VpcId != id || *vpcs.Vpcs[0].State != "available" {
		t.Fatalf("described %+v, %v", vpcs, err)
	}
	tables, err := s.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2.Filter{
		{Name: wire.Ptr("association.main"), Values: []string{"true"}}, {Name: wire.Ptr("vpc-id"), Values: []string{id}}}})
	if err != nil || len(tables.RouteTables) != 1 || *tables.RouteTables[0].Routes[0].GatewayId != "local" {
		t.Fatalf("route tables %+v, %v", tables, err)
	}
	subnet, err := s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &id, CidrBlock: wire.Ptr("10.9.1.0/24")})
	if err != nil {
		t.Fatal(err)
	}
	wantError(t, "DependencyViolation", fmt.Sprintf("The vpc '%s' has dependencies and cannot be deleted.", id), func() error {
		_, err := s.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &id})
		return err
	})
	if _, err := s.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: subnet.Subnet.SubnetId}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &id}); err != nil {
		t.Fatal(err)
	}
	wantError(t, "InvalidVpcID.NotFound", fmt.Sprintf("The vpc ID '%s' does not exist", id), func() error {
		_, err := s.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
		return err
	})
	tables, err = s.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: []ec2.Filter{{Name: wire.Ptr("vpc-id"), Values: []string{id}}}})
	if err != nil || len(tables.RouteTables) != 0 {
		t.Errorf("left-over route tables %+v, %v", tables, err)
	}
}

// A subnet stays as long as something is in it or will be, and its VPC too.
func TestSubnetInUse(t *testing.T) {
	for what, put := range map[string]func(*store.Store, *store.Tx){
		"a network interface of a load balancer": func(s *store.Store, tx *store.Tx) {
			s.ENIs.Put(tx, vpc.ENI{Owner: me, ID: "eni-0f", VPC: otherVPC, Subnet: otherSubnet, Type: vpc.InterfaceLoadBalancer})
		},
		"an endpoint without interfaces": func(s *store.Store, tx *store.Tx) {
			s.Endpoints.Put(tx, vpc.Endpoint{Owner: me, ID: "vpce-0f", VPC: otherVPC, Subnets: []string{otherSubnet}, Admission: vpc.AdmissionPending})
		},
		"a load balancer": func(s *store.Store, tx *store.Tx) {
			s.LoadBalancers.Put(tx, vpc.LoadBalancer{Owner: me, ARN: "arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/net/web/0a",
				VPC: otherVPC, Nodes: []vpc.LoadBalancerNode{{Zone: "us-east-1c", Subnet: otherSubnet}}})
		},
	} {
		t.Run(what, func(t *testing.T) {
			s, ctx := endpointFixture(t)
			applyAll(t, s.store)
			if _, err := s.store.Update(ctx, func(tx *store.Tx) error { put(s.store, tx); return nil }); err != nil {
				t.Fatal(err)
			}
			wantError(t, "DependencyViolation", "The subnet '"+otherSubnet+"' has dependencies and cannot be deleted.", func() error {
				_, err := s.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: wire.Ptr(otherSubnet)})
				return err
			})
			_, err := s.store.Update(ctx, func(tx *store.Tx) error { s.store.Subnets.Delete(tx, ownKey(me, otherSubnet)); return nil })
			if err != nil {
				t.Fatal(err)
			}
			wantError(t, "DependencyViolation", "The vpc '"+otherVPC+"' has dependencies and cannot be deleted.", func() error {
				_, err := s.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: wire.Ptr(otherVPC)})
				return err
			})
		})
	}
}

func TestVpcBelongsToItsAccountAndRegion(t *testing.T) {
	s, _ := endpointFixture(t)
	for name, ctx := range map[string]context.Context{
		"another account": as(t, "444455556666", "us-east-1"),
		"another Region":  as(t, "111122223333", "eu-west-1"),
	} {
		out, err := s.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{})
		if err != nil || len(out.Vpcs) != 0 {
			t.Errorf("%s sees %+v, %v", name, out, err)
		}
		wantError(t, "InvalidVpcID.NotFound", "The vpc ID '"+vpcID+"' does not exist", func() error {
			_, err := s.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: wire.Ptr(vpcID)})
			return err
		})
	}
}

func TestVpcAttributes(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	on, off := &ec2.AttributeBooleanValue{Value: wire.Ptr(true)}, &ec2.AttributeBooleanValue{Value: wire.Ptr(false)}
	wantError(t, "InvalidParameterCombination", "Fields for multiple attribute types specified", func() error {
		_, err := s.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: wire.Ptr(vpcID), EnableDnsSupport: on, EnableDnsHostnames: on})
		return err
	})
	wantError(t, "InvalidVpcID.Malformed", `Invalid id: "x" (expecting "vpc-...")`, func() error {
		_, err := s.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: wire.Ptr("x"), EnableDnsSupport: on})
		return err
	})
	if _, err := s.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: wire.Ptr(vpcID), EnableDnsHostnames: off}); err != nil {
		t.Fatal(err)
	}
	got, err := s.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: wire.Ptr(vpcID), Attribute: wire.Ptr("enableDnsHostnames")})
	if err != nil || *got.EnableDnsHostnames.Value || got.EnableDnsSupport != nil {
		t.Errorf("described %+v, %v", got, err)
	}
}

func TestCreateSubnetRefusals(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	in := func(cidr string, change func(*ec2.CreateSubnetInput)) *ec2.CreateSubnetInput {
		in := &ec2.CreateSubnetInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr(cidr)}
		if change != nil {
			change(in)
		}
		return in
	}
	for _, row := range []struct {
		in            *ec2.CreateSubnetInput
		code, message string
	}{
		{in("10.0.1.0/25", nil), "InvalidSubnet.Conflict", "The CIDR '10.0.1.0/25' conflicts with another subnet"},
		{in("10.0.0.0/16", nil), "InvalidSubnet.Conflict", "The CIDR '10.0.0.0/16' conflicts with another subnet"},
		{in("10.8.1.0/24", nil), "InvalidSubnet.Range", "The CIDR '10.8.1.0/24' is invalid."},
		{in("10.0.9.0/29", nil), "InvalidSubnet.Range", "The CIDR '10.0.9.0/29' is invalid."},
		{in("10.0.9.0/24", func(in *ec2.CreateSubnetInput) { in.VpcId = wire.Ptr("vpc-00000000000000000") }),
			"InvalidVpcID.NotFound", "The vpc ID 'vpc-00000000000000000' does not exist"},
		{in("10.0.9.0/24", func(in *ec2.CreateSubnetInput) { in.AvailabilityZone = wire.Ptr("us-west-2a") }), "InvalidParameterValue",
			"Value (us-west-2a) for parameter availabilityZone is invalid. Subnets can currently only be created in the following " +
				"availability zones: us-east-1a, us-east-1b, us-east-1c, us-east-1d, us-east-1e, us-east-1f."},
	} {
		wantError(t, row.code, row.message, func() error {
			_, err := s.CreateSubnet(ctx, row.in)
			return err
		})
	}
}

// Of two subnets that overlap, made at once, one wins.
func TestOverlappingSubnetsRace(t *testing.T) {
	s, ctx := endpointFixture(t)
	applyAll(t, s.store)
	var wait sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wait.Go(func() {
			_, errs[i] = s.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: wire.Ptr(vpcID), CidrBlock: wire.Ptr("10.0.64.0/20")})
		})
	}
	wait.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else if !strings.Contains(err.Error(), "InvalidSubnet.Conflict") {
			t.Error(err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d won", won, len(errs))
	}
}
