package wire

import (
	"context"
	"reflect"
	"sync"
)

// Protocol names how a service's requests and answers are written.
type Protocol string

const (
	EC2      Protocol = "ec2"       // Query in, XML out
	Query    Protocol = "query"     // Query in, XML out
	JSON     Protocol = "json"      // X-Amz-Target, JSON 1.0 or 1.1
	RESTJSON Protocol = "rest-json" // method and path, JSON
	RESTXML  Protocol = "rest-xml"  // method and path, XML; names only, no codec
	CBOR     Protocol = "smithy-rpc-v2-cbor"
)

// Service describes one AWS service as its model does. Values are generated.
type Service struct {
	Name           string // IAM action prefix: ec2, eks, logs
	Title          string // Amazon Elastic Compute Cloud
	EndpointPrefix string // first label of the service's host names
	SigningName    string // service of the credential scope
	Protocol       Protocol
	JSONVersion    string // 1.0 or 1.1 where Protocol is JSON
	TargetPrefix   string // of X-Amz-Target where Protocol is JSON
	APIVersion     string // 2016-11-15
	XMLNamespace   string // of answers where Protocol is EC2 or Query
	Operations     []*Operation
	Errors         map[string]ErrorShape  // modelled errors of the bound operations, by code
	Constraints    map[string]*Constraint // rules of input shapes, by shape

	once   sync.Once
	tables *tables // see codec
}

// ErrorShape is a modelled error.
type ErrorShape struct {
	Status  int
	Members []string // wire names beside the message
}

// Constraint is what the model demands of a value.
type Constraint struct {
	Enum     []string
	Code     string // of the error for a value outside Enum, where the service has one of its own
	Min, Max *int64 // of a number; of the length of a string, list or map
	Pattern  string // the model's regular expression, which the whole string must match

	Member, Key, Value string // shapes of the elements of a list or map, where those have rules
}

// Operation is one row of a service's operation table.
type Operation struct {
	Name    string
	Method  string       // HTTP method
	URI     string       // request URI pattern, /clusters/{name}
	Status  int          // HTTP status of success
	Input   reflect.Type // struct; nil where no method is bound to it, so its shapes were not generated
	Output  reflect.Type // struct; nil as Input
	Wrapper string       // resultWrapper of the query protocol
	Invalid string       // code of the error for a request that breaks a rule of the model
	Paging  *Paging
}

// Paging names the members that page through an operation's results.
type Paging struct {
	InputToken  string // Go field of the input, NextToken
	OutputToken string // Go field of the output
	Limit       string // Go field of the input, MaxResults
	Result      string // Go field of the output that holds the list
	Default     int    // page size when the request names none; 0: everything
	Max         int    // largest page size; larger requests are treated as Max
	BadToken    string // code of the error for a token that we did not make

	Key      string   // Go field that identifies an item of Result; "" for lists of strings
	Parallel []string // Go fields of further lists that run in parallel to Result
	Further  []string // Go fields of further lists that continue Result
	More     string   // Go field of the output that says whether there are more pages; "" where there is none
}

// Method is an operation that a service implements.
type Method struct {
	Operation *Operation
	// Call runs the operation: in is a pointer to Operation.Input, the
	// result a pointer to Operation.Output.
	Call func(ctx context.Context, in any) (any, error)
	// Resources names the ARNs that the operation acts on, for policies.
	// Nil means "*".
	Resources func(ctx context.Context, in any) []string
	// Further names what a call needs permissions for beside its own action:
	// to pass a role, to tag what it makes. Nil means nothing.
	Further func(ctx context.Context, in any) []Access
	// OwnPaging says that the operation pages by itself.
	OwnPaging bool
	// OwnAuthorization says that the operation decides by itself what the
	// caller may do. An endpoint's policy still filters.
	OwnAuthorization bool
	// Unsigned says that the operation needs no signature: its input proves
	// who calls. It has OwnAuthorization, too.
	Unsigned bool
}

// Bind ties a service's method to its row of the operation table. It panics
// where the types are not the row's, which only a change of the program can
// cause.
func Bind[I, O any](op *Operation, f func(context.Context, *I) (*O, error)) Method {
	if op.Input != reflect.TypeFor[I]() || op.Output != reflect.TypeFor[O]() {
		panic("wire: " + op.Name + " bound to a method of other types")
	}
	return Method{
		Operation: op,
		Call: func(ctx context.Context, in any) (any, error) {
			out, err := f(ctx, in.(*I))
			if err != nil {
				return nil, err
			}
			return out, nil
		},
	}
}

// On returns m with the function that names the resources a call acts on.
func On[I any](m Method, resources func(ctx context.Context, in *I) []string) Method {
	m.Resources = func(ctx context.Context, in any) []string { return resources(ctx, in.(*I)) }
	return m
}

// SelfPaged returns m marked as paging by itself.
func SelfPaged(m Method) Method {
	m.OwnPaging = true
	return m
}

// SelfAuthorized returns m marked as deciding by itself what the caller may do.
func SelfAuthorized(m Method) Method {
	m.OwnAuthorization = true
	return m
}

// Unsigned returns m marked as needing no signature.
func Unsigned(m Method) Method {
	m.Unsigned, m.OwnAuthorization = true, true
	return m
}
