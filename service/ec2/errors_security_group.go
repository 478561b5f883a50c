package ec2

import "github.com/postern/postern/wire"

// The errors of security groups, one function a case.

func errGroupMalformed(id string) error {
	return &wire.Error{Code: "InvalidGroupId.Malformed", Message: `Invalid id: "` + id + `" (expecting "sg-...")`}
}

func errGroupExists(name, vpcID string) error {
	return &wire.Error{Code: "InvalidGroup.Duplicate", Message: "The security group '" + name + "' already exists for VPC '" + vpcID + "'"}
}

func errGroupReserved() error {
	return &wire.Error{Code: "InvalidGroup.Reserved", Message: "Cannot use reserved security group name: default"}
}

func errGroupLimit() error {
	return &wire.Error{Code: "SecurityGroupLimitExceeded", Message: "The maximum number of security groups has been reached."}
}

func errGroupCannotDelete(id string) error {
	return &wire.Error{Code: "CannotDelete", Message: "the specified group: \"" + id + "\" name: \"default\" cannot be deleted by a user"}
}

func errGroupInUse(id string) error {
	return &wire.Error{Code: "DependencyViolation", Message: "resource " + id + " has a dependent object"}
}

func errNoDefaultVPC() error {
	return &wire.Error{Code: "VPCIdNotSpecified", Message: "No default VPC for this user"}
}

func errRuleExists(peer string) error {
	return &wire.Error{Code: "InvalidPermission.Duplicate", Message: "the specified rule \"peer: " + peer + ", ALLOW\" already exists"}
}

func errRuleUnknown() error {
	return &wire.Error{Code: "InvalidPermission.NotFound", Message: "The specified rule does not exist in this security group."}
}

func errRuleMalformed(id string) error {
	return &wire.Error{Code: "InvalidSecurityGroupRuleId.Malformed", Message: `Invalid id: "` + id + `" (expecting "sgr-...")`}
}

func errRuleLimit() error {
	return &wire.Error{Code: "RulesPerSecurityGroupLimitExceeded", Message: "The maximum number of rules per security group has been reached."}
}

func errRuleDescription() error {
	return errInvalid("Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
}

func errPeeringNotFound(id string) error {
	return &wire.Error{Code: "InvalidVpcPeeringConnectionID.NotFound", Message: "The vpcPeeringConnection ID '" + id + "' does not exist"}
}

func errCIDR(cidr string) error { return errInvalid("CIDR block %s is malformed", cidr) }

func errPortRange(from, to int32) error {
	return errInvalid("Invalid TCP/UDP port range (%d to %d)", from, to)
}

func errPortsMissing(protocols string) error {
	return errInvalid("Invalid value for portRange. Must specify both from and to ports with %s.", protocols)
}

func errProtocolMissing() error {
	return errInvalid("Invalid value 'null' for protocol. VPC security group rules must specify protocols explicitly.")
}

func errSourceMissing() error {
	return &wire.Error{Code: "MissingParameter", Message: "Missing source specification: include source security group or CIDR information"}
}

// errTogether refuses two parameters that name rules in different forms.
func errTogether(parameter, other string) error {
	return errCombination("The parameter '%s' may not be used in combination with '%s'", parameter, other)
}
