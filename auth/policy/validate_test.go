package policy

import (
	"strings"
	"testing"
)

const bucket = `"Resource":"arn:aws:s3:::b"`

func TestValidateIdentity(t *testing.T) {
	allow := func(elements string) string { return statement(`"Effect":"Allow",` + elements) }
	for _, c := range []struct{ doc, want string }{
		{allow(`"Action":"s3:ListBucket",` + bucket), ""},
		{`{"Version":"2012-10-17","Id":"x","Statement":{"Sid":"","Effect":"Deny","NotAction":["s3:*"],"NotResource":["*"]}}`, ""},
		{allow(`"Action":["iam: x y ","s3-s:a","s3.s:*"],"Resource":["arn:aws:fdsasf","arn:aws-cn:s3:::b","arn:*:s3:::b","arn:aws:iam::*:user/${aws:username}","arn:aws:iam::111122223333:*"]`), ""},
		{allow(`"Action":"*",` + bucket + `,"Condition":{"x":{},"DateGreaterThan":{"a":[]},"StringEqualsIfExists":{"a":"b"}}`), ""},
		{allow(`"Action":"*",` + bucket + `,"Condition":{"NumericLessThan":{"a":["x",1]},"IpAddress":{"a":"x"}}`), ""},

		// One mistake each.
		{"no json", textSyntax},
		{`[]`, textSyntax},
		{`{"Version":"2012-10-17"}`, textSyntax},
		{`{"Version":"2012-10-17","Statement":[]}`, textSyntax},
		{`{"Version":"2012-10-17","Statement":["x"]}`, textSyntax},
		{`{"Version":"2013-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		{`{"Version":"2012-10-17","Id":[],"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		{`{"Version":"2012-10-17","X":"","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, textSyntax},
		{`{"Version":"2008-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "Policy document must be version 2012-10-17 or greater."},
		{`{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`, "Policy document must be version 2012-10-17 or greater."},
		{allow(`"Action":"*","Resource":"*","X":""`), textSyntax},
		{statement(`"Effect":"invalid","Action":"*","Resource":"*"`), textSyntax},
		{statement(`"Action":"*","Resource":"*"`), textSyntax},
		{allow(`"Sid":{},"Action":"*","Resource":"*"`), textSyntax},
		{allow(`"Action":{},"Resource":"*"`), textSyntax},
		{allow(`"Action":[[]],"Resource":"*"`), textSyntax},
		{allow(`"Action":"*","NotAction":[],"Resource":"*"`), textSyntax},
		{allow(`"Action":"*","Resource":"*","NotResource":"*"`), textSyntax},
		{allow(`"Action":"*","Resource":["x",{}]`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Condition":[]`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Condition":{"a":"b"}`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"a":{}}}`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Condition":{"x":{"a":"1"}}`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Condition":{"ForAnyValue::StringEquals":{"a":"b"}}`), textSyntax},
		{allow(`"Action":"*","Resource":"*","Principal":"*"`), "Policy document should not specify a principal."},
		{allow(`"Action":"*","Resource":"*","NotPrincipal":{"AWS":"*"}`), "Policy document should not specify a principal."},
		{statement(`"Effect":"denY","Action":"*","Resource":"*"`), textLegacy},
		{allow(`"Action":"*","Resource":"*","Condition":{"DateGreaterThan":{"a":"tomorrow"}}`), textLegacy},
		{allow(`"Action":"*","Resource":"*","Condition":{"DateLessThan":{"a":"9223372036854775808"}}`), textLegacy},
		{allow(`"Action":"*","Resource":"arn:aws:s3::b"`), textLegacy},
		{allow(`"Action":"*","NotResource":"arn:aws::::b"`), textLegacy},
		{allow(`"Sid":"a-b","Action":"*","Resource":"*"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{allow(`"Sid":"é","Action":"*","Resource":"*"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
		{`{"Version":"2012-10-17","Statement":[{"Sid":"a","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"a","Effect":"Allow"}]}`, textSids},
		{allow(bucket), textActions},
		{allow(`"Action":[],` + bucket), textActions},
		{allow(`"Action":"s3:ListBucket"`), textResources},
		{allow(`"Action":"s3:ListBucket","Resource":[]`), textResources},
		{allow(`"Action":"x",` + bucket), textVendor},
		{allow(`"NotAction":"",` + bucket), textVendor},
		{allow(`"Action":"s3:List:Bucket",` + bucket), "Actions/Condition can contain only one colon."},
		{allow(`"Action":"a a:ListBucket",` + bucket), "Vendor a a is not valid"},
		{allow(`"Action":"*","Resource":"a resource"`), `Resource a resource must be in ARN format or "*".`},
		{allow(`"Action":"*","Resource":""`), `Resource  must be in ARN format or "*".`},
		{allow(`"Action":"*","Resource":"a:b"`), `Partition "b" is not valid for resource "arn:b:*:*:*:*".`},
		{allow(`"Action":"*","Resource":"a:b:c:d:e:f:g:h"`), `Partition "b" is not valid for resource "arn:b:c:d:e:f:g:h".`},
		{allow(`"Action":"*","Resource":"aws:s3:::b"`), `Partition "s3" is not valid for resource "arn:s3:::b:*".`},
		{allow(`"Action":"*","Resource":["arn:error:s3:::b","arn:error:s3::b"]`), `Partition "error" is not valid for resource "arn:error:s3:::b".`},
		{allow(`"Action":"*","Resource":"arn:aws"`), "Resource vendor must be fully qualified and cannot contain regexes."},
		{allow(`"Action":"*","Resource":"arn:aws:s*:::b"`), "Resource vendor must be fully qualified and cannot contain regexes."},
		{allow(`"Action":"*","Resource":"arn:aws:iam:us-east-1::user/a"`), "IAM resource arn:aws:iam:us-east-1::user/a cannot contain region information."},
		{allow(`"Action":"*","Resource":"arn:aws:iam:::b"`), `IAM resource path must either be "*" or start with user/, federated-user/, role/, group/, instance-profile/, mfa/, server-certificate/, policy/, sms-mfa/, saml-provider/, oidc-provider/, report/, access-report/.`},

		// Of two mistakes that which IAM sees first.
		{statement(`"Effect":"denY","Action":"*","Resource":"x","Principal":"*"`), "Policy document should not specify a principal."},
		{allow(`"Action":"x","Resource":"y"`), `Resource y must be in ARN format or "*".`},
		{allow(`"Action":"x"`), textVendor},
		{allow(`"Resource":"arn:aws:s3::b"`), textLegacy},
		{statement(`"Effect":"allow","Resource":"arn:aws:iam:us-east-1::b"`), textLegacy},
	} {
		if got := message(Validate(Identity, c.doc)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.doc, got, c.want)
		}
	}
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestValidateTrust(t *testing.T) {
	assume := func(elements string) string {
		return `{"Statement":[{"Effect":"Allow","Action":"sts:AssumeRole",` + elements + `}]}`
	}
	for _, c := range []struct{ doc, want string }{
		{assume(`"Principal":{"AWS":"*"}`), ""},
		{assume(`"Principal":{"AWS":["111122223333","arn:aws:iam::111122223333:role/a/b"],"Service":["ec2.amazonaws.com"]}`), ""},
		{assume(`"NotPrincipal":{"AWS":"111122223333"}`), ""},
		{`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["sts:AssumeRoleWithWebIdentity","sts:TagSession"],"Principal":{"Federated":"arn:aws:iam::111122223333:oidc-provider/oidc.eks.us-east-1.amazonaws.com/id/A"},"Condition":{"StringEquals":{"oidc.eks.us-east-1.amazonaws.com/id/A:aud":"sts.amazonaws.com"}}}}`, ""},
		{`{"Statement":[{"Effect":"Allow",}]}`, "This policy contains invalid Json"},
		{`{}`, "Missing required field Statement"},
		{`{"Statement":{"Action":"sts:AssumeRole","Principal":{"AWS":"*"}}}`, "Missing required field Effect"},
		{`{"Statement":{"Effect":"Allow","Action":"sts:AssumeRole"}}`, "Missing required field Principal"},
		{`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"}}}`, "Missing required field Action"},
		{assume(`"Principal":{"AWS":"*"},"Resource":"*"`), "Has prohibited field Resource"},
		{assume(`"Principal":{"AWS":"*"},"NotResource":"*"`), "Has prohibited field NotResource"},
		{assume(`"Principal":{"AWS":"*"},"X":"*"`), "Unknown field X"},
		{`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"*"}}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{`{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":["sts:AssumeRole","ec2:Run"]}}`, "AssumeRole policy may only specify STS AssumeRole actions."},
		{assume(`"Principal":"*"`), `AssumeRolepolicy contained an invalid principal: "STAR":"*".`},
		{assume(`"Principal":{}`), "Invalid principal in policy: com.amazon.balsa.error.InvalidPolicyException: The passed in policy has a statement with no principals!"},
		{assume(`"Principal":{"AWS":"arn:aws:iam::12345678910:role/a"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::12345678910:role/a"`},
		{assume(`"Principal":{"AWS":"arn:aws:iam::111122223333:role/*"}`), `Invalid principal in policy: "AWS":"arn:aws:iam::111122223333:role/*"`},
		{assume(`"Principal":{"Service":"*"}`), `Invalid principal in policy: "SERVICE":"*"`},
		{assume(`"Principal":{"Federated":"me"}`), `Invalid principal in policy: "FEDERATED":"me"`},
		{assume(`"Principal":{"CanonicalUser":"79a5"}`), `Invalid principal in policy: "CANONICALUSER":"79a5"`},
		{assume(`"Principal":{"AWS":"*"},"Sid":"a b"`), "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"},
	} {
		if got := message(Validate(Trust, c.doc)); got != c.want {
			t.Errorf("%s\n got %s\nwant %s", c.doc, got, c.want)
		}
	}
}

func TestValidateOthers(t *testing.T) {
	bare := statement(`"Effect":"Allow","Action":"*","Resource":"*"`)
	for _, c := range []struct {
		typ       Type
		doc, want string
	}{
		{Session, bare, ""},
		{Session, `{`, "The policy is not in the valid JSON format."},
		{Boundary, bare, ""},
		{Boundary, `{`, textSyntax},
		{SCP, statement(plain), "Policy document should not specify a principal."},
		{Endpoint, statement(plain), ""},
		{Endpoint, bare, "Statement 1: Missing required field Principal"},
		{Endpoint, statement(`"Effect":"Allow","Action":"*","Principal":"*"`), "Statement 1: " + textResources},
		{Endpoint, statement(plain + `,"Condition":{"IpAddress":{"aws:VpcSourceIp":"10.0.0.0/33"}}`), "Statement 1: Invalid value: IpAddress aws:VpcSourceIp 10.0.0.0/33."},
		{Endpoint, statement(plain + `,"Condition":{"Bool":{"aws:x":["true","yes"]}}`), "Statement 1: Invalid value: Bool aws:x true, yes."},
		{Endpoint, `{`, textNotJSON},
		{RCP, bare, "Statement 1: Missing required field Principal"},
		{Resource, statement(`"Effect":"Allow","Action":"*","Principal":"*"`), ""}, // as of a repository of ECR
	} {
		if got := message(Validate(c.typ, c.doc)); got != c.want {
			t.Errorf("%s, %s\n got %s\nwant %s", c.typ, c.doc, got, c.want)
		}
	}
}

func TestSize(t *testing.T) {
	for doc, want := range map[string]int{"": 0, " {\n\t\"a\" : \"é\" }\u00a0": 9, statement(plain): len(statement(plain))} {
		if got := Size(doc); got != want {
			t.Errorf("%q: %d, want %d", doc, got, want)
		}
	}
}

// FuzzValidate: what may be written can be evaluated, and says so in a
// sentence where it may not.
func FuzzValidate(f *testing.F) {
	f.Add(byte(Identity), statement(`"Effect":"Allow","Action":"s3:*",`+bucket))
	f.Add(byte(Trust), `{"Statement":{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}}`)
	f.Add(byte(Endpoint), statement(plain))
	f.Add(byte(Session), strings.Repeat("[", 20))
	f.Fuzz(func(t *testing.T, typ byte, doc string) {
		err := Validate(Type(typ%byte(types)), doc)
		if err != nil {
			if err.Error() == "" {
				t.Fatal("an error without a text")
			}
			return
		}
		if _, err := Parse(doc); err != nil {
			t.Fatalf("%s: valid, but %v", doc, err)
		}
	})
}
