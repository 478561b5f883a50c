// Package nft turns the security groups of a VPC into the nftables table
// "inet postern" of its namespace.
//
// A packet passes two gates, in separate base chains, so that what one
// accepts the other still judges: the sender's egress rules when it comes in
// from the sender's link (sender-gate, before routing), the receiver's ingress
// rules when it goes out to the receiver's link (receiver-gate) or into a
// socket behind an endpoint's address (endpoint-gate). Verdict maps by link
// and by address find the ENI, so the cost of a packet grows neither with the
// number of ENIs nor with that of the groups.
//
//	eni-…-out, eni-…-in   the groups of one ENI, then log and drop
//	sg-…-out, sg-…-in     the rules of one group; each rule's comment is its sgr-…
//	@sg-…                 the members of a group that a rule refers to
//
// Sets of addresses exist once a family, the IPv6 ones with -v6 at the end of
// their names. Of what is link-local only neighbour discovery between a
// workload and its router passes.
//
// In the middle of a connection only the source and the state are looked at.
// A TCP packet of a connection that has expired is judged as if it began one
// and, if it may pass, answered with RST: the only packets that the namespace
// sends unasked, with neighbour discovery.
//
// Endpoint services go from a consumer's VPC to a provider's over a peer link,
// see services.go and frontend.go:
//
//	@steers       ports of endpoints that lead to a provider
//	svc-…         what comes in by a peer link
//	@frontends    ports of load balancers, each with the chain of its backends,
//	tcp-…         such as tcp-10.0.2.7-443-svc-…
//	to-…, from-…  a backend, and the load balancer's address that it sees
//
// The first packet of a connection takes the way through these maps; its
// translation, mark and zone are then the connection's. There is no flow
// table: not every kernel has one, and it would skip the check of the source.
//
// Build is a pure function from the security groups to a Ruleset. Conn.Apply
// changes the kernel's table into a Ruleset: what differs, in one transaction.
//
// The messages are written here and not by google/nftables' Conn because that
// one asks the kernel to acknowledge and echo every object: in a user
// namespace, where a socket's buffer is limited, a few hundred rules overflow
// it. Its expressions and their encoding are used as they are.
package nft
