package policy

import (
	"regexp"
	"strings"
	"testing"
)

func mustCompile(t *testing.T, s string, d dialect) pattern {
	t.Helper()
	p, err := compile(s, d)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPattern(t *testing.T) {
	wild, both := dialect{wildcards: true}, dialect{wildcards: true, variables: true}
	context := Keys{"aws:username": {"ann"}, "aws:star": {"*"}, "aws:tagkeys": {"a", "b"}}
	for _, c := range []struct {
		dialect dialect
		pattern string
		text    string
		want    bool
	}{
		{wild, "", "", true},
		{wild, "", "a", false},
		{wild, "*", "", true},
		{wild, "**", "abc", true},
		{wild, "a*c", "abbc", true},
		{wild, "a*c", "abcb", false},
		{wild, "a*b*c", "a-b-b-c", true},
		{wild, "*ab", "aab", true},
		{wild, "?", "", false},
		{wild, "?", "é", true}, // a character, not a byte
		{wild, "a?c", "abbc", false},
		{wild, "*?", "", false},
		{wild, "*é?", "xéé", true},
		{dialect{}, "a*", "ab", false},
		{dialect{}, "a*", "a*", true},

		// Variables: one value, or the default, or no match at all.
		{both, "${aws:username}/*", "ann/x", true},
		{both, "${aws:UserName}", "ann", true},
		{both, "${aws:nobody}*", "", false},
		{both, "${aws:nobody, 'guest'}", "guest", true},
		{both, "${aws:username, 'guest'}", "ann", true},
		{both, "${aws:tagkeys}", "a", false},
		{both, "${aws:tagkeys,'z'}", "z", true},
		// What a client sends is never a wildcard.
		{both, "${aws:star}", "x", false},
		{both, "${aws:star}", "*", true},
		{both, "${*}${?}${$}", "*?$", true},
		{both, "${*}", "x", false},
		{wild, "${aws:username}", "${aws:username}", true},
	} {
		if got := mustCompile(t, c.pattern, c.dialect).match(c.text, context); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.text, got, c.want)
		}
	}
}

func TestARN(t *testing.T) {
	context := Keys{"aws:username": {"ann"}, "aws:principalarn": {"arn:aws:iam::111122223333:user/ann"}}
	for _, c := range []struct {
		pattern, arn string
		want         bool
	}{
		{"*", "*", true},
		{"*", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-east-1:111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-east-1:111122223333:cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/A", false},
		{"arn:aws:eks:*:*:cluster/*", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:eks:us-*-1:111122223333:*", "arn:aws:eks:us-east-1:111122223333:nodegroup/a/b", true},
		// A wildcard stays in its part …
		{"arn:aws:eks:*:cluster/*", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		{"arn:aws:*cluster/a", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		// … but the last part may contain colons.
		{"arn:aws:logs:*:*:log-group:*", "arn:aws:logs:us-east-1:111122223333:log-group:g:log-stream:s", true},
		// An ARN that ends early is completed.
		{"arn:aws:eks", "arn:aws:eks:us-east-1:111122223333:cluster/a", true},
		{"arn:aws:ec2", "arn:aws:eks:us-east-1:111122223333:cluster/a", false},
		// What is not an ARN matches only *.
		{"arn:*", "*", false},
		{"arn:aws:eks:*:*:*", "cluster/a", false},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111122223333:user/ann", true},
		{"arn:aws:iam::*:user/${aws:username}", "arn:aws:iam::111122223333:user/bob", false},
		{"arn:aws:iam::*:user/${aws:absent}", "arn:aws:iam::111122223333:user/", false},
		{"${aws:PrincipalArn}", "arn:aws:iam::111122223333:user/ann", true},
	} {
		p, err := compileARN(c.pattern, dialect{wildcards: true, variables: true})
		if err != nil {
			t.Fatal(err)
		}
		if got := p.match(c.arn, context); got != c.want {
			t.Errorf("%q matches %q: %v, want %v", c.pattern, c.arn, got, c.want)
		}
	}
}

// likeRegexp is the matcher written a second time, by way of a regular
// expression.
func likeRegexp(pattern, text string) bool {
	quoted := regexp.QuoteMeta(pattern)
	quoted = strings.ReplaceAll(quoted, `\*`, `.*`)
	quoted = strings.ReplaceAll(quoted, `\?`, `.`)
	return regexp.MustCompile(`(?s)\A` + quoted + `\z`).MatchString(text)
}

func FuzzMatch(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*a*", "aaa")
	f.Add("é?*", "ééé")
	f.Fuzz(func(t *testing.T, text, other string) {
		text, other = strings.ToValidUTF8(text, "?"), strings.ToValidUTF8(other, "?")
		if len(text) > 100 || len(other) > 1000 {
			return
		}
		if got, want := mustCompile(t, text, dialect{wildcards: true}).match(other, nil), likeRegexp(text, other); got != want {
			t.Fatalf("%q matches %q: %v, want %v", text, other, got, want)
		}
	})
}

// TestMatchTime keeps the cost of a hostile pair polynomial: the naive
// recursive matcher would not end.
func TestMatchTime(t *testing.T) {
	p := mustCompile(t, strings.Repeat("*a", 200)+"b", dialect{wildcards: true})
	if p.match(strings.Repeat("a", 5000), nil) {
		t.Error("a text without b matched")
	}
}
