// Package dns is the resolver of the VPCs: it answers the queries that
// workloads send to the address VPC + 2, to that of their subnet, to
// 169.254.169.253 and to fd00:ec2::253.
//
// Who owns a name is decided in one place (zones.go), the closest owner first:
//
//   - the private names of the VPC's own endpoints, each a hidden zone of
//     exactly one name: what lies below it is left to the owners that follow,
//     so that oidc.eks.us-east-1.amazonaws.com is never shadowed by an
//     endpoint for eks.us-east-1.amazonaws.com. A name is never shadowed that
//     the zone does not own;
//   - the names of the VPC's instances, forward and reverse;
//   - the regional and zonal names of every endpoint and load balancer of the
//     installation: public names that answer with private addresses, in each
//     VPC alike;
//   - private names that are wildcards, for what lies below and is not there
//     itself;
//   - the public names of the services that Postern itself serves;
//   - the domains of endpoints' names, and names that must not leak (RFC 6303,
//     RFC 6761): reverse zones of private ranges, localhost, the internal
//     domains;
//   - everything else is asked of Config.Upstream.
//
// A View is what one VPC's resolver knows. The agent builds it with Build and
// hands it over with Server.Set; a query in flight finishes with the view it
// began with. The public names come in parts, one a VPC, by Server.SetPublic.
package dns
