package auth

import (
	"fmt"
	"regexp"
	"testing"

	"pgregory.net/rapid"
)

func TestAccessKeyAccount(t *testing.T) {
	for _, c := range []struct {
		id, account string
	}{
		// From the texts that explain how AWS's ids are made.
		{"ASIAQNZGKIQY56JQ7WML", "029608264753"},
		{"AKIAY34FZKBOKMUTVV7A", "609629065308"},
		// Ids of before 2019, and what is none.
		{"AKIAIOSFODNN7EXAMPLE", ""},
		{"ASIAQNZGKIQY56JQ7WM", ""},
		{"AROAQNZGKIQY56JQ7WML", ""},
		{"ASIAqnzgkiqy56jq7wml", ""},
		{"ASIA7777777777777777", ""}, // above all accounts
	} {
		got, ok := AccessKeyAccount(c.id)
		if got != c.account || ok != (c.account != "") {
			t.Errorf("%s: account %q, want %q", c.id, got, c.account)
		}
	}
}

func TestNewAccessKeyID(t *testing.T) {
	form := regexp.MustCompile(`^(AKIA|ASIA)[Q-Z2-7][A-Z2-7]{15}$`)
	rapid.Check(t, func(t *rapid.T) {
		prefix := rapid.SampledFrom([]string{LongTerm, Temporary}).Draw(t, "prefix")
		account := fmt.Sprintf("%012d", rapid.Uint64Range(0, 999_999_999_999).Draw(t, "account"))
		id, err := NewAccessKeyID(prefix, account)
		if err != nil || !form.MatchString(id) {
			t.Fatalf("%q %v", id, err)
		}
		if got, ok := AccessKeyAccount(id); !ok || got != account {
			t.Fatalf("%s tells %q, want %q", id, got, account)
		}
	})
	for _, account := range []string{"", "11112222333", "1111222233334", "11112222333x", "-11122223333"} {
		if id, err := NewAccessKeyID(LongTerm, account); err == nil {
			t.Errorf("account %q has %s", account, id)
		}
	}
}
