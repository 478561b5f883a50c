// Package wire is what is on the wire: the AWS protocols, the tables of
// operations generated from the official API models, and the error that a
// client sees.
//
// A generated package (wire/ec2, wire/eks, …) holds a service's shapes and its
// operation table. A service binds its methods to rows of that table with
// Bind; the request chain in package api finds the row with Match, reads the
// input with Decode, calls the method, cuts the result with Page and writes it
// with Encode or EncodeError. The codecs walk the generated types by
// reflection, one file a protocol; what they look up is made once a service.
//
// # Errors that the codecs make
//
// Whatever a client sends, the answer is the client's error, never a 5xx:
//
//	                      EC2                    query                  json, rest-json
//	unknown operation     InvalidAction          InvalidAction          UnknownOperationException (rest-json: 404)
//	not implemented       UnsupportedOperation   UnsupportedOperation   UnsupportedOperationException
//	malformed request     MalformedQueryString   MalformedQueryString   SerializationException
//	unknown parameter     UnknownParameter       passed over            passed over
//	given twice           InvalidParameterCombination                   SerializationException
//	wrong type            InvalidParameterValue  InvalidParameterValue  SerializationException
//	required and missing  MissingParameter       Operation.Invalid      Operation.Invalid
//	a rule is broken      InvalidParameterValue  Operation.Invalid      Operation.Invalid
//	bad page token        InvalidNextToken                              Operation.Invalid
//
// Operation.Invalid is the code among those that the model lists for the
// operation: InvalidParameterException for CloudWatch Logs and EKS,
// BadRequestException for the tag operations of EKS, and the protocol's
// ValidationError or ValidationException where the model lists none.
//
// The generated files come from the API models in the folder model.
//
//go:generate go run ./gen
package wire
