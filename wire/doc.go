// Package wire is what is on the wire: the AWS protocols, the tables of
// operations generated from the official API models, and the error that a
// client sees.
//
// A generated package (wire/ec2, wire/eks, …) holds a service's shapes and its
// operation table. A service binds its methods to rows of that table with
// Bind; the request chain in package api dispatches on the bound methods.
//
// The generated files come from the API models in the folder model.
//
//go:generate go run ./gen
package wire
