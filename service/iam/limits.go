package iam

import "github.com/postern/postern/auth/policy"

// Limits are the quotas of IAM. Those of an object always hold; those that
// count an account's objects hold where Account is set.
type Limits struct {
	Account bool // enforce the account's counts

	Users            int // an account
	Groups           int // an account
	Roles            int // an account
	InstanceProfiles int // an account
	Policies         int // managed policies of the customer's, an account
	Providers        int // OpenID Connect providers, an account

	GroupsPerUser    int
	KeysPerUser      int
	AttachedPerUser  int
	AttachedPerGroup int
	AttachedPerRole  int
	VersionsPer      int // a managed policy
	TagsPer          int // a resource
	ClientIDsPer     int // a provider
	ThumbprintsPer   int // a provider

	// Characters of documents, white space left out. Those of the inline
	// policies of one identity count together.
	PolicySize      int // managed
	UserPolicySize  int
	GroupPolicySize int
	RolePolicySize  int
	TrustSize       int
}

// DefaultLimits are AWS's defaults ("IAM and AWS STS quotas").
func DefaultLimits() Limits {
	return Limits{
		Users:            5000,
		Groups:           300,
		Roles:            1000,
		InstanceProfiles: 1000,
		Policies:         1500,
		Providers:        100,

		GroupsPerUser:    10,
		KeysPerUser:      2,
		AttachedPerUser:  10,
		AttachedPerGroup: 10,
		AttachedPerRole:  10,
		VersionsPer:      5,
		TagsPer:          50,
		ClientIDsPer:     100,
		ThumbprintsPer:   5,

		PolicySize:      policy.MaxManagedPolicy,
		UserPolicySize:  policy.MaxUserPolicies,
		GroupPolicySize: policy.MaxGroupPolicies,
		RolePolicySize:  policy.MaxRolePolicies,
		TrustSize:       policy.MaxTrustPolicy,
	}
}
