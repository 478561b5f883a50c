// Package link makes the network interfaces of a VPC: for the ENI of a
// workload a veth pair, whose one end is eth0 in the workload's namespace and
// whose other end is in the VPC's; for everything that the VPC itself answers
// (gateways, resolvers, endpoints) an address on its lo.
//
// The VPC's end carries a name of at most 15 characters and the whole id of
// the ENI as its alias, so that `ip link` in the namespace reads like the
// console.
package link
