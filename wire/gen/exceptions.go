package main

// emptyLists names members of EC2 structures that the service sends as an
// empty element when the list is empty (Shape.Member), as its documented
// sample answers show. All other empty lists are left out; the lists of an
// answer's top level are always sent.
var emptyLists = map[string]bool{
	"VpcEndpoint.DnsEntries":          true,
	"VpcEndpoint.Groups":              true,
	"VpcEndpoint.NetworkInterfaceIds": true,
	"VpcEndpoint.RouteTableIds":       true,
	"VpcEndpoint.SubnetIds":           true,
	"VpcEndpoint.Tags":                true,

	"IpPermission.IpRanges":         true,
	"IpPermission.Ipv6Ranges":       true,
	"IpPermission.PrefixListIds":    true,
	"IpPermission.UserIdGroupPairs": true,

	"SecurityGroup.IpPermissions":       true,
	"SecurityGroup.IpPermissionsEgress": true,

	"NetworkInterface.Groups":             true,
	"NetworkInterface.Ipv6Addresses":      true,
	"NetworkInterface.PrivateIpAddresses": true,
	"NetworkInterface.TagSet":             true,

	"RouteTable.Associations":    true,
	"RouteTable.PropagatingVgws": true,
	"RouteTable.Routes":          true,
	"RouteTable.Tags":            true,

	"Subnet.Ipv6CidrBlockAssociationSet": true,
	"ServiceDetail.Tags":                 true,
	"SecurityGroupRule.Tags":             true,
	"PrefixList.Cidrs":                   true,
}

// pages completes the pagination sections of the models for the bound
// operations: the page size when none is asked for (0: everything), the
// largest page, the member of an item that identifies it, and result lists
// that run in parallel to the first. Sizes are those of the API reference.
var pages = map[string]page{
	"ec2.DescribeFlowLogs":           {0, 1000, "FlowLogId", nil},
	"ec2.DescribeNetworkInterfaces":  {0, 1000, "NetworkInterfaceId", nil},
	"ec2.DescribePrefixLists":        {0, 1000, "PrefixListId", nil},
	"ec2.DescribeRouteTables":        {0, 100, "RouteTableId", nil},
	"ec2.DescribeSecurityGroupRules": {0, 1000, "SecurityGroupRuleId", nil},
	"ec2.DescribeSecurityGroups":     {0, 1000, "GroupId", nil},
	"ec2.DescribeSubnets":            {0, 1000, "SubnetId", nil},
	"ec2.DescribeTags":               {0, 1000, "", nil},
	"ec2.DescribeVpcEndpoints":       {0, 1000, "VpcEndpointId", nil},
	"ec2.DescribeVpcs":               {0, 1000, "VpcId", nil},

	// Names and details of the same services, in the same order.
	"ec2.DescribeVpcEndpointServices": {0, 1000, "ServiceName", []string{"ServiceNames"}},

	"eks.ListClusters": {100, 100, "", nil},

	"logs.DescribeLogGroups":  {50, 50, "LogGroupName", nil},
	"logs.DescribeLogStreams": {50, 50, "LogStreamName", nil},
	"logs.FilterLogEvents":    {10000, 10000, "EventId", nil},
}

type page struct {
	Default, Max int
	Key          string
	Parallel     []string
}
