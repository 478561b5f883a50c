package policy

import (
	"slices"
	"strings"
)

// statements are those of a document, and whether they are a list of at least
// one, or one alone.
func (v value) statements() ([]value, bool) {
	switch s := v.member("Statement"); s.kind {
	case object:
		return []value{s}, true
	case list:
		return s.items, len(s.items) > 0
	}
	return nil, false
}

// isPolicy checks the elements of a whole identity policy.
func isPolicy(root value) bool {
	for _, m := range root.members {
		switch m.name {
		case "Version":
			if m.value.kind != text || m.value.text != "2012-10-17" && m.value.text != "2008-10-17" {
				return false
			}
		case "Id":
			if m.value.kind != text {
				return false
			}
		case "Statement":
		default:
			return false
		}
	}
	return root.kind == object
}

// isStatement checks the elements of a statement without reading what the
// lists hold.
func isStatement(s value) bool {
	for _, m := range s.members {
		switch m.name {
		case "Sid":
			if m.value.kind != text {
				return false
			}
		case "Effect":
			if !strings.EqualFold(m.value.text, "Allow") && !strings.EqualFold(m.value.text, "Deny") {
				return false
			}
		case "Action", "NotAction", "Resource", "NotResource":
			isText := func(v value) bool { return v.kind == text }
			if !isText(m.value) && (m.value.kind != list || !all(m.value.items, isText)) {
				return false
			}
		case "Condition":
			if _, err := parseConditions(m.value, true); err != nil {
				return false
			}
		case "Principal", "NotPrincipal":
		default:
			return false
		}
	}
	return s.kind == object && s.has("Effect") &&
		!(s.has("Action") && s.has("NotAction")) && !(s.has("Resource") && s.has("NotResource"))
}

// isLegacy checks what IAM says only that an older parser has failed at it:
// the case of Effect, and dates.
func isLegacy(s value) bool {
	if effect := s.member("Effect").text; effect != "Allow" && effect != "Deny" {
		return false
	}
	if !s.has("Condition") {
		return true
	}
	conditions, err := parseConditions(s.member("Condition"), true)
	return err == nil && !slices.ContainsFunc(conditions, func(c condition) bool {
		return c.operator.family == dateFamily && c.invalid
	})
}

// validateResources returns the first mistake, but what an older parser fails
// at goes before it.
func validateResources(statements []value) (mistaken *Error) {
	for _, s := range statements {
		for _, resource := range s.either("Resource") {
			if err := validateResource(resource); err != nil && mistaken == nil {
				mistaken = err
			}
		}
		if mistaken != nil {
			continue
		}
		for _, resource := range s.either("Resource") {
			parts := strings.Split(resource, ":")
			if resource != "*" && (len(parts) < arnParts && strings.Contains(resource, "::") || parts[2] == "") {
				return malformed("", textLegacy)
			}
		}
	}
	return mistaken
}

// iamResources is how the resources of IAM begin.
var iamResources = []string{
	"user/", "federated-user/", "role/", "group/", "instance-profile/", "mfa/", "server-certificate/", "policy/", "sms-mfa/",
	"saml-provider/", "oidc-provider/", "report/", "access-report/",
}

func validateResource(resource string) *Error {
	if resource == "*" {
		return nil
	}
	parts := strings.SplitN(resource, ":", arnParts)
	switch {
	case len(parts) == 1:
		return malformed("", textARN, resource)
	case parts[1] != "*" && parts[1] != "aws" && !strings.HasPrefix(parts[1], "aws-"):
		for len(parts) < arnParts {
			parts = append(parts, "*")
		}
		return malformed("", `Partition "%s" is not valid for resource "arn:%s".`, parts[1], strings.Join(parts[1:], ":"))
	case len(parts) == 2 || strings.ContainsAny(parts[2], "*?"):
		return malformed("", "Resource vendor must be fully qualified and cannot contain regexes.")
	case parts[2] == "iam" && len(parts) > 3 && parts[3] != "":
		return malformed("", "IAM resource %s cannot contain region information.", resource)
	case parts[0] != "arn":
		return malformed("", textARN, resource)
	}
	begins := func(prefix string) bool { return strings.HasPrefix(parts[5], prefix) }
	if parts[2] == "iam" && len(parts) == arnParts && parts[5] != "*" && !slices.ContainsFunc(iamResources, begins) {
		return malformed("", `IAM resource path must either be "*" or start with %s.`, strings.Join(iamResources, ", "))
	}
	return nil
}

// member is the value of that name in an object, the zero value if there is
// none.
func (v value) member(name string) value {
	for _, m := range v.members {
		if m.name == name {
			return m.value
		}
	}
	return value{}
}

func (v value) has(name string) bool {
	return slices.ContainsFunc(v.members, func(m member) bool { return m.name == name })
}

// either are the texts of an element or its Not… form.
func (v value) either(name string) []string {
	texts, _ := v.member(name).strings()
	not, _ := v.member("Not" + name).strings()
	return append(texts, not...)
}

// lists reports whether an element or its Not… form has a value.
func (v value) lists(name string) bool { return len(v.either(name)) > 0 }
