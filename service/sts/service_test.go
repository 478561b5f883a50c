package sts

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// Whoever calls learns who it is, even if everything is denied to it.
func TestGetCallerIdentity(t *testing.T) {
	f := newFixture(t)
	for _, c := range []auth.Caller{root, ann, worker()} {
		out, err := f.GetCallerIdentity(f.as(c, deny("*")), &sts.GetCallerIdentityInput{})
		if err != nil {
			t.Fatal(err)
		}
		want := &sts.GetCallerIdentityOutput{Account: wire.Ptr(c.Account), Arn: wire.Ptr(c.ARN), UserId: wire.Ptr(c.UserID)}
		if d := cmp.Diff(want, out); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	}
}
