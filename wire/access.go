package wire

import (
	"context"
	"fmt"
	"strings"
)

// Access is something that a call does, for which it needs a permission.
type Access struct {
	Action   string // ec2:CreateTags
	Resource string // an ARN, or *

	// Keys are condition keys of this access alone, in lower case.
	Keys map[string][]string
}

// ConditionKey is a condition key that a service fills for its own actions.
type ConditionKey struct {
	Name string // eks:authenticationMode; one that ends with / stands for all that begin so
	From string // where its values come from, for the documentation

	// Values returns the values that a call has on a resource; none: it does
	// not have the key. in is the operation's input, nil where somebody only
	// asks what would be; rest is what follows the / of Name, in lower case.
	// Nil: an Access brings the key.
	Values func(ctx context.Context, in any, resource, rest string) []string
}

// InputKey is a condition key that an operation's input says.
func InputKey[I any](name, from string, values func(*I) []string) ConditionKey {
	return ConditionKey{name, from, func(_ context.Context, in any, _, _ string) []string {
		if in, ok := in.(*I); ok {
			return values(in)
		}
		return nil
	}}
}

// ResourceKey is a condition key that the resource says.
func ResourceKey(name, from string, values func(ctx context.Context, resource string) []string) ConditionKey {
	return ConditionKey{name, from, func(ctx context.Context, _ any, resource, _ string) []string {
		return values(ctx, resource)
	}}
}

// Needs returns m with the function that names what a call needs permissions
// for beside its own action.
func Needs[I any](m Method, further func(ctx context.Context, in *I) []Access) Method {
	m.Further = func(ctx context.Context, in any) []Access { return further(ctx, in.(*I)) }
	return m
}

// PassRole is what handing a role to a service needs; nothing where there is
// no role.
func PassRole(role *string, service string) []Access {
	if role == nil {
		return nil
	}
	return []Access{{"iam:PassRole", *role, map[string][]string{"iam:passedtoservice": {service}}}}
}

// TagValues are the values of the tags whose key is that one, in lower case:
// condition keys do not know case, and the keys of some services' tags do.
func TagValues[M ~map[string]string](tags M, key string) []string {
	var values []string
	for k, v := range tags {
		if strings.EqualFold(k, key) {
			values = append(values, v)
		}
	}
	return values
}

// Text is a member of an input as condition keys have it: as text, and none
// where the request does not have it.
func Text[T any](member *T) []string {
	if member == nil {
		return nil
	}
	return []string{fmt.Sprint(*member)}
}
