package ec2

import (
	"path"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

func TestMatchFilter(t *testing.T) {
	for _, row := range []struct {
		pattern, value string
		want           bool
	}{
		{"", "", true},
		{"", "a", false},
		{"abc", "abc", true},
		{"abc", "ABC", false}, // filters are case-sensitive
		{"*", "", true},
		{"*", "anything", true},
		{"a*c", "ac", true},
		{"a*c", "abbbc", true},
		{"a*c", "abbbd", false},
		{"a?c", "abc", true},
		{"a?c", "ac", false},
		{"*VPC Endpoint*", "VPC Endpoint Interface vpce-1", true},
		{`\*amazon\?\\`, `*amazon?\`, true}, // the example of AWS's documentation
		{`\*`, "a", false},
		{`\?`, "?", true},
		{"a*b*c", "a-b-b-c", true},
	} {
		if got := matchFilter(row.pattern, row.value); got != row.want {
			t.Errorf("matchFilter(%q, %q) = %v", row.pattern, row.value, got)
		}
	}
}

// The library's glob is the oracle where the two languages agree.
func TestMatchFilterAgreesWithGlob(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		pattern := rapid.StringOfN(rapid.RuneFrom([]rune("ab*?")), 0, 12, -1).Draw(t, "pattern")
		value := rapid.StringOfN(rapid.RuneFrom([]rune("ab")), 0, 12, -1).Draw(t, "value")
		want, err := path.Match(pattern, value)
		if err != nil {
			t.Fatal(err)
		}
		if got := matchFilter(pattern, value); got != want {
			t.Fatalf("matchFilter(%q, %q) = %v", pattern, value, got)
		}
	})
}

func FuzzMatchFilter(f *testing.F) {
	f.Add(`a*\?`, "ab?")
	f.Add(strings.Repeat("*a", 50), strings.Repeat("a", 100))
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if got, again := matchFilter(pattern, value), matchFilter(pattern, value); got != again {
			t.Errorf("%q matches %q: %v, then %v", pattern, value, got, again)
		}
		if quoted := strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`).Replace(value); !matchFilter(quoted, value) {
			t.Errorf("%q does not match itself", value)
		}
	})
}

func TestCompileFilters(t *testing.T) {
	known := filters[map[string]string]{
		"color": func(m map[string]string) []string { return []string{m["color"]} },
		tagFilter: func(m map[string]string) []string {
			return []string{tagPair("team", m["team"]), tagPair("empty", ""), tagPair("a=b", "c=d")}
		},
	}
	thing := map[string]string{"color": "red", "team": "net=work"}
	where := func(name string, values ...string) ec2.Filter {
		return ec2.Filter{Name: wire.Ptr(name), Values: values}
	}
	for _, row := range []struct {
		in   []ec2.Filter
		want bool
	}{
		{nil, true},
		{[]ec2.Filter{where("color", "blue", "red")}, true},
		{[]ec2.Filter{where("color", "blue")}, false},
		{[]ec2.Filter{where("color")}, false}, // no value matches nothing
		{[]ec2.Filter{where("color", "red"), where("tag:team", "net=work")}, true},
		{[]ec2.Filter{where("tag:a=b", "c=d"), where("tag-key", "a=b"), where("tag-value", "c=d")}, true},
		{[]ec2.Filter{where("tag:a", "*")}, false}, // the key is a=b
		{[]ec2.Filter{where("color", "red"), where("tag:team", "net")}, false},
		{[]ec2.Filter{where("tag-key", "te*")}, true},
		{[]ec2.Filter{where("tag-value", "net=*")}, true},
		{[]ec2.Filter{where("tag:empty", "")}, true},
		{[]ec2.Filter{where("tag:other", "")}, false},
	} {
		match, err := compileFilters(known, row.in)
		if err != nil || match(thing) != row.want {
			t.Errorf("%+v: %v, %v", row.in, !row.want, err)
		}
	}
	wantError(t, "InvalidParameterValue", "The filter 'size' is invalid", func() error {
		_, err := compileFilters(known, []ec2.Filter{where("size", "1")})
		return err
	})
	wantError(t, "InvalidParameterValue", "The filter 'tag' is invalid", func() error {
		_, err := compileFilters(known, []ec2.Filter{where("tag", "x")})
		return err
	})
	wantError(t, "FilterLimitExceeded", "The maximum number of filter values specified on a single call is 200", func() error {
		_, err := compileFilters(known, []ec2.Filter{where("color", make([]string, 201)...)})
		return err
	})
}
