package policy

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// choices are what a case is made of: bytes, of which each decides one
// question. When they are used up, every answer is the first.
type choices struct{ bytes []byte }

func (c *choices) below(n int) int {
	if len(c.bytes) == 0 {
		return 0
	}
	b := int(c.bytes[0])
	c.bytes = c.bytes[1:]
	return b % n
}

// often is true in n of 16 cases.
func (c *choices) often(n int) bool { return c.below(16) < n }

func pick[T any](c *choices, from []T) T { return from[c.below(len(from))] }

// several picks at least least, and at most three.
func several[T any](c *choices, least int, from []T) []T {
	all := []T{}
	for range least + c.below(4-least) {
		all = append(all, pick(c, from))
	}
	return all
}

// The words of the generated cases are few, so that statements and requests
// often meet.
var (
	bob      = Principal{ARN: "arn:aws:iam::444455556666:user/bob", Account: "444455556666", UserID: "AIDABOBBOBBOBBOBBOB2"}
	wordsWho = []Principal{root, ann, app, reader, annSession, bob, them, eks, goog, canu, {}}

	wordsAction    = []string{"eks:DescribeCluster", "EKS:listclusters", "eks:ListClusters", "ec2:DescribeVpcs", "sts:AssumeRole", "iam:PassRole"}
	wordsActions   = []string{"*", "eks:*", "EKS:list*", "eks:ListClusters", "eks:?escribeCluster", "eks:D*e*r", "ec2:*", "sts:AssumeRole", "*:*", "iam:passrole", "eks:"}
	wordsResource  = []string{mine, theirs, "*", "arn:aws:s3:::bucket/ann/x", "arn:aws:logs:us-east-1:111122223333:log-group:g:s", "arn:aws:eks:us-east-1:111122223333:nodegroup/c1/n/1"}
	wordsResources = []string{
		"*", "arn:aws:eks:*:*:cluster/*", mine, "arn:aws:eks:us-*-1:111122223333:cluster/?1", "arn:aws:eks", "arn:aws:*", "arn:aws:s3:::bucket/${aws:username}/*",
		"arn:aws:s3:::bucket/${aws:username, 'ann'}/${*}", "arn:aws:logs:*:log-group:g:*", "arn:aws:logs:us-*:log-group:?:*", "arn:aw?:*:us-*-1:*4444*:cluster/**",
		"arn:aws:eks:us-east-1:111122223333:nodegroup/${aws:PrincipalTag/team}/*", "arn:aws:eks:*:cluster/*", "arn:aws:eks:us-east-1:1111*3333:*c1*",
	}
	wordsPrincipal = []any{
		"*", map[string]any{"AWS": "*"}, map[string]any{"AWS": account}, map[string]any{"AWS": "arn:aws:iam::444455556666:root"}, map[string]any{"AWS": ann.ARN},
		map[string]any{"AWS": []any{app.Issuer, bob.ARN}}, map[string]any{"AWS": app.ARN}, map[string]any{"AWS": annSession.ARN}, map[string]any{"AWS": ann.UserID},
		map[string]any{"AWS": "AROAEXAMPLEEXAMPLE23"}, map[string]any{"Service": []any{"eks.amazonaws.com", "ec2.amazonaws.com"}}, map[string]any{"Federated": "accounts.google.com"},
		map[string]any{"AWS": []any{ann.ARN, "arn:aws:iam::" + account + ":root"}}, map[string]any{"AWS": []any{reader.ARN, app.Issuer, account}},
		map[string]any{"CanonicalUser": "79a5", "AWS": "444455556666"},
	}

	// Keys with their values, in requests and in policies.
	wordsKeys = []struct {
		key       string
		family    family
		got, want []any
	}{
		{"aws:username", stringFamily, []any{"ann", "bob", "ANN", "", "a*"}, []any{"ann", "a*", "?nn", "", "${aws:PrincipalTag/team}", "${aws:PrincipalTag/team, 'bob'}", "a${*}", "Ann"}},
		{"aws:PrincipalTag/team", stringFamily, []any{"c1", "ann", "é"}, []any{"c1", "?", "*", "${aws:username}", "c${$}"}},
		{"aws:TagKeys", stringFamily, []any{"a", "b", "", "ab"}, []any{"a", "b", "a*", "*", ""}},
		{"aws:PrincipalArn", arnFamily, []any{ann.ARN, app.Issuer, mine, "x"}, []any{ann.ARN, "arn:aws:iam::*:role/*", "arn:aws:*:user/ann", "*", "arn:aws:iam::1111*:*", "arn:aws:iam::111122223333:user/${aws:username}", "${aws:SourceArn}", "arn:aws:iam::${aws:absent, '*'}:user/ann"}},
		{"aws:SourceArn", arnFamily, []any{"arn:aws:logs:us-east-1:111122223333:log-group:g:s", ann.ARN, ""}, []any{"arn:aws:logs:*:*:log-group:*", "arn:aws:logs:*:log-group:g:s", "arn:aws:logs:us-east-1:111122223333:log-group:?:s", "${aws:PrincipalArn}"}},
		{"aws:SourceIp", addressFamily, []any{"10.0.1.5", "192.0.2.1", "2001:db8::1", "::ffff:10.0.1.5", "x"}, []any{"10.0.0.0/16", "10.0.1.5", "10.0.9.9/16", "2001:db8::/32", "::ffff:10.0.0.0/112", "0.0.0.0/0", "::/0", "10.0.0.0/33", "x"}},
		{"aws:SecureTransport", boolFamily, []any{"true", "false", "True", "x"}, []any{true, false, "TRUE", "yes", "${aws:SecureTransport}"}},
		{"aws:MultiFactorAuthAge", numericFamily, []any{"10", "1e1", "-0.5", "ten", "", "9007199254740993"}, []any{json.Number("10"), "10.0", "-1", "ten", json.Number("1e2"), "9007199254740992"}},
		{"aws:CurrentTime", dateFamily, []any{"2026-01-02T03:04:05Z", "2026-01-02T04:04:05.5+01:00", "1767323045", "2026-01-02", "x"}, []any{"2026-01-02T03:04:05Z", "2026", "2026-01", "2026-01-02T03:04Z", "1767323045", json.Number("1767225600"), "yesterday", "2026-01-02T03:04:05"}},
		{"x:Bytes", binaryFamily, []any{"QmluYXJ5", "Binary", "!", ""}, []any{"QmluYXJ5", "", "%"}},
	}
	wordsOperators = [...][]string{
		stringFamily:  {"StringEquals", "StringNotEquals", "StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", "StringLike", "StringNotLike"},
		arnFamily:     {"ArnEquals", "ArnLike", "ArnNotEquals", "ArnNotLike"},
		addressFamily: {"IpAddress", "NotIpAddress"},
		boolFamily:    {"Bool"},
		binaryFamily:  {"BinaryEquals"},
		nullFamily:    {"Null"},
		numericFamily: {"NumericEquals", "NumericNotEquals", "NumericLessThan", "NumericLessThanEquals", "NumericGreaterThan", "NumericGreaterThanEquals"},
		dateFamily:    {"DateEquals", "DateNotEquals", "DateLessThan", "DateLessThanEquals", "DateGreaterThan", "DateGreaterThanEquals"},
	}
)

