// Package jwt reads and verifies the identity tokens of OpenID Connect
// issuers: JSON Web Tokens in compact form (RFC 7515, 7519), signed with RS256
// or ES256 by a key of the issuer's key set (RFC 7517).
//
// Parse proves nothing. A caller reads the issuer from the claims to find the
// key set, and trusts the rest only after Token.Verify. Whether a token is in
// time and for whom it was made is the caller's to check.
package jwt
