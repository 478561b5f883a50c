package vpc

import "testing"

// What every VPC has is called the same for ever, in records of old too.
func TestIDsOfWhatAVPCHas(t *testing.T) {
	n := Network{Owner: Owner{Account: "111122223333", Region: "us-east-1"}, ID: "vpc-0a000000000000001", DHCPOptions: "default"}
	if id := n.ACL(); id != "acl-0a000000000000001" {
		t.Errorf("ACL of an old record: %s", id)
	}
	n.NetworkACL = "acl-0b000000000000001"
	if id := n.ACL(); id != "acl-0b000000000000001" {
		t.Errorf("ACL: %s", id)
	}
	id := n.DHCP()
	if !ValidID("dopt", id) || id != DefaultDHCPOptions(n.Owner) {
		t.Errorf("default DHCP options: %s", id)
	}
	if other := DefaultDHCPOptions(Owner{Account: n.Account, Region: "eu-west-1"}); other == id {
		t.Error("two Regions share DHCP options")
	}
	n.DHCPOptions = "dopt-0c000000000000001"
	if id := n.DHCP(); id != n.DHCPOptions {
		t.Errorf("DHCP options: %s", id)
	}
}
