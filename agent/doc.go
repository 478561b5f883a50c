// Package agent makes the node's kernel, resolver and flow logs match the
// records: it takes the store's changes, plans each VPC that they touch with
// a pure function, applies the plan and reports the revision that is now in
// force. It does so for several VPCs at a time, and for each in the order of its
// changes: one whose kernel takes its time holds up no other.
//
// One Agent runs on a node. Run owns every goroutine and socket it opens and
// has closed them all when it returns; the namespaces stay, so that what is
// there can be adopted by the next Agent.
package agent
