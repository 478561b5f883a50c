package main

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/postern/postern/dataplane/probe"
)

func TestWriteChecks(t *testing.T) {
	var got strings.Builder
	err := writeChecks(&got, []probe.Check{
		{Name: "nftables", OK: true},
		{Name: "conntrack", OK: true, Saw: "262144 entries"},
		{Name: "user namespaces", Saw: "operation not permitted", Fix: "sysctl user.max_user_namespaces=1000\nand log in again"},
	})
	want := `ok    nftables
ok    conntrack: 262144 entries
FAIL  user namespaces: operation not permitted
      to change it: sysctl user.max_user_namespaces=1000
      and log in again
`
	if err != nil || got.String() != want {
		t.Errorf("%v\n%s", err, &got)
	}
}

// What root and an ordinary user may do is the same where there are user
// namespaces: an ordinary user's checks are made in one.
func TestDoctor(t *testing.T) {
	users := []int{os.Getuid()}
	if os.Getuid() == 0 {
		users = []int{0, 65534}
	}
	for _, uid := range users {
		s := newServer(t, uid)
		got := outcome(t, s.command("doctor", "--json"))
		var checks []probe.Check
		if err := json.Unmarshal([]byte(got.out), &checks); err != nil || len(checks) == 0 {
			t.Fatalf("uid %d: %v: %+v", uid, err, got)
		}
		all := true
		for _, c := range checks {
			all = all && c.OK
			if c.OK == (c.Fix != "") {
				t.Errorf("uid %d: %+v", uid, c)
			}
			if checks[0].OK && strings.HasPrefix(c.Saw, "not tried") {
				t.Errorf("uid %d: %+v", uid, c)
			}
		}
		if (got.code == 0) != all {
			t.Errorf("uid %d: exit status %d with %+v", uid, got.code, checks)
		}
	}
}
