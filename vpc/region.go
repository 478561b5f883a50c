package vpc

import "slices"

// Region is one Region of the aws partition.
type Region struct {
	Name  string // us-east-1
	Code  string // prefix of the zone ids, use1
	Zones string // the letters of the availability zones that an account sees
}

// Zone is an availability zone.
type Zone struct {
	Name string // us-east-1a
	ID   string // use1-az1
}

var regions = []Region{
	{"af-south-1", "afs1", "abc"},
	{"ap-east-1", "ape1", "abc"},
	{"ap-east-2", "ape2", "abc"},
	{"ap-northeast-1", "apne1", "acd"},
	{"ap-northeast-2", "apne2", "abcd"},
	{"ap-northeast-3", "apne3", "abc"},
	{"ap-south-1", "aps1", "abc"},
	{"ap-south-2", "aps2", "abc"},
	{"ap-southeast-1", "apse1", "abc"},
	{"ap-southeast-2", "apse2", "abc"},
	{"ap-southeast-3", "apse3", "abc"},
	{"ap-southeast-4", "apse4", "abc"},
	{"ap-southeast-5", "apse5", "abc"},
	{"ap-southeast-6", "apse6", "abc"},
	{"ap-southeast-7", "apse7", "abc"},
	{"ca-central-1", "cac1", "abd"},
	{"ca-west-1", "caw1", "abc"},
	{"eu-central-1", "euc1", "abc"},
	{"eu-central-2", "euc2", "abc"},
	{"eu-north-1", "eun1", "abc"},
	{"eu-south-1", "eus1", "abc"},
	{"eu-south-2", "eus2", "abc"},
	{"eu-west-1", "euw1", "abc"},
	{"eu-west-2", "euw2", "abc"},
	{"eu-west-3", "euw3", "abc"},
	{"il-central-1", "ilc1", "abc"},
	{"me-central-1", "mec1", "abc"},
	{"me-south-1", "mes1", "abc"},
	{"mx-central-1", "mxc1", "abc"},
	{"sa-east-1", "sae1", "abc"},
	{"us-east-1", "use1", "abcdef"},
	{"us-east-2", "use2", "abc"},
	{"us-west-1", "usw1", "ac"},
	{"us-west-2", "usw2", "abcd"},
}

// Regions returns all Regions, ordered by name.
func Regions() []Region { return slices.Clone(regions) }

// FindRegion returns the Region of that name.
func FindRegion(name string) (Region, bool) {
	i := slices.IndexFunc(regions, func(r Region) bool { return r.Name == name })
	if i < 0 {
		return Region{}, false
	}
	return regions[i], true
}

// AvailabilityZones returns the Region's zones, ordered by name. The ids are
// numbered in the order of the letters; AWS shuffles them for each account.
func (r Region) AvailabilityZones() []Zone {
	zones := make([]Zone, len(r.Zones))
	for i := range r.Zones {
		zones[i] = Zone{Name: r.Name + r.Zones[i:i+1], ID: r.Code + "-az" + string(rune('1'+i))}
	}
	return zones
}

// Zone returns the Region's zone of that name or id.
func (r Region) Zone(nameOrID string) (Zone, bool) {
	for _, z := range r.AvailabilityZones() {
		if z.Name == nameOrID || z.ID == nameOrID {
			return z, true
		}
	}
	return Zone{}, false
}
