package ec2

import (
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestCheckClientToken(t *testing.T) {
	for _, good := range []string{"", "terraform-20260102030405", strings.Repeat("x", 64)} {
		if err := checkClientToken(good); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{strings.Repeat("x", 65), "tök", "a\nb"} {
		if checkClientToken(bad) == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestTokenSum(t *testing.T) {
	base := ec2.CreateVpcEndpointInput{VpcId: wire.Ptr("vpc-1"), SubnetIds: []string{"a", "b"}, ClientToken: wire.Ptr("t")}
	sum := func(edit func(*ec2.CreateVpcEndpointInput)) string {
		in := base
		edit(&in)
		s, err := tokenSum(&in)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	same := sum(func(*ec2.CreateVpcEndpointInput) {})
	rows := []struct {
		what  string
		edit  func(*ec2.CreateVpcEndpointInput)
		equal bool
	}{
		{"token", func(in *ec2.CreateVpcEndpointInput) { in.ClientToken = wire.Ptr("u") }, true},
		{"dry run", func(in *ec2.CreateVpcEndpointInput) { in.DryRun = wire.Ptr(true) }, true},
		{"VPC", func(in *ec2.CreateVpcEndpointInput) { in.VpcId = wire.Ptr("vpc-2") }, false},
		{"order of subnets", func(in *ec2.CreateVpcEndpointInput) { in.SubnetIds = []string{"b", "a"} }, false},
		{"false is not absent", func(in *ec2.CreateVpcEndpointInput) { in.PrivateDnsEnabled = wire.Ptr(false) }, false},
		{"nested", func(in *ec2.CreateVpcEndpointInput) {
			in.DnsOptions = &ec2.DnsOptionsSpecification{DnsRecordIpType: wire.Ptr("ipv4")}
		}, false},
	}
	for _, row := range rows {
		if got := sum(row.edit) == same; got != row.equal {
			t.Errorf("%s: equal %v, want %v", row.what, got, row.equal)
		}
	}
}
