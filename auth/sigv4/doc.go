// Package sigv4 verifies AWS Signature Version 4 on a request, in its
// Authorization header or in its query (a presigned URL).
//
// Parse reads what the request claims: who signed it, for which Region and
// service, and when. Nothing of that is proven until Keys.Verify has compared
// the signature, so a caller may use a parsed Signature only to find the
// secret and to choose the words of a refusal.
//
// The whole body is always part of the signature: UNSIGNED-PAYLOAD and the
// streaming forms belong to services that are not served here and fail as any
// other wrong payload hash does. A session token
// is only read: the caller opens it to find the secret.
package sigv4
