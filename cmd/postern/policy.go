package main

// policyCommand works with policies.
type policyCommand struct {
	Suggest  policySuggestCommand  `cmd:"" help:"Print the least endpoint policy that allows what was called through an endpoint and allowed; what was denied is told on stderr."`
	Evaluate policyEvaluateCommand `cmd:"" help:"Decide requests by the policies that they bring along, without a server: JSON lines in, JSON lines out."`
}
