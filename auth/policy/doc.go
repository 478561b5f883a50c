// Package policy is the policy language of IAM and its evaluation: it parses
// documents and decides what all policies that apply to a request say about
// it.
//
// A Document is compiled once by Parse, is immutable and safe for concurrent
// use. Decide is a pure function of the request and the Set of policies, as
// the IAM User Guide describes it under "Policy evaluation logic"; Explain
// decides the same and says of every statement of every policy whether it
// applied, and if not, which of its elements did not match and with what they
// were compared.
//
// Which policies apply is the caller's business: whose identity policies, the
// endpoint a request came through, whether an organization's control policies
// concern the account.
package policy
