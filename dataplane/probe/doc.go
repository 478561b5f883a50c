// Package probe finds out what this kernel lets this user do, by doing it in
// namespaces that are thrown away. Nothing is concluded from versions, and
// nothing outside of those namespaces is touched.
package probe
