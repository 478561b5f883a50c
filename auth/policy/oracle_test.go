package policy

import (
	"encoding/json"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// oracle is the language written a second time, plainly: it walks the decoded
// JSON, knows no compilation and matches by regular expressions. It returns
// the effect and, for every statement, whether it applied.
func oracle(req Request, text string) (effect string, applied []bool) {
	var doc struct{ Statement []map[string]any }
	if err := json.Unmarshal([]byte(text), &doc); err != nil {
		panic(err)
	}
	effect = "implicitDeny"
	for _, s := range doc.Statement {
		applies := oraclePrincipal(s, req.Principal) &&
			oracleElement(s, "Action", func(p string) bool {
				return likeRegexp(strings.ToLower(p), strings.ToLower(req.Action))
			}) &&
			oracleElement(s, "Resource", func(p string) bool { return oracleARN(p, req.Resource) }) &&
			oracleConditions(s, req.Context.(Keys))
		applied = append(applied, applies)
		switch {
		case applies && s["Effect"] == "Deny":
			effect = "explicitDeny"
		case applies && effect == "implicitDeny":
			effect = "allowed"
		}
	}
	return effect, applied
}

func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var all []string
	for _, item := range v.([]any) {
		all = append(all, item.(string))
	}
	return all
}

func oracleElement(s map[string]any, name string, match func(string) bool) bool {
	if v, ok := s["Not"+name]; ok {
		return !slices.ContainsFunc(texts(v), match)
	}
	v, ok := s[name]
	return !ok || slices.ContainsFunc(texts(v), match)
}

func oraclePrincipal(s map[string]any, who Principal) bool {
	in := func(v any) bool {
		if v == "*" {
			return true
		}
		for _, want := range texts(v.(map[string]any)["AWS"]) {
			isAccount := want == who.Account || want == "arn:aws:iam::"+who.Account+":root"
			if want == "*" || isAccount || want == who.ARN {
				return true
			}
		}
		return false
	}
	if v, ok := s["NotPrincipal"]; ok {
		return !in(v)
	}
	v, ok := s["Principal"]
	return !ok || in(v)
}

func oracleARN(pattern, arn string) bool {
	if pattern == "*" {
		return true
	}
	want, got := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	for len(want) < 6 {
		want = append(want, "*")
	}
	if len(got) < 6 {
		return false
	}
	for i := range want {
		if !likeRegexp(want[i], got[i]) {
			return false
		}
	}
	return true
}

func oracleConditions(s map[string]any, context map[string][]string) bool {
	block, ok := s["Condition"].(map[string]any)
	if !ok {
		return true
	}
	for operator, keys := range block {
		for key, values := range keys.(map[string]any) {
			if !oracleCondition(operator, texts(values), context[strings.ToLower(key)]) {
				return false
			}
		}
	}
	return true
}

func oracleCondition(operator string, want, got []string) bool {
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	quantifier, base, ok := strings.Cut(operator, ":")
	if !ok {
		quantifier, base = "", operator
	}
	negated := strings.Contains(base, "Not")
	if base == "Null" {
		return slices.Contains(want, map[bool]string{true: "true", false: "false"}[len(got) == 0])
	}
	if len(got) == 0 {
		return ifExists || quantifier == "ForAllValues" || quantifier == "" && negated
	}
	hits := 0
	for _, g := range got {
		if slices.ContainsFunc(want, func(w string) bool { return oracleTest(base, w, g) }) != negated {
			hits++
		}
	}
	if quantifier == "ForAllValues" || quantifier == "" && negated {
		return hits == len(got)
	}
	return hits > 0
}

func oracleTest(base, want, got string) bool {
	switch strings.Replace(base, "Not", "", 1) {
	case "StringEquals":
		return want == got
	case "StringEqualsIgnoreCase":
		return strings.EqualFold(want, got)
	case "StringLike":
		return likeRegexp(want, got)
	case "IpAddress":
		a, err := netip.ParseAddr(got)
		return err == nil && netip.MustParsePrefix(want).Contains(a)
	}
	return oracleARN(want, got)
}

