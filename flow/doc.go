// Package flow makes VPC flow logs: it turns what the kernel counted into
// records, one for each tuple, network interface, direction, action and
// aggregation window, and delivers them.
//
//	Source -> attribute -> window -> format -> deliver -> Sink
//
// Each VPC is collected once for all its flow logs, at the end of every window
// that any of them has, and whenever its interfaces or flow logs change, so
// that traffic is counted for who was there. Windows are aligned to their
// length. What a Source counts is new since its last collection, and a flow
// log sees only what was counted after it came to be.
//
// As in AWS: an accepted packet between two interfaces is seen by both, one
// that the receiver's security groups stopped is an ACCEPT of the sender and a
// REJECT of the receiver, and traffic with the resolver and the other
// link-local services is not logged.
package flow
