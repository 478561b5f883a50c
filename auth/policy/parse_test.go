package policy

import (
	"errors"
	"strings"
	"testing"
)

// statement wraps the elements of one statement that denies nothing else.
func statement(elements string) string {
	return `{"Version":"2012-10-17","Statement":[{` + elements + `}]}`
}

const plain = `"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"`

func TestParseAccepts(t *testing.T) {
	for name, doc := range map[string]string{
		"AWS's default endpoint policy":   `{"Statement":[{"Action":"*","Effect":"Allow","Principal":"*","Resource":"*"}]}`,
		"one statement without a list":    `{"Version":"2008-10-17","Id":"x","Statement":{` + plain + `}}`,
		"lists of one":                    statement(`"Effect":"Allow","Principal":{"AWS":["*"]},"Action":["eks:*"],"Resource":["*"]`),
		"identity policy":                 statement(`"Effect":"Allow","Action":"eks:List*","Resource":"arn:aws:eks:*:*:cluster/*"`),
		"trust policy":                    statement(`"Effect":"Allow","Principal":{"Service":"eks.amazonaws.com"},"Action":"sts:AssumeRole"`),
		"principals of every kind":        statement(`"Effect":"Deny","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:root","arn:aws:iam::111122223333:user/a/b","arn:aws:sts::111122223333:assumed-role/r/s","AIDAEXAMPLEEXAMPLE234"],"Federated":"accounts.google.com","CanonicalUser":"79a5"},"Action":"*","Resource":"*"`),
		"numbers and booleans as values":  statement(plain + `,"Condition":{"NumericLessThan":{"s3:max-keys":10},"Bool":{"aws:SecureTransport":[true]}}`),
		"a policy variable as a resource": statement(`"Effect":"Allow","Action":"*","Resource":"${aws:PrincipalArn}"`),
		"a variable with a default":       statement(`"Effect":"Allow","Action":"*","Resource":"arn:aws:eks:*:*:cluster/${aws:username, 'none'}"`),
		"dollar in an old document":       `{"Statement":{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${x"}}`,
	} {
		if _, err := Parse(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, c := range []struct{ doc, want string }{
		// Not a policy document at all.
		{``, textNotJSON},
		{`{"Statement":`, textNotJSON},
		{`{"Statement":[]} {}`, textNotJSON},
		{"{\"Id\":\"\xff\"}", textNotJSON},
		{`[]`, textSyntax},
		{`{}`, "Missing required field Statement"},
		{`{"Statement":[]}`, "Missing required field Statement"},
		{`{"Statement":["x"]}`, "Statement 1: " + textSyntax},
		{`{"Statement":7}`, "Statement: " + textSyntax},
		{`{"Statements":[]}`, "Unknown field Statements"},
		{`{"Version":"2012-10-18","Statement":{` + plain + `}}`, `Version: The policy document's version must be 2012-10-17 or 2008-10-17, not "2012-10-18".`},

		// Two readers could take different values.
		{statement(`"Effect":"Allow","Effect":"Deny","Action":"*"`), `Duplicate key "Effect".`},
		{statement(`"Effect":"Allow","Eff\u0065ct":"Deny","Action":"*"`), `Duplicate key "Effect".`},

		// Bounds.
		{`{"Id":"` + strings.Repeat("x", maxSize) + `"}`, "The policy document is longer than 131072 bytes."},
		{strings.Repeat("[", 20) + strings.Repeat("]", 20), "The policy document is nested deeper than 12."},

		// Elements.
		{statement(`"Action":"*"`), "Statement 1: Missing required field Effect"},
		{statement(`"Effect":"allow","Action":"*"`), "Statement 1, Effect: Invalid effect: allow"},
		{statement(`"Effect":["Allow"],"Action":"*"`), "Statement 1, Effect: " + textSyntax},
		{statement(`"Effect":"Allow"`), "Statement 1: " + textActions},
		{statement(`"Effect":"Allow","Action":[]`), "Statement 1, Action: " + textSyntax},
		{statement(`"Effect":"Allow","Action":"ListClusters"`), "Statement 1, Action: " + textVendor},
		{statement(`"Effect":"Allow","Action":"eks:List:Clusters"`), "Statement 1, Action: Actions/Condition can contain only one colon."},
		{statement(`"Effect":"Allow","Action":"e ks:ListClusters"`), "Statement 1, Action: Vendor e ks is not valid"},
		{statement(`"Effect":"Allow","Action":"eks:A","NotAction":"eks:B"`), "Statement 1: Action and NotAction exclude each other."},
		{statement(`"Effect":"Allow","Action":"*","Resource":"cluster/c1"`), `Statement 1, Resource: Resource cluster/c1 must be in ARN format or "*".`},
		{statement(`"Effect":"Allow","Action":"*","Resource":"*","Comment":""`), "Statement 1, Comment: Unknown field Comment"},
		{statement(`"Effect":"Allow","Action":"*","NotSid":"x"`), "Statement 1, NotSid: Unknown field NotSid"},
		{`{"Statement":[{"Sid":"a",` + plain + `},{"Sid":"b",` + plain + `},{"Sid":"a",` + plain + `}]}`, "Statement 3: " + textSids},

		// Principals.
		{statement(`"Effect":"Allow","Action":"*","Principal":"111122223333"`), `Statement 1, Principal: Invalid principal in policy: "111122223333"`},
		{statement(`"Effect":"Allow","Action":"*","Principal":{}`), "Statement 1, Principal: " + textSyntax},
		{statement(`"Effect":"Allow","Action":"*","Principal":{"aws":"*"}`), `Statement 1, Principal: Invalid principal in policy: "aws":"*"`},
		{statement(`"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::111122223333:user/*"}`), `Statement 1, Principal: Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:user/*"`},
		{statement(`"Effect":"Allow","Action":"*","Principal":{"AWS":"arn:aws:iam::*:root"}`), `Statement 1, Principal: Invalid principal in policy: "AWS":"arn:aws:iam::*:root"`},

		// Conditions.
		{statement(plain + `,"Condition":[]`), "Statement 1, Condition: " + textSyntax},
		{statement(plain + `,"Condition":{"StringEqual":{"aws:x":"y"}}`), "Statement 1, Condition: Invalid Condition type : StringEqual."},
		{statement(plain + `,"Condition":{"StringEqualsNot":{"aws:x":"y"}}`), "Statement 1, Condition: Invalid Condition type : StringEqualsNot."},
		{statement(plain + `,"Condition":{"NullIfExists":{"aws:x":"true"}}`), "Statement 1, Condition: Invalid Condition type : NullIfExists."},
		{statement(plain + `,"Condition":{"ForSomeValue:StringEquals":{"aws:x":"y"}}`), "Statement 1, Condition: Invalid Condition type : ForSomeValue:StringEquals."},
		{statement(plain + `,"Condition":{"DateBetween":{"aws:x":"y"}}`), "Statement 1, Condition: Invalid Condition type : DateBetween."},
		{statement(plain + `,"Condition":{"StringEquals":{"aws:x":null}}`), "Statement 1, Condition: " + textSyntax},
	} {
		_, err := Parse(c.doc)
		if e := (*Error)(nil); !errors.As(err, &e) || err.Error() != c.want {
			t.Errorf("Parse(%.90s)\n got %v\nwant %s", c.doc, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(statement(plain))
	f.Add(statement(plain + `,"Condition":{"ForAllValues:StringLikeIfExists":{"aws:TagKeys":["a*","${aws:username,'x'}"]},"IpAddress":{"aws:VpcSourceIp":"2001:db8::/32"},"DateLessThan":{"aws:CurrentTime":"2026-01-02T03:04:05Z"}}`))
	f.Add(statement(`"Effect":"Deny","NotPrincipal":{"AWS":"111122223333"},"NotAction":"eks:*","NotResource":"arn:aws:eks"`))
	f.Fuzz(func(t *testing.T, doc string) {
		d, err := Parse(doc)
		if (d == nil) == (err == nil) {
			t.Fatalf("Parse gave %v and %v", d, err)
		}
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a text")
			}
			return
		}
		got := explain(Request{Action: "eks:ListClusters", Resource: "*", Context: Keys{"aws:username": {"a"}}}, d)
		if len(got.Reasons) != len(d.Statements) {
			t.Fatalf("%d reasons for %d statements", len(got.Reasons), len(d.Statements))
		}
	})
}
