package wire

import (
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Bounds of a form, far above what any operation needs.
const (
	maxParams = 10_000
	maxDepth  = 10
)

// param is a parameter of a form and, by the next part of their names, the
// parameters below it: Filter.1.Name is below Filter.1, which is below Filter.
type param struct {
	value string
	set   bool
	names []string // of below, in the order of the request
	below map[string]*param
}

func (p *param) child(name string) *param {
	if c := p.below[name]; c != nil {
		return c
	}
	c := new(param)
	if p.below == nil {
		p.below = map[string]*param{}
	}
	p.below[name] = c
	p.names = append(p.names, name)
	return c
}

// parseForm reads the parameters of the URL and of a form-encoded body. The
// parameters of a signature are not among the result.
func parseForm(r *http.Request, body []byte) (*param, error) {
	root, count := new(param), 0
	for _, text := range []string{r.URL.RawQuery, string(body)} {
		for pair := range strings.SplitSeq(text, "&") {
			if pair == "" {
				continue
			}
			if count++; count > maxParams {
				return nil, malformedForm("The request has too many parameters.")
			}
			if err := root.add(pair); err != nil {
				return nil, err
			}
		}
	}
	return root, nil
}

// add puts one name=value pair where it belongs below root.
func (p *param) add(pair string) error {
	rawName, rawValue, _ := strings.Cut(pair, "=")
	name, err := url.QueryUnescape(rawName)
	if err != nil {
		return malformedForm("The query string contains a syntax error.")
	}
	value, err := url.QueryUnescape(rawValue)
	if err != nil {
		return malformedForm("The query string contains a syntax error.")
	}
	if !utf8.ValidString(name) || !utf8.ValidString(value) {
		return malformedForm("The query string is not valid UTF-8.")
	}
	if strings.HasPrefix(name, "X-Amz-") {
		return nil
	}
	parts := strings.SplitN(name, ".", maxDepth+1)
	if len(parts) > maxDepth {
		return unknownParameter(name)
	}
	for _, part := range parts {
		p = p.child(part)
	}
	if p.set {
		return &Error{Code: "InvalidParameterCombination", Message: "The parameter " + shorten(name) + " may only be specified once."}
	}
	p.value, p.set = value, true
	return nil
}

func malformedForm(message string) error {
	return &Error{Code: "MalformedQueryString", Message: message}
}

func unknownParameter(name string) error {
	return &Error{Code: "UnknownParameter", Message: "The parameter " + shorten(name) + " is not recognized"}
}

// matchAction finds the operation that the parameter Action names.
func (s *Service) matchAction(r *http.Request, body []byte) (*Operation, error) {
	form, err := parseForm(r, body)
	if err != nil {
		return nil, err
	}
	action, version := form.child("Action").value, form.child("Version").value
	if action == "" {
		return nil, &Error{Code: "MissingAction", Message: "The request must contain the parameter Action"}
	}
	op := s.codec().operations[action]
	switch {
	case s.Protocol == EC2 && op == nil:
		return nil, &Error{Code: "InvalidAction", Message: "The action " + shorten(action) + " is not valid for this web service."}
	case s.Protocol == Query && (op == nil || version != "" && version != s.APIVersion):
		return nil, &Error{Code: "InvalidAction", Message: "Could not find operation " + shorten(action) + " for version " + shorten(version)}
	}
	return op, nil
}
