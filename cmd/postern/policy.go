package main

// policyCommand works with policies.
type policyCommand struct {
	Suggest policySuggestCommand `cmd:"" help:"Print the least endpoint policy that allows what was called through an endpoint and allowed; what was denied is told on stderr."`
}
