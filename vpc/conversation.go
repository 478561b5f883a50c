package vpc

import "time"

// Directions of a Conversation's counters.
const (
	Original = 0 // as Tuple says
	Replies  = 1 // as Tuple.Reverse says
)

// Conversation is what the kernel counted of one tracked connection since it
// was last collected. Security groups let it pass: what they stop is a Drop.
// A connection through a load balancer in the VPC is two of them: client with
// load balancer, where the client is in the VPC too, and load balancer with
// target.
type Conversation struct {
	Tuple   Tuple     // as the first packet had it; ports of ICMP are 0
	Packets [2]uint64 // new since the last collection: Original, Replies
	Bytes   [2]uint64 // IP length, the same way
	Start   time.Time // when the first packet counted here may have passed, not later
	End     time.Time // when the last packet counted here may have passed, not earlier
}

// Drop is one packet that the security groups of one ENI stopped.
type Drop struct {
	ENI    string
	Egress bool // stopped when it left the ENI's workload
	Tuple  Tuple
	Bytes  uint64 // IP length
	Time   time.Time
}
