// Package conntrack counts what the connections of a VPC carry.
//
// The kernel's counters of live connections are read when they are asked for;
// those of a connection that ends come with its destroy event. The events are
// not lost: their socket asks the kernel for errors on broadcasts, and then
// the kernel keeps a dead connection until its event has been delivered.
package conntrack
