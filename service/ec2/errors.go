package ec2

import (
	"fmt"

	"github.com/postern/postern/wire"
)

// The errors of VPCs, subnets, filters and tags, one function a case, the
// text exactly AWS's where it is known.

func errVpcNotFound(id string) error {
	return &wire.Error{Code: "InvalidVpcID.NotFound", Message: "The vpc ID '" + id + "' does not exist"}
}

func errSubnetNotFound(id string) error {
	return &wire.Error{Code: "InvalidSubnetID.NotFound", Message: "The subnet ID '" + id + "' does not exist"}
}

func errRouteTableNotFound(id string) error {
	return &wire.Error{Code: "InvalidRouteTableID.NotFound", Message: "The routeTable ID '" + id + "' does not exist"}
}

func errGroupNotFound(id string) error {
	return &wire.Error{Code: "InvalidGroup.NotFound", Message: "The security group '" + id + "' does not exist"}
}

// errMalformed refuses an id that has not the form of its kind: code is the
// middle of the error's code, such as VpcID.
func errMalformed(code, id, prefix string) error {
	return &wire.Error{Code: "Invalid" + code + ".Malformed", Message: fmt.Sprintf("Invalid id: %q (expecting \"%s-...\")", id, prefix)}
}

// errInvalid is InvalidParameterValue.
func errInvalid(format string, args ...any) error {
	return &wire.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf(format, args...)}
}

// errCombination is InvalidParameterCombination.
func errCombination(format string, args ...any) error {
	return &wire.Error{Code: "InvalidParameterCombination", Message: fmt.Sprintf(format, args...)}
}

// errUnsupported refuses a parameter whose meaning Postern does not have.
func errUnsupported(parameter string) error {
	return &wire.Error{Code: "UnsupportedOperation", Message: "The parameter " + parameter + " is not supported"}
}

func errVpcRange(cidr string) error {
	return &wire.Error{Code: "InvalidVpc.Range", Message: "The CIDR '" + cidr + "' is invalid."}
}

func errVpcLimit() error {
	return &wire.Error{Code: "VpcLimitExceeded", Message: "The maximum number of VPCs has been reached."}
}

func errVpcInUse(id string) error {
	return &wire.Error{Code: "DependencyViolation", Message: "The vpc '" + id + "' has dependencies and cannot be deleted."}
}

func errSubnetRange(cidr string) error {
	return &wire.Error{Code: "InvalidSubnet.Range", Message: "The CIDR '" + cidr + "' is invalid."}
}

func errSubnetConflict(cidr string) error {
	return &wire.Error{Code: "InvalidSubnet.Conflict", Message: "The CIDR '" + cidr + "' conflicts with another subnet"}
}

func errSubnetLimit() error {
	return &wire.Error{Code: "SubnetLimitExceeded", Message: "The maximum number of subnets has been reached."}
}

func errSubnetInUse(id string) error {
	return &wire.Error{Code: "DependencyViolation", Message: "The subnet '" + id + "' has dependencies and cannot be deleted."}
}

func errZone(zone, region string) error {
	return errInvalid("Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		zone, zoneNames(region))
}

func errFilter(name string) error { return errInvalid("The filter '%s' is invalid", name) }

func errFilterLimit() error {
	return &wire.Error{Code: "FilterLimitExceeded", Message: "The maximum number of filter values specified on a single call is 200"}
}

func errTagLimit() error {
	return &wire.Error{Code: "TagLimitExceeded", Message: "The maximum number of Tags for a resource has been reached."}
}

// errResourceID refuses an id that names no kind of resource.
func errResourceID(id string) error {
	return &wire.Error{Code: "InvalidID", Message: "The ID '" + id + "' is not valid"}
}

func errRuleNotFound(id string) error {
	return &wire.Error{Code: "InvalidSecurityGroupRuleId.NotFound", Message: "The security group rule ID '" + id + "' does not exist"}
}

// parameter is a parameter of a request that may not be given.
type parameter struct {
	name  string
	given bool
}

// refuseGiven refuses the first of the parameters that is given.
func refuseGiven(unsupported ...parameter) error {
	for _, p := range unsupported {
		if p.given {
			return errUnsupported(p.name)
		}
	}
	return nil
}
