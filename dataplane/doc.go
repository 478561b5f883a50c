// Package dataplane holds VPCs in the kernel of a Linux host: namespaces,
// links, addresses, routes, filters, and what they count.
//
// A VPC is a network namespace whose routing table is the VPC's router; the
// ENI of a workload is a namespace of its own, linked to the VPC's. A Host
// takes the whole desired state of one VPC at a time and makes it so,
// whatever it finds; calling it again changes nothing. The kernel carries the
// packets: it goes on when the process that called Set is gone, and a new
// Host in the same folder takes over.
package dataplane
