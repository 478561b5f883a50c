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
	"ec2.DescribeNetworkAcls":        {0, 1000, "NetworkAclId", nil},
	"ec2.DescribeDhcpOptions":        {0, 1000, "DhcpOptionsId", nil},

	"ec2.DescribeVpcEndpointConnections":             {0, 1000, "VpcEndpointConnectionId", nil},
	"ec2.DescribeVpcEndpointConnectionNotifications": {0, 1000, "ConnectionNotificationId", nil},
	"ec2.DescribeVpcEndpointServiceConfigurations":   {0, 1000, "ServiceId", nil},
	"ec2.DescribeVpcEndpointServicePermissions":      {0, 1000, "ServicePermissionId", nil},

	// Names and details of the same services, in the same order.
	"ec2.DescribeVpcEndpointServices": {0, 1000, "ServiceName", []string{"ServiceNames"}},

	"cloudtrail.LookupEvents": {50, 50, "EventId", nil},

	"eks.ListClusters": {100, 100, "", nil},

	"elbv2.DescribeLoadBalancers":        {400, 400, "LoadBalancerArn", nil},
	"elbv2.DescribeListenerCertificates": {400, 400, "CertificateArn", nil},
	"elbv2.DescribeListeners":            {400, 400, "ListenerArn", nil},
	"elbv2.DescribeTargetGroups":         {400, 400, "TargetGroupArn", nil},

	// The entities of a
	// policy are of three kinds, results of a simulation have no name.
	"iam.GetAccountAuthorizationDetails": {100, 1000, "Arn", nil},
	"iam.GetGroup":                       {100, 1000, "UserName", nil},
	"iam.ListAccessKeys":                 {100, 1000, "AccessKeyId", nil},
	"iam.ListAccountAliases":             {100, 1000, "", nil},
	"iam.ListAttachedGroupPolicies":      {100, 1000, "PolicyArn", nil},
	"iam.ListAttachedRolePolicies":       {100, 1000, "PolicyArn", nil},
	"iam.ListAttachedUserPolicies":       {100, 1000, "PolicyArn", nil},
	"iam.ListEntitiesForPolicy":          {100, 1000, "", nil},
	"iam.ListGroupPolicies":              {100, 1000, "", nil},
	"iam.ListGroups":                     {100, 1000, "GroupName", nil},
	"iam.ListGroupsForUser":              {100, 1000, "GroupName", nil},
	"iam.ListInstanceProfileTags":        {100, 1000, "Key", nil},
	"iam.ListInstanceProfiles":           {100, 1000, "InstanceProfileName", nil},
	"iam.ListInstanceProfilesForRole":    {100, 1000, "InstanceProfileName", nil},
	"iam.ListOpenIDConnectProviderTags":  {100, 1000, "Key", nil},
	"iam.ListPolicies":                   {100, 1000, "Arn", nil},
	"iam.ListPolicyTags":                 {100, 1000, "Key", nil},
	"iam.ListPolicyVersions":             {100, 1000, "VersionId", nil},
	"iam.ListRolePolicies":               {100, 1000, "", nil},
	"iam.ListRoleTags":                   {100, 1000, "Key", nil},
	"iam.ListRoles":                      {100, 1000, "RoleName", nil},
	"iam.ListUserPolicies":               {100, 1000, "", nil},
	"iam.ListUserTags":                   {100, 1000, "Key", nil},
	"iam.ListUsers":                      {100, 1000, "UserName", nil},
	"iam.SimulateCustomPolicy":           {100, 1000, "", nil},
	"iam.SimulatePrincipalPolicy":        {100, 1000, "", nil},

	"logs.DescribeLogGroups":  {50, 50, "LogGroupName", nil},
	"logs.DescribeLogStreams": {50, 50, "LogStreamName", nil},
	"logs.FilterLogEvents":    {10000, 10000, "EventId", nil},
}

// continued are the operations whose result lists are paged through one after
// the other.
var continued = map[string]bool{
	"iam.GetAccountAuthorizationDetails": true,
	"iam.ListEntitiesForPolicy":          true,
}

type page struct {
	Default, Max int
	Key          string
	Parallel     []string
}

// namespaces replaces namespaces of the models. The EC2 model leaves out the
// slash at the end that the service's answers have.
var namespaces = map[string]string{
	"http://ec2.amazonaws.com/doc/2016-11-15": "http://ec2.amazonaws.com/doc/2016-11-15/",
}

// ownRules are the shapes whose rules the service checks by itself, because
// its errors are its own.
var ownRules = map[string]bool{
	"cloudtrail.EventCategory":      true,
	"cloudtrail.LookupAttributeKey": true,
	"cloudtrail.MaxResults":         true,
}

// enumCodes are the codes of errors for a value outside an enum where the
// service has one of its own.
var enumCodes = map[string]string{
	"ec2.VpcEndpointType": "InvalidVpcEndpointType",
}

// lowerEnums are enums whose values the service sends with a small first
// letter (state available), although the model has a capital.
var lowerEnums = map[string]bool{
	"ec2.State": true,
}

// invalidCodes are the codes of an error for a request that breaks a rule of
// the model, most fitting first. The first that the operation's model lists
// is used: EKS has InvalidParameterException, but only BadRequestException
// for the tag operations. Where the model lists none it is the protocol's.
var invalidCodes = []string{"InvalidParameterException", "BadRequestException", "ValidationException"}

var protocolInvalidCodes = map[string]string{
	"ec2":       "InvalidParameterValue",
	"query":     "ValidationError",
	"json":      "ValidationException",
	"rest-json": "ValidationException",
}
