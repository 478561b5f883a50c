// Package api is the chain that every AWS request goes through:
//
//	accept → service → body → signature → operation → policies → dry run → call → page → encode
//
// A Server is an http.Handler over the operation tables and methods that its
// Config lists. On an endpoint's connection (vpc.Arrival) it serves the
// endpoint's service and no other, and asks the endpoint's policy; on the
// public listener the credential scope, or else the Host, names the service.
// What a call does is decided by all policies that apply to its caller; what
// conditions ask for is worked out when a policy asks. Explain says why.
// Every refusal is written in the protocol and words of the service.
//
// CA is the certificate authority that makes clients trust the endpoints, and
// the certificates it has issued.
package api
