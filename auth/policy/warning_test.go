package policy

import "testing"

func TestWarnings(t *testing.T) {
	condition := func(c string) string { return plain + `,"Condition":{` + c + `}` }
	for _, c := range []struct{ elements, want string }{
		{plain, ""},
		{condition(`"StringEquals":{"aws:SourceVpce":"vpce-0a1b*"}`), ""}, // no wildcard to this operator
		{condition(`"StringLike":{"aws:SourceVpce":"vpce-0a1b"}`), ""},
		{condition(`"StringLike":{"aws:SourceVpce":"vpce-0a1b*"}`), "Statement 1: StringLike aws:SourceVpce vpce-0a1b* compares an identifier otherwise than as a whole."},
		{condition(`"ForAnyValue:StringNotLikeIfExists":{"AWS:PrincipalAccount":"1111222233*"}`), "Statement 1: ForAnyValue:StringNotLikeIfExists AWS:PrincipalAccount 1111222233* compares an identifier otherwise than as a whole."},
		{condition(`"NumericLessThan":{"aws:PrincipalAccount":"222222222222"}`), "Statement 1: NumericLessThan aws:PrincipalAccount 222222222222 compares an identifier otherwise than as a whole."},
		{condition(`"StringLike":{"aws:PrincipalTag/team":["platform*","*-platform","*"]}`), ""},
		{condition(`"StringLike":{"aws:PrincipalTag/team":"dev-*"}`), "Statement 1: StringLike aws:PrincipalTag/team dev-* has a wildcard without 6 characters before or after it."},
		{condition(`"StringLike":{"aws:PrincipalTag/team":"platform-*-x*"}`), "Statement 1: StringLike aws:PrincipalTag/team platform-*-x* has a wildcard without 6 characters before or after it."},
		{condition(`"ArnLike":{"aws:PrincipalArn":["arn:aws:iam::*:role/*","arn:aws:iam::111122223333:role/*"]}`), ""},
		{condition(`"ArnLike":{"aws:PrincipalArn":"arn:aws:iam::1111*:role/app"}`), "Statement 1: ArnLike aws:PrincipalArn arn:aws:iam::1111*:role/app has an account that is neither an id nor a wildcard."},
		{`"Effect":"Allow","Principal":"*","Action":"*","Resource":["arn:aws:eks:*:*:cluster/*","arn:aws:eks:*:1111*:cluster/*"]`, "Statement 1: Resource arn:aws:eks:*:1111*:cluster/* has an account that is neither an id nor a wildcard."},
	} {
		d, err := Parse(statement(c.elements))
		if err != nil {
			t.Fatal(err)
		}
		got := Warnings(d)
		if c.want == "" && len(got) > 0 || c.want != "" && (len(got) != 1 || got[0] != c.want) {
			t.Errorf("%s\n got %q\nwant %q", c.elements, got, c.want)
		}
	}
}
