// Package nflog reads the packets that the filter of a VPC drops. The filter
// logs each with the id of the ENI whose security groups dropped it.
package nflog
