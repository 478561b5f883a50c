// Package bench measures the way of a packet, of a call and of a name, beside
// what it is compared with in the same run, and prints ratios. Run it as root:
//
//	make bench
//
// The ways of a packet:
//
//	direct     two namespaces with one veth pair between them, no rules
//	endpoint   a workload to an endpoint's address, through its VPC's namespace
//	           and both gates of its security groups
//	workload   a workload to another one in the same subnet
//
// The ways of a connection through an endpoint service:
//
//	routed     four namespaces in a row, client, two routers and server, no rules
//	service    a workload to the target of a service: the consumer's VPC, the
//	           peer link, the provider's VPC, with four gates and a load balancer
//	haproxy    the routed path with HAProxy, TCP mode, in the second router
//	nginx      the same with nginx's stream module
//
// The two proxies are Debian's packages, fetched for the run and not installed.
//
// The ways of a call are ListClusters with the SDK for Go over one kept
// connection a client: through the endpoint's ENI, through the public
// listener on the host, and a bare Go HTTPS handler as the limit.
//
// The policy engine stands beside MinIO's and Cedar's, on the same rules.
//
// The resolver stands beside CoreDNS, each on one core, with dnsperf as the
// load on the other.
package bench