func (c *choices) request() (oracleRequest, Principal) {
	who := pick(c, wordsWho)
	r := oracleRequest{Action: pick(c, wordsAction), Resource: pick(c, wordsResource), Principal: who.ARN, Context: map[string][]string{}}
	r.Account = pick(c, []string{account, account, account, "444455556666"})
	for _, k := range wordsKeys {
		if c.often(5) {
			continue
		}
		key := pick(c, []string{k.key, strings.ToUpper(k.key), strings.ToLower(k.key)})
		values := []string{}
		for _, v := range several(c, 0, k.got) {
			values = append(values, v.(string))
		}
		r.Context[key] = values
	}
	return r, who
}

func (c *choices) conditions() map[string]any {
	block := map[string]any{}
	for range 1 + c.below(3) {
		k := pick(c, wordsKeys)
		operators, values := wordsOperators[k.family], k.want
		switch c.below(8) {
		case 0:
			operators, values = wordsOperators[nullFamily], []any{true, false, "TRUE", "x"}
		case 1: // another family's operator
			operators = pick(c, wordsOperators[:])
		case 2:
			values = pick(c, wordsKeys[:]).want
		}
		operator := pick(c, operators)
		if operator != "Null" {
			operator = pick(c, []string{"", "", "", "ForAllValues:", "ForAnyValue:"}) + operator + pick(c, []string{"", "", "IfExists"})
		}
		if c.often(2) {
			operator = strings.ToLower(operator)
		}
		var want any = several(c, 0, values)
		if c.often(5) {
			want = pick(c, values)
		}
		block[operator] = map[string]any{pick(c, []string{k.key, strings.ToUpper(k.key)}): want}
	}
	return block
}

