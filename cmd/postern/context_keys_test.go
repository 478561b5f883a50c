package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/postern/postern/api"
	"github.com/postern/postern/service/ec2"
	"github.com/postern/postern/service/iam"
	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/service/sts"
	"github.com/postern/postern/store"
)

// TestContextKeysPage keeps docs/context-keys.md what the tables say.
func TestContextKeysPage(t *testing.T) {
	const page = "../../docs/context-keys.md"
	got := contextKeysPage()
	if *update {
		if err := os.WriteFile(page, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s is not what is filled; go test ./cmd/postern -run TestContextKeysPage -update writes it anew (-page +now):\n%s", page, diff)
	}
}

func contextKeysPage() string {
	var b strings.Builder
	b.WriteString("# Condition keys\n\nWhat requests have, by the tables of the program. A key is worked out when a policy asks for it.\n\n## Of all services\n\n")
	var absent []string
	head := func() { b.WriteString("| key | value |\n|---|---|\n") }
	row := func(name, from string) {
		if strings.HasSuffix(name, "/") {
			name += "KEY"
		}
		fmt.Fprintf(&b, "| `%s` | %s |\n", name, from)
	}
	head()
	for _, k := range api.GlobalKeys() {
		if k.From == "" {
			absent = append(absent, "`"+k.Name+"`")
			continue
		}
		row(k.Name, k.From)
	}
	row("ISSUER:sub", "the subject that a session of AssumeRoleWithWebIdentity was begun with; its audience is `ISSUER:aud`")
	fmt.Fprintf(&b, "\nNo request has %s.\n", strings.Join(absent, ", "))
	identities := iam.New(iam.Config{Store: &store.Store{}, Limits: iam.DefaultLimits()})
	for _, s := range newServices(&logs.Service{}, nil, identities, sts.Config{}, ec2.Config{}).table() {
		if len(s.Keys) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n## Of %s\n\n", s.Model.Title)
		head()
		for _, k := range s.Keys {
			row(k.Name, k.From)
		}
	}
	return b.String()
}
