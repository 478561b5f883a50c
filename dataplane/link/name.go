package link

import "net/netip"

// MTU of all links of a VPC, in bytes: that of an interface endpoint.
const MTU = 8500

// Link is an ENI with a workload behind it.
type Link struct {
	ENI     string       // eni-…
	MAC     string       // of the workload's end
	Address netip.Addr   // of the workload's end
	Subnet  netip.Prefix // the workload finds its neighbours here
	Gateway netip.Addr   // an address of the VPC's lo; the workload's default route
}

// nameSize is the longest name of a Linux interface.
const nameSize = 15

// Name is the name of the VPC's end of an ENI's link: eni- and the last 11
// hex digits of the id (the 8 of an old short id). 44 random bits: Ensure
// refuses the link of an ENI whose name another one has.
func Name(eni string) string {
	if len(eni) <= nameSize {
		return eni
	}
	return "eni-" + eni[len(eni)-(nameSize-len("eni-")):]
}
