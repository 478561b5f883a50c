package vpc

import "time"

// Limits are the quotas of a VPC and its parts. Those of an object always
// hold; those that count an account's objects hold where Account is set.
type Limits struct {
	Account bool // enforce the account's counts (serve --quotas=aws)

	VPCs           int // a Region
	SubnetsPerVPC  int
	GroupsPerReg   int // security groups a Region
	RulesPerGroup  int // each direction, IPv4 and IPv6 apart
	GroupsPerENI   int
	EndpointsPer   int // interface endpoints a VPC
	PolicySize     int // characters of an endpoint policy, white space included
	FlowLogsPer    int // flow logs a resource
	TagsPer        int // tags a resource
	ClustersPerReg int

	LoadBalancersPerReg int // network load balancers a Region
	ListenersPer        int // a load balancer
	TargetGroupsPerReg  int // a Region
	TargetsPer          int // a target group
}

// DefaultLimits are AWS's defaults ("Amazon VPC quotas", "AWS PrivateLink
// quotas", "Amazon EKS service quotas", "Quotas for your Network Load Balancers").
func DefaultLimits() Limits {
	return Limits{
		VPCs:           5,
		SubnetsPerVPC:  200,
		GroupsPerReg:   2500,
		RulesPerGroup:  60,
		GroupsPerENI:   5,
		EndpointsPer:   50,
		PolicySize:     20480,
		FlowLogsPer:    250,
		TagsPer:        50,
		ClustersPerReg: 100,

		LoadBalancersPerReg: 50,
		ListenersPer:        50,
		TargetGroupsPerReg:  3000,
		TargetsPer:          1000,
	}
}

// PathLimits are what the network does to packets on their way.
type PathLimits struct {
	Queries      int           // packets to the resolver a second and ENI; 0: no limit
	EndpointIdle time.Duration // after which a silent connection through an endpoint is forgotten
	ClampMSS     bool          // connections through endpoints get a segment size that fits
}

// DefaultPathLimits are AWS's ("Amazon VPC quotas", "AWS PrivateLink quotas").
func DefaultPathLimits() PathLimits {
	return PathLimits{Queries: 1024, EndpointIdle: 350 * time.Second, ClampMSS: true}
}
