package auth

import (
	"context"
	"testing"
)

func TestCaller(t *testing.T) {
	if got := CallerFrom(context.Background()); got != (Caller{}) {
		t.Errorf("nobody is authenticated as %+v", got)
	}
	want := Caller{Account: "111122223333", Region: "us-east-1", ARN: "arn:aws:iam::111122223333:root"}
	if got := CallerFrom(WithCaller(context.Background(), want)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestNamesOfACaller(t *testing.T) {
	for _, c := range []struct {
		caller    Caller
		principal string
		user      string
	}{
		{RootOf("111122223333"), "arn:aws:iam::111122223333:root", ""},
		{Caller{Kind: User, ARN: "arn:aws:iam::111122223333:user/team/ann"}, "arn:aws:iam::111122223333:user/team/ann", "ann"},
		{Caller{Kind: Role, ARN: "arn:aws:sts::111122223333:assumed-role/app/s", Identity: "arn:aws:iam::111122223333:role/path/app"}, "arn:aws:iam::111122223333:role/path/app", ""},
		{Caller{Kind: Federated, ARN: "arn:aws:sts::111122223333:federated-user/bob", Identity: "arn:aws:iam::111122223333:user/ann"}, "arn:aws:sts::111122223333:federated-user/bob", ""},
	} {
		if p, u := c.caller.PrincipalARN(), c.caller.UserName(); p != c.principal || u != c.user {
			t.Errorf("%s is %q, %q, want %q, %q", c.caller.ARN, p, u, c.principal, c.user)
		}
	}
}
