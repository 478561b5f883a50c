// Package probe finds out what this kernel lets this user do, by doing it in
// namespaces that are thrown away.
package probe
