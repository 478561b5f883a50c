// Package elbv2 is the Elastic Load Balancing API, for network load balancers.
//
// A load balancer is a record and one network interface in each of its
// subnets; the agent turns its listeners and target groups into rules of the
// kernel. Each call that changes something answers once this node's network
// matches it, in the VPC of the load balancer and in those of the endpoints
// whose service it stands behind.
//
// What the data plane does not do is refused, and no attribute says otherwise.
// Targets always see the address of the load balancer's node, so
// preserve_client_ip.enabled is false for every target group; AWS has it true
// for instances and for UDP. Connections are not ended when a target is
// deregistered or fails, and there is no certificate, so no TLS listener.
//
// The instances of target type instance are network interfaces: eni-….
package elbv2
