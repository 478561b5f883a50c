// Package seal closes what only this installation may read or make: session
// tokens and the explanations of refusals. What is sealed can be handed to
// anybody and opened on every node without a lookup, because all nodes have
// the installation's keys.
//
// A sealed text is
//
//	version (1 byte) | key id (4) | nonce (24) | XChaCha20-Poly1305
//
// Nonces of 192 bits are drawn at random without end. The key of a seal is
// derived from the installation's key for one Purpose, so that a text which was
// sealed for one never opens as another; version and key id are authenticated with the text.
//
// Keys rotate: the first key of a Ring seals, all of them open.
package seal
