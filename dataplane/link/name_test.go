package link

import (
	"testing"

	"github.com/postern/postern/vpc"
)

func TestName(t *testing.T) {
	for eni, want := range map[string]string{
		"eni-0123456789abcdef0": "eni-6789abcdef0",
		"eni-01234567":          "eni-01234567",
	} {
		if got := Name(eni); got != want {
			t.Errorf("Name(%s) = %s, want %s", eni, got, want)
		}
	}
	for range 1000 {
		id := vpc.NewID("eni")
		if n := Name(id); len(n) != nameSize || n == id {
			t.Fatalf("Name(%s) = %s", id, n)
		}
	}
}
