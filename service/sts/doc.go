// Package sts is the STS API: who calls, and temporary credentials.
//
// Nothing is stored. What a session may do, and until when, is sealed into its
// token (package auth/session); a node that opens the token needs nothing else. So a
// session cannot be ended: what ends it early is that its role or its
// policies change.
//
// Most operations decide by themselves who may call them, because a role's trust
// policy decides together with the caller's own policies, or because AWS asks
// for no permission. They find the latter in the request's context
// (auth.Authority).
package sts
