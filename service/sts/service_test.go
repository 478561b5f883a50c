package sts

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

func TestGetCallerIdentity(t *testing.T) {
	callers := []auth.Caller{
		{Account: "111122223333", ARN: "arn:aws:iam::111122223333:root", UserID: "111122223333"},
		{Account: "111122223333", ARN: "arn:aws:sts::111122223333:assumed-role/app/i-1", UserID: "AROAEXAMPLEEXAMPLE123:i-1"},
	}
	for _, m := range New().Methods() {
		for _, c := range callers {
			out, err := m.Call(auth.WithCaller(t.Context(), c), &sts.GetCallerIdentityInput{})
			if err != nil {
				t.Fatal(err)
			}
			want := &sts.GetCallerIdentityOutput{Account: wire.Ptr(c.Account), Arn: wire.Ptr(c.ARN), UserId: wire.Ptr(c.UserID)}
			if d := cmp.Diff(any(want), out); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		}
	}
}
