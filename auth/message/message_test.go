package message

import (
	"errors"
	"strings"
	"testing"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/auth/seal"
)

const account = "111122223333"

var request = policy.Request{
	Action: "ec2:DeleteVpc", Resource: "arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1",
	Principal: policy.Principal{ARN: "arn:aws:iam::111122223333:user/ann", Account: account, UserID: "AIDAEXAMPLE"},
}

func TestMessage(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	for _, c := range []struct {
		name    string
		verdict policy.Verdict
		keys    policy.Keys
		want    string
	}{
		{"an explicit deny", policy.Verdict{Decision: policy.ExplicitDeny, Type: policy.Identity, Policy: "limits", Statement: 2, Sid: "NoVPC"}, policy.Keys{"b": {"1", "2"}, "a": {"<x>"}},
			`{"allowed":false,"explicitDeny":true,"matchedStatements":{"items":[{"statementId":"NoVPC","effect":"DENY","sourcePolicyType":"identity","sourcePolicyId":"limits","principals":{"items":["AIDAEXAMPLE"]}}]},` +
				`"failures":{"items":[]},"context":{"principal":{"id":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ann"},"action":"ec2:DeleteVpc","resource":"arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1",` +
				`"conditions":{"items":[{"key":"a","values":{"items":[{"value":"\u003cx\u003e"}]}},{"key":"b","values":{"items":[{"value":"1"},{"value":"2"}]}}]}}}`},
		{"nobody allows it", policy.Verdict{}, nil,
			`{"allowed":false,"explicitDeny":false,"matchedStatements":{"items":[]},"failures":{"items":[]},"context":{"principal":{"id":"AIDAEXAMPLE","arn":"arn:aws:iam::111122223333:user/ann"},` +
				`"action":"ec2:DeleteVpc","resource":"arn:aws:ec2:us-east-1:111122223333:vpc/vpc-1","conditions":{"items":[]}}}`},
	} {
		encoded, err := Seal(ring, request, c.keys, c.verdict)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Open(ring, account, encoded); err != nil || got != c.want {
			t.Errorf("%s:\n got %s %v\nwant %s", c.name, got, err, c.want)
		}
	}
}

func TestLongMessage(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	keys := policy.Keys{}
	for _, b := range seal.NewKey() { // keys that do not pack
		nonce := seal.NewNonce()
		keys[strings.Repeat(string(rune(b)+'A'), 2)+string(nonce[:])] = []string{string(ring.Secret(nonce, 2000))}
	}
	encoded, err := Seal(ring, request, keys, policy.Verdict{})
	if err != nil || len(encoded) > MaxEncoded {
		t.Fatalf("%d characters %v", len(encoded), err)
	}
	if got, err := Open(ring, account, encoded); err != nil || !strings.Contains(got, `"conditions":{"items":[]}`) {
		t.Errorf("%s %v", got, err)
	}
}

func TestOpenRefuses(t *testing.T) {
	ring := seal.NewRing(seal.NewKey())
	encoded, err := Seal(ring, request, nil, policy.Verdict{})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string][2]string{
		"of another account": {"444455556666", encoded},
		"nothing":            {account, ""},
		"no base64":          {account, "!"},
		"too long":           {account, strings.Repeat("A", MaxEncoded+1)},
		"cut":                {account, encoded[:len(encoded)-1]},
	} {
		if got, err := Open(ring, c[0], c[1]); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %q %v", name, got, err)
		}
	}
	for i := range encoded {
		changed := []byte(encoded)
		changed[i] = "AB"[strings.Count(encoded[i:i+1], "A")]
		if _, err := Open(ring, account, string(changed)); !errors.Is(err, ErrInvalid) {
			t.Errorf("character %d may be another: %v", i, err)
		}
	}
}

func FuzzOpen(f *testing.F) {
	ring := seal.NewRing(seal.NewKey())
	f.Add("AAAA")
	f.Fuzz(func(t *testing.T, encoded string) {
		if got, err := Open(ring, account, encoded); err == nil {
			t.Errorf("forged: %s", got)
		}
	})
}
