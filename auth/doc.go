// Package auth says who calls: the verified identity behind a request. Its
// parts decide: sigv4 verifies a signature, policy evaluates documents. None
// of it does I/O.
package auth
