package vpc

import (
	"cmp"
	"slices"
)

// Region is one Region of AWS.
type Region struct {
	Name  string // us-east-1
	Code  string // prefix of the zone ids, use1
	Zones string // the letters of the availability zones that an account sees

	Partition string // aws-cn …; empty means aws
}

// Zone is an availability zone.
type Zone struct {
	Name string // us-east-1a
	ID   string // use1-az1
}

var regions = []Region{
	{Name: "af-south-1", Code: "afs1", Zones: "abc"},
	{Name: "ap-east-1", Code: "ape1", Zones: "abc"},
	{Name: "ap-east-2", Code: "ape2", Zones: "abc"},
	{Name: "ap-northeast-1", Code: "apne1", Zones: "acd"},
	{Name: "ap-northeast-2", Code: "apne2", Zones: "abcd"},
	{Name: "ap-northeast-3", Code: "apne3", Zones: "abc"},
	{Name: "ap-south-1", Code: "aps1", Zones: "abc"},
	{Name: "ap-south-2", Code: "aps2", Zones: "abc"},
	{Name: "ap-southeast-1", Code: "apse1", Zones: "abc"},
	{Name: "ap-southeast-2", Code: "apse2", Zones: "abc"},
	{Name: "ap-southeast-3", Code: "apse3", Zones: "abc"},
	{Name: "ap-southeast-4", Code: "apse4", Zones: "abc"},
	{Name: "ap-southeast-5", Code: "apse5", Zones: "abc"},
	{Name: "ap-southeast-6", Code: "apse6", Zones: "abc"},
	{Name: "ap-southeast-7", Code: "apse7", Zones: "abc"},
	{Name: "ca-central-1", Code: "cac1", Zones: "abd"},
	{Name: "ca-west-1", Code: "caw1", Zones: "abc"},
	{Name: "eu-central-1", Code: "euc1", Zones: "abc"},
	{Name: "eu-central-2", Code: "euc2", Zones: "abc"},
	{Name: "eu-north-1", Code: "eun1", Zones: "abc"},
	{Name: "eu-south-1", Code: "eus1", Zones: "abc"},
	{Name: "eu-south-2", Code: "eus2", Zones: "abc"},
	{Name: "eu-west-1", Code: "euw1", Zones: "abc"},
	{Name: "eu-west-2", Code: "euw2", Zones: "abc"},
	{Name: "eu-west-3", Code: "euw3", Zones: "abc"},
	{Name: "il-central-1", Code: "ilc1", Zones: "abc"},
	{Name: "me-central-1", Code: "mec1", Zones: "abc"},
	{Name: "me-south-1", Code: "mes1", Zones: "abc"},
	{Name: "mx-central-1", Code: "mxc1", Zones: "abc"},
	{Name: "sa-east-1", Code: "sae1", Zones: "abc"},
	{Name: "us-east-1", Code: "use1", Zones: "abcdef"},
	{Name: "us-east-2", Code: "use2", Zones: "abc"},
	{Name: "us-west-1", Code: "usw1", Zones: "ac"},
	{Name: "us-west-2", Code: "usw2", Zones: "abcd"},

	{Name: "cn-north-1", Code: "cnn1", Zones: "abd", Partition: "aws-cn"},
	{Name: "cn-northwest-1", Code: "cnnw1", Zones: "abc", Partition: "aws-cn"},
	{Name: "eu-isoe-west-1", Code: "euiw1", Zones: "abc", Partition: "aws-iso-e"},
	{Name: "eusc-de-east-1", Code: "eude1", Zones: "abc", Partition: "aws-eusc"},
	{Name: "us-gov-east-1", Code: "usge1", Zones: "abc", Partition: "aws-us-gov"},
	{Name: "us-gov-west-1", Code: "usgw1", Zones: "abc", Partition: "aws-us-gov"},
	{Name: "us-iso-east-1", Code: "usie1", Zones: "abc", Partition: "aws-iso"},
	{Name: "us-iso-west-1", Code: "usiw1", Zones: "abc", Partition: "aws-iso"},
	{Name: "us-isob-east-1", Code: "usib1", Zones: "abc", Partition: "aws-iso-b"},
	{Name: "us-isob-west-1", Code: "usibw1", Zones: "abc", Partition: "aws-iso-b"},
	{Name: "us-isof-east-1", Code: "usife1", Zones: "abc", Partition: "aws-iso-f"},
	{Name: "us-isof-south-1", Code: "usifs1", Zones: "abc", Partition: "aws-iso-f"},
}

// Regions returns the Regions of a partition, ordered by name.
func Regions(p Partition) []Region {
	return slices.DeleteFunc(slices.Clone(regions), func(r Region) bool { return cmp.Or(r.Partition, "aws") != p.Name })
}

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
