package sigv4

import (
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"
)

// TestSuite verifies the requests of AWS's own test suite.
func TestSuite(t *testing.T) {
	text, err := os.ReadFile("testdata/suite.json")
	if err != nil {
		t.Fatal(err)
	}
	var suite []struct {
		Name, Method, Host, Path string
		Query                    map[string]any // a value or a list
		Headers                  map[string]string
		Body, Authorization      string
	}
	if err := json.Unmarshal(text, &suite); err != nil {
		t.Fatal(err)
	}
	at := time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC)
	for _, c := range suite {
		query := url.Values{}
		for name, value := range c.Query {
			for _, v := range values(value) {
				query.Add(name, v)
			}
		}
		r := &http.Request{Method: c.Method, Host: c.Host, Header: http.Header{}, RequestURI: c.Path, URL: &url.URL{Path: c.Path, RawQuery: query.Encode()}}
		for name, value := range c.Headers {
			if name != "host" {
				r.Header.Set(name, value)
			}
		}
		r.Header.Set("Authorization", c.Authorization)
		s, err := Parse(r)
		if err != nil {
			t.Errorf("%s: %v", c.Name, err)
			continue
		}
		verify := func(body string) error {
			return new(Keys).Verify(&s, r, []byte(body), "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", at)
		}
		if err := verify(c.Body); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if err := verify(c.Body + "x"); kindOf(err) != Mismatch {
			t.Errorf("%s with another body: %v", c.Name, err)
		}
	}
	if len(suite) < 20 || !strings.Contains(string(text), "get-vanilla-utf8-query") {
		t.Errorf("the suite has %d requests", len(suite))
	}
}

func values(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, one := range v {
			all = append(all, values(one)...)
		}
		return all
	}
	return []string{""}
}
