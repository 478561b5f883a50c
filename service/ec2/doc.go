// Package ec2 is the VPC family of the EC2 API: networks, subnets, route
// tables, security groups, network interfaces, interface endpoints, flow logs
// and the tags of all of these.
//
// An operation is a method of Service. It reads and writes records in one
// transaction of the store and, where the network depends on them, waits until
// this node has applied the transaction's revision, so that the next packet
// obeys the answer. What all operations have in common (required and unknown
// parameters, DryRun, paging) was done by the request chain before.
package ec2
