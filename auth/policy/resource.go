package policy

import "strings"

// resourceSet is a Resource or NotResource element.
type resourceSet struct {
	not      bool
	patterns []resourcePattern
	values   []string // as written
}

func parseResources(not bool, v value, variables bool) (*resourceSet, *Error) {
	names, ok := v.strings()
	if !ok {
		return nil, malformed("", textSyntax)
	}
	set := &resourceSet{not: not, values: names}
	for _, name := range names {
		if name != "*" && !strings.HasPrefix(name, "arn:") && !(variables && strings.HasPrefix(name, "${")) {
			return nil, malformed("", textARN, name)
		}
		set.patterns = append(set.patterns, compileResource(name, dialect{wildcards: true, variables: variables}))
	}
	return set, nil
}

func (r *resourceSet) match(resource string, context Context) bool {
	for i := range r.patterns {
		if r.patterns[i].match(resource, context) {
			return !r.not
		}
	}
	return r.not
}
