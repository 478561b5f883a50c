package wire

import (
	"bytes"
	"encoding/json"
	"testing"
)

// TestAppendText holds the short way of writing a string against encoding/json,
// byte by byte.
func TestAppendText(t *testing.T) {
	check := func(text string) {
		t.Helper()
		var want bytes.Buffer
		e := json.NewEncoder(&want)
		e.SetEscapeHTML(false)
		if err := e.Encode(text); err != nil {
			t.Fatal(err)
		}
		if got := string(appendText([]byte("x"), text)) + "\n"; got != "x"+want.String() {
			t.Errorf("%q: got %s want %s", text, got, &want)
		}
	}
	for c := range 256 {
		check("a" + string([]byte{byte(c)}) + "z")
	}
	for _, text := range []string{"", "<&>", "é", "\u2028", "😀", "arn:aws:eks:us-east-1:111122223333:cluster/c1"} {
		check(text)
	}
}
