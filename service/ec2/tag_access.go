package ec2

import (
	"context"
	"reflect"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// tagging lets those of the methods whose operations make something with tags
// need ec2:CreateTags for it.
func tagging(methods []wire.Method) []wire.Method {
	for i, m := range methods {
		if field, ok := m.Operation.Input.FieldByName("TagSpecifications"); ok {
			methods[i].Further = tagsToCreate(m, field.Index)
		}
	}
	return methods
}

// tagsToCreate adds the permissions for the tags in a request to those that m
// needs otherwise.
func tagsToCreate(m wire.Method, field []int) func(context.Context, any) []wire.Access {
	further, operation := m.Further, m.Operation.Name
	return func(ctx context.Context, in any) []wire.Access {
		var all []wire.Access
		if further != nil {
			all = further(ctx, in)
		}
		owner := ownerOf(auth.CallerFrom(ctx))
		for _, spec := range reflect.ValueOf(in).Elem().FieldByIndex(field).Interface().([]ec2.TagSpecification) {
			if len(spec.Tags) == 0 {
				continue
			}
			all = append(all, wire.Access{
				Action:   "ec2:CreateTags",
				Resource: arn(owner, wire.Value(spec.ResourceType), "*"),
				Keys:     map[string][]string{"ec2:createaction": {operation}},
			})
		}
		return all
	}
}
