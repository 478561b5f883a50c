package vpc

import "slices"

// Partition is a group of Regions with names and accounts of its own.
type Partition struct {
	Name      string // aws, as in ARNs
	Suffix    string // of DNS names: amazonaws.com
	DualStack string // suffix of names that have IPv6 addresses, too: api.aws
}

// partitions are those of the SDKs (partitions.json), aws first.
var partitions = []Partition{
	{"aws", "amazonaws.com", "api.aws"},
	{"aws-cn", "amazonaws.com.cn", "api.amazonwebservices.com.cn"},
	{"aws-eusc", "amazonaws.eu", "api.amazonwebservices.eu"},
	{"aws-iso", "c2s.ic.gov", "api.aws.ic.gov"},
	{"aws-iso-b", "sc2s.sgov.gov", "api.aws.scloud"},
	{"aws-iso-e", "cloud.adc-e.uk", "api.cloud-aws.adc-e.uk"},
	{"aws-iso-f", "csp.hci.ic.gov", "api.aws.hci.ic.gov"},
	{"aws-us-gov", "amazonaws.com", "api.aws"},
}

// PartitionOf returns the partition of a Region, aws for an unknown one.
func PartitionOf(region string) Partition {
	r, _ := FindRegion(region)
	i := slices.IndexFunc(partitions, func(p Partition) bool { return p.Name == r.Partition })
	return partitions[max(i, 0)]
}

// ARN names a resource of o in the API of a service: arn:aws:ec2:…:vpc/vpc-….
func (o Owner) ARN(service, resource string) string {
	return "arn:" + PartitionOf(o.Region).Name + ":" + service + ":" + o.Region + ":" + o.Account + ":" + resource
}
