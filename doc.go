// Package postern is the root of the module: it holds the tests that keep the
// repository's own rules. The program is cmd/postern.
package postern
