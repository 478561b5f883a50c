package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
)

// model is one API model file, as far as the generator needs it.
type model struct {
	Metadata   metadata
	Operations map[string]*operation
	Shapes     map[string]*shape
	Pagination map[string]*pagination
}

type metadata struct {
	APIVersion       string
	EndpointPrefix   string
	JSONVersion      string
	Protocol         string
	ServiceFullName  string
	SigningName      string
	TargetPrefix     string
	XMLNamespace     string
	SignatureVersion string
}

type operation struct {
	Name string
	HTTP struct {
		Method, RequestURI string
		ResponseCode       int
	}
	Input  *ref
	Output *ref
	Errors []ref
}

// shape is a named type of the model.
type shape struct {
	Type     string
	Members  map[string]*ref
	Required []string
	Member   *ref // of a list
	Key      *ref // of a map
	Value    *ref
	Enum     []string
	Min, Max *float64
	Pattern  string

	Exception bool
	Error     struct {
		Code           string
		HTTPStatusCode int
	}
	Fault bool
}

// ref is a use of a shape, with the wire names of that use.
type ref struct {
	Shape            string
	Location         string // uri, querystring, header, statusCode; "" is the body
	LocationName     string
	QueryName        string
	ResultWrapper    string
	IdempotencyToken bool
}

type pagination struct {
	InputToken  names  `json:"input_token"`
	OutputToken names  `json:"output_token"`
	LimitKey    string `json:"limit_key"`
	ResultKey   names  `json:"result_key"`
	MoreResults string `json:"more_results"`
}

// names is a string or a list of strings.
type names []string

func (n *names) UnmarshalJSON(b []byte) error {
	var one string
	if json.Unmarshal(b, &one) == nil {
		*n = names{one}
		return nil
	}
	return json.Unmarshal(b, (*[]string)(n))
}

func load(file string) (*model, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	m := new(model)
	if err := json.Unmarshal(b, m); err != nil {
		return nil, fmt.Errorf("parse %s: %w", file, err)
	}
	return m, nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
