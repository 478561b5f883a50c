// Package audit keeps a record of every call of the AWS APIs, and shows it as
// the events of AWS CloudTrail.
//
// The request chain hands each Call to a Log, which is an enqueue; one
// goroutine makes a Record of it and appends it to the journal of the caller's
// account and Region, and to that of the owner of the endpoint that the call
// came through. A record holds no secrets: what the shapes of the wire carry
// of them is masked before it is written.
//
// A Record shows itself as a management event to the caller's account, and as
// a network activity event to the endpoint's owner. One that was denied by the
// policy of another account's endpoint is shown to the owner only.
package audit