// The words of the generated cases are few, so that statements and requests
// often meet.
var (
	someActions    = []string{"*", "eks:*", "EKS:list*", "eks:ListClusters", "eks:?escribeCluster", "ec2:*"}
	someResources  = []string{"*", "arn:aws:eks", "arn:aws:eks:*:*:cluster/*", "arn:aws:eks:us-east-1:111122223333:cluster/a?", "arn:aws:ec2:*:*:*"}
	somePrincipals = []string{`"*"`, `{"AWS":"*"}`, `{"AWS":"111122223333"}`, `{"AWS":["arn:aws:iam::444455556666:root","arn:aws:iam::111122223333:user/ann"]}`}
	someOperators  = []string{"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringLike", "StringNotLike"}
	someValues     = []string{"a", "A", "a*", "ab", "b?", "arn:aws:eks:*:*:cluster/*"}
	someGot        = []string{"a", "A", "ab", "b", "arn:aws:eks:us-east-1:111122223333:cluster/a1"}
)

func genStatement(t *rapid.T) string {
	pick := func(list []string, label string) string { return rapid.SampledFrom(list).Draw(t, label) }
	list := func(from []string, label string) string {
		b, _ := json.Marshal(rapid.SliceOfN(rapid.SampledFrom(from), 1, 3).Draw(t, label))
		return string(b)
	}
	not := func() string { return pick([]string{"", "", "", "Not"}, "not") }
	condition := func() string {
		operator := pick([]string{"", "", "ForAllValues:", "ForAnyValue:"}, "quantifier") + pick(append(someOperators, "ArnLike", "ArnNotEquals"), "operator") + pick([]string{"", "", "IfExists"}, "if exists")
		values := list(someValues, "values")
		switch pick([]string{"", "", "null", "address"}, "family") {
		case "null":
			operator, values = "Null", list([]string{"true", "false"}, "null")
		case "address":
			operator = pick([]string{"IpAddress", "NotIpAddress"}, "address")
			values = list([]string{"10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32", "0.0.0.0/0"}, "prefixes")
			return `"` + operator + `":{"aws:Ip":` + values + `}`
		}
		return `"` + operator + `":{"` + pick([]string{"aws:A", "aws:B"}, "key") + `":` + values + `}`
	}
	s := `"Effect":"` + pick([]string{"Allow", "Allow", "Deny"}, "effect") + `","` + not() + `Action":` + list(someActions, "actions") +
		`,"` + not() + `Resource":` + list(someResources, "resources") + `,"` + not() + `Principal":` + pick(somePrincipals, "principal")
	if rapid.Bool().Draw(t, "conditional") {
		s += `,"Condition":{` + condition() + `}`
	}
	return "{" + s + "}"
}

func genRequest(t *rapid.T) Request {
	context := map[string][]string{}
	for _, key := range []string{"aws:A", "aws:B"} {
		if values := rapid.SliceOfN(rapid.SampledFrom(someGot), 0, 2).Draw(t, key); len(values) > 0 {
			context[strings.ToLower(key)] = values
		}
	}
	if ip := rapid.SampledFrom([]string{"", "10.1.2.3", "192.0.2.1", "2001:db8::1", "x"}).Draw(t, "ip"); ip != "" {
		context["aws:Ip"] = []string{ip}
	}
	return Request{
		Action:    rapid.SampledFrom([]string{"eks:ListClusters", "eks:DescribeCluster", "ec2:DescribeVpcs"}).Draw(t, "action"),
		Resource:  rapid.SampledFrom([]string{"*", "arn:aws:eks:us-east-1:111122223333:cluster/a1", "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1"}).Draw(t, "resource"),
		Principal: rapid.SampledFrom([]Principal{root, ann, them, {}}).Draw(t, "principal"),
		Context:   MakeKeys(context),
	}
}

func TestAgainstOracle(t *testing.T) {
	seen := map[Decision]int{}
	rapid.Check(t, func(t *rapid.T) {
		statements := rapid.SliceOfN(rapid.Custom(genStatement), 1, 4).Draw(t, "statements")
		doc := `{"Statement":[` + strings.Join(statements, ",") + `]}`
		req := genRequest(t)
		d, err := Parse(doc)
		if err != nil {
			t.Fatalf("%s: %v", doc, err)
		}
		got := explain(req, d)
		seen[got.Decision]++
		effect, applied := oracle(req, doc)
		if got.Decision.String() != effect {
			t.Fatalf("%s\n%+v\n got %s, want %s", doc, req, got.Decision, effect)
		}
		for i, r := range got.Reasons {
			if r.Applied() != applied[i] {
				t.Fatalf("%s\n%+v\n%s, want applied %v", doc, req, r, applied[i])
			}
		}
	})
	for _, e := range []Decision{ImplicitDeny, Allowed, ExplicitDeny} {
		if seen[e] == 0 {
			t.Errorf("no generated case ends in %s", e)
		}
	}
}
