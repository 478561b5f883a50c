// Package session makes and opens temporary credentials. The session token
// holds everything that a node must know of the caller, sealed
// (package seal), so that every node verifies a session without a lookup.
//
// Nothing of the other two parts is stored anywhere: the access key id is the
// account and a part of the token's nonce, the secret is derived from the nonce. They are
// made again when a token is opened, and the access key id of a request must be
// the token's own.
//
// What a session may carry is bounded (Pack), so that a token fits into the
// headers of a request.
package session
