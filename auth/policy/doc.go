// Package policy is the policy language of IAM: it parses documents and
// decides what they say about a request.
//
// A Document is compiled once by Parse and is immutable and safe for
// concurrent use. Evaluate is a pure function of the request and the
// documents. It looks at every statement, never stops early, and its Decision
// says for each one whether it applied or which of its elements did not
// match, so the same value serves the answer, the log and an explanation.
//
// Which kinds of policies a request must pass (identity, endpoint, boundary,
// session) is the caller's business: the documents of one kind go into one
// call of Evaluate.
package policy
