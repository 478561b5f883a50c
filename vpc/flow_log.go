package vpc

import "time"

// FlowLog subscribes a log group to the traffic of a VPC, a subnet or an ENI.
type FlowLog struct {
	Owner
	ID             string // fl-…
	Resource       string // vpc-…, subnet-… or eni-…
	Traffic        string // ACCEPT, REJECT or ALL
	LogGroup       string
	DestinationARN string // as given by LogDestination, or empty
	PermissionARN  string // DeliverLogsPermissionArn
	Format         string // ${field} … ; DefaultFlowFormat when none was given
	Interval       time.Duration
	ClientToken    string
	ClientTokenSum string
	Created        time.Time
	Tags           Tags
}

// DefaultFlowFormat is the version 2 record format.
const DefaultFlowFormat = "${version} ${account-id} ${interface-id} ${srcaddr} ${dstaddr} ${srcport} ${dstport} ${protocol} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}"
