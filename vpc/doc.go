// Package vpc is the vocabulary and pure logic of the network: VPCs, subnets,
// network interfaces, security groups, endpoints, their addresses, names and
// limits.
//
// The types here are what is stored and planned. They use netip and plain
// values, never pointers, so that two records can be compared and a plan
// built from them is a pure function. A value read from the store is shared
// and immutable: copy a slice or map before changing it.
package vpc
