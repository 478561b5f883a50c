package main

import "strings"

// service is one generated package.
type service struct {
	Package string // folder under wire, and the model's file name
	Name    string // IAM action prefix
	Bound   []string
}

// services lists what is generated: the operations whose shapes the program
// uses. All other operations of a model are generated as names only, so that
// a request for them gets an honest answer.
var services = []service{
	{"ec2", "ec2", strings.Fields(`
		CreateVpc DescribeVpcs DeleteVpc ModifyVpcAttribute DescribeVpcAttribute
		AssociateVpcCidrBlock DisassociateVpcCidrBlock
		CreateSubnet DescribeSubnets DeleteSubnet ModifySubnetAttribute
		AssociateSubnetCidrBlock DisassociateSubnetCidrBlock
		DescribeRouteTables DescribeNetworkAcls DescribeDhcpOptions
		CreateSecurityGroup DescribeSecurityGroups DeleteSecurityGroup
		AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress
		RevokeSecurityGroupIngress RevokeSecurityGroupEgress
		DescribeSecurityGroupRules ModifySecurityGroupRules
		UpdateSecurityGroupRuleDescriptionsIngress UpdateSecurityGroupRuleDescriptionsEgress
		DescribeNetworkInterfaces DescribeNetworkInterfaceAttribute
		ModifyNetworkInterfaceAttribute ResetNetworkInterfaceAttribute
		AttachNetworkInterface DetachNetworkInterface DeleteNetworkInterface
		CreateVpcEndpoint DescribeVpcEndpoints ModifyVpcEndpoint DeleteVpcEndpoints
		DescribeVpcEndpointServices DescribeVpcEndpointAssociations DescribePrefixLists
		CreateVpcEndpointServiceConfiguration DescribeVpcEndpointServiceConfigurations
		ModifyVpcEndpointServiceConfiguration DeleteVpcEndpointServiceConfigurations
		DescribeVpcEndpointServicePermissions ModifyVpcEndpointServicePermissions
		DescribeVpcEndpointConnections AcceptVpcEndpointConnections RejectVpcEndpointConnections
		StartVpcEndpointServicePrivateDnsVerification ModifyVpcEndpointServicePayerResponsibility
		CreateVpcEndpointConnectionNotification DescribeVpcEndpointConnectionNotifications
		ModifyVpcEndpointConnectionNotification DeleteVpcEndpointConnectionNotifications
		CreateFlowLogs DescribeFlowLogs DeleteFlowLogs
		CreateTags DeleteTags DescribeTags
		DescribeRegions DescribeAvailabilityZones DescribeAccountAttributes`)},
	{"eks", "eks", strings.Fields(`
		CreateCluster DescribeCluster ListClusters DeleteCluster
		TagResource UntagResource ListTagsForResource`)},
	{"sts", "sts", strings.Fields(`
		AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity AssumeRoot DecodeAuthorizationMessage
		GetAccessKeyInfo GetCallerIdentity GetDelegatedAccessToken GetFederationToken GetSessionToken
		GetWebIdentityToken`)},
	{"logs", "logs", strings.Fields(`
		CreateLogGroup DescribeLogGroups DeleteLogGroup
		CreateLogStream DescribeLogStreams DeleteLogStream
		PutLogEvents GetLogEvents FilterLogEvents
		TagResource ListTagsForResource
		PutRetentionPolicy DeleteRetentionPolicy`)},
	{"eks-auth", "eks-auth", nil},
	{"iam", "iam", strings.Fields(`
		AddClientIDToOpenIDConnectProvider AddRoleToInstanceProfile AddUserToGroup AttachGroupPolicy
		AttachRolePolicy AttachUserPolicy CreateAccessKey CreateAccountAlias CreateGroup
		CreateInstanceProfile CreateOpenIDConnectProvider CreatePolicy CreatePolicyVersion CreateRole
		CreateServiceLinkedRole CreateUser DeleteAccessKey DeleteAccountAlias DeleteGroup DeleteGroupPolicy
		DeleteInstanceProfile DeleteOpenIDConnectProvider DeletePolicy DeletePolicyVersion DeleteRole
		DeleteRolePermissionsBoundary DeleteRolePolicy DeleteServiceLinkedRole DeleteUser
		DeleteUserPermissionsBoundary DeleteUserPolicy DetachGroupPolicy DetachRolePolicy DetachUserPolicy
		GetAccessKeyLastUsed GetAccountAuthorizationDetails GetAccountSummary GetContextKeysForCustomPolicy
		GetContextKeysForPrincipalPolicy GetGroup GetGroupPolicy GetInstanceProfile GetOpenIDConnectProvider
		GetPolicy GetPolicyVersion GetRole GetRolePolicy GetServiceLinkedRoleDeletionStatus GetUser
		GetUserPolicy ListAccessKeys ListAccountAliases ListAttachedGroupPolicies ListAttachedRolePolicies
		ListAttachedUserPolicies ListEntitiesForPolicy ListGroupPolicies ListGroups ListGroupsForUser
		ListInstanceProfileTags ListInstanceProfiles ListInstanceProfilesForRole
		ListOpenIDConnectProviderTags ListOpenIDConnectProviders ListPolicies
		ListPoliciesGrantingServiceAccess ListPolicyTags ListPolicyVersions ListRolePolicies ListRoleTags
		ListRoles ListUserPolicies ListUserTags ListUsers PutGroupPolicy PutRolePermissionsBoundary
		PutRolePolicy PutUserPermissionsBoundary PutUserPolicy RemoveClientIDFromOpenIDConnectProvider
		RemoveRoleFromInstanceProfile RemoveUserFromGroup SetDefaultPolicyVersion SimulateCustomPolicy
		SimulatePrincipalPolicy TagInstanceProfile TagOpenIDConnectProvider TagPolicy TagRole TagUser
		UntagInstanceProfile UntagOpenIDConnectProvider UntagPolicy UntagRole UntagUser UpdateAccessKey
		UpdateAssumeRolePolicy UpdateGroup UpdateOpenIDConnectProviderThumbprint UpdateRole
		UpdateRoleDescription UpdateUser`)},
	{"elbv2", "elasticloadbalancing", strings.Fields(`
		CreateLoadBalancer DescribeLoadBalancers DeleteLoadBalancer
		DescribeLoadBalancerAttributes ModifyLoadBalancerAttributes
		CreateListener DescribeListeners ModifyListener DeleteListener
		DescribeListenerAttributes ModifyListenerAttributes
		AddListenerCertificates DescribeListenerCertificates RemoveListenerCertificates
		CreateTargetGroup DescribeTargetGroups ModifyTargetGroup DeleteTargetGroup
		DescribeTargetGroupAttributes ModifyTargetGroupAttributes
		RegisterTargets DeregisterTargets DescribeTargetHealth
		AddTags RemoveTags DescribeTags`)},
	{"cloudwatch", "cloudwatch", nil},
	{"cloudtrail", "cloudtrail", strings.Fields(`LookupEvents`)},
	{"route53", "route53", nil},
	{"route53resolver", "route53resolver", nil},
	{"ce", "ce", nil},
	{"pricing", "pricing", nil},
}