// document is a policy of that type. Half of its statements are wide.
func (c *choices) document(t Type) string {
	attached := t == Resource || t == Trust || t == Endpoint || t == RCP
	statement := func() map[string]any {
		s := map[string]any{"Effect": pick(c, []string{"Allow", "Allow", "Allow", "Deny"})}
		if attached && !c.often(1) {
			s[pick(c, []string{"Principal", "Principal", "Principal", "Principal", "NotPrincipal"})] = pick(c, wordsPrincipal)
		}
		if c.often(8) {
			s["Action"], s["Resource"] = pick(c, []string{"*", "eks:*"}), "*"
		} else {
			s[pick(c, []string{"Action", "Action", "NotAction"})] = several(c, 1, wordsActions)
			s[pick(c, []string{"Resource", "Resource", "NotResource"})] = several(c, 1, wordsResources)
		}
		if t == Trust || attached && c.often(2) {
			delete(s, "Resource")
		}
		if c.often(7) || s["Effect"] == "Deny" && c.often(12) {
			s["Condition"] = c.conditions()
		}
		return s
	}
	d := map[string]any{}
	if !c.often(2) {
		d["Version"] = pick(c, []string{"2012-10-17", "2012-10-17", "2012-10-17", "2008-10-17"})
	}
	if c.often(5) {
		d["Statement"] = statement()
	} else {
		all := []any{}
		for range 1 + c.below(3) {
			all = append(all, statement())
		}
		d["Statement"] = all
	}
	text, err := json.Marshal(d)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func (c *choices) documents(t Type, least, most int) []string {
	all := []string{}
	for range least + c.below(most-least+1) {
		all = append(all, c.document(t))
	}
	return all
}

func (c *choices) levels(t Type) [][]string {
	all := [][]string{}
	for range c.below(4) {
		all = append(all, c.documents(t, 0, 2))
	}
	return all
}

// policies are those of a case.
func (c *choices) policies() oracleCase {
	o := oracleCase{read: map[string][]map[string]any{}}
	o.Identity = c.documents(Identity, 0, 2)
	if c.often(8) {
		o.Trust = c.often(4)
		t := Resource
		if o.Trust {
			t = Trust
		}
		text := c.document(t)
		o.Resource = &text
	}
	if c.often(4) {
		o.Endpoint = c.documents(Endpoint, 0, 2)
	}
	if c.often(4) {
		o.Boundary = c.documents(Boundary, 0, 1)
	}
	if c.often(4) {
		o.Session = c.documents(Session, 0, 2)
	}
	if c.often(3) {
		o.SCPs = c.levels(SCP)
	}
	if c.often(3) {
		o.RCPs = c.levels(RCP)
	}
	return o
}

// set is the case as the package takes it.
func (o oracleCase) set(t testing.TB) Set {
	document := func(text string) Named {
		d, err := Parse(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		return Named{Document: d}
	}
	list := func(texts []string) []Named {
		if texts == nil {
			return nil
		}
		all := []Named{}
		for _, text := range texts {
			all = append(all, document(text))
		}
		return all
	}
	levels := func(texts [][]string) [][]Named {
		if texts == nil {
			return nil
		}
		all := [][]Named{}
		for _, level := range texts {
			all = append(all, list(level))
		}
		return all
	}
	s := Set{
		Identity: list(o.Identity), Trust: o.Trust, Endpoint: list(o.Endpoint), Boundary: list(o.Boundary),
		Session: list(o.Session), SCPs: levels(o.SCPs), RCPs: levels(o.RCPs),
	}
	if o.Resource != nil {
		n := document(*o.Resource)
		s.Resource = &n
	}
	return s
}

// compareWithOracle decides a number of requests by the same policies, each
// twice, and explains it. It returns the decisions.
func compareWithOracle(t testing.TB, bytes []byte, requests int) (all []Decision) {
	c := &choices{bytes}
	o := c.policies()
	set := o.set(t)
	for range requests {
		o.Request, o.principal = c.request()
		all = append(all, compareOne(t, o, set))
	}
	return all
}

func compareOne(t testing.TB, o oracleCase, set Set) Decision {
	want := oracle(o)
	req := Request{
		Action: o.Request.Action, Resource: o.Request.Resource, ResourceAccount: o.Request.Account,
		Principal: o.principal, Context: MakeKeys(o.Request.Context),
	}
	decided, explained := Decide(req, set), Explain(req, set)
	got := oracleAnswer{decision: decided.Decision.String(), by: decided.Type.String()}
	for _, r := range explained.Reasons {
		got.applied = append(got.applied, r.Applied())
	}
	alike := decided.Decision == explained.Decision && decided.Type == explained.Type && decided.Level == explained.Level &&
		decided.Statement == explained.Statement
	same := got.decision == want.decision && got.by == want.by && slices.Equal(got.applied, want.applied)
	if !same || !alike {
		line, _ := json.MarshalIndent(o, "", "  ")
		t.Fatalf("%s\n got %+v\nwant %+v\ndecided %+v\nexplained %+v", line, got, want, decided, explained)
	}
	return decided.Decision
}

// TestAgainstOracle decides random cases and wants no difference from the
// oracle: the decision, the type of policy that made it, and of every
// statement whether it applied.
func TestAgainstOracle(t *testing.T) {
	const cases, requests = 100_000, 4
	source := rand.NewChaCha8([32]byte{})
	bytes := make([]byte, 1600)
	seen := map[Decision]int{}
	for range cases / requests {
		source.Read(bytes)
		for _, d := range compareWithOracle(t, bytes, requests) {
			seen[d]++
		}
	}
	t.Log(seen)
	for _, d := range []Decision{ImplicitDeny, Allowed, ExplicitDeny} {
		if seen[d] < cases/20 {
			t.Errorf("only %d of %d cases end in %s", seen[d], cases, d)
		}
	}
}

// FuzzAgainstOracle looks for cases that the words above do not lead to by
// chance.
func FuzzAgainstOracle(f *testing.F) {
	source := rand.NewChaCha8([32]byte{1})
	for range 20 {
		bytes := make([]byte, 300)
		source.Read(bytes)
		f.Add(bytes)
	}
	f.Fuzz(func(t *testing.T, bytes []byte) { compareWithOracle(t, bytes, 1) })
}
