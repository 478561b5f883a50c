package logs

import (
	"strings"
	"testing"

	"github.com/postern/postern/journal"
)

// The examples are those of "Filter pattern syntax" in the user guide.
func TestPattern(t *testing.T) {
	const bad, auth, info, trace = "[ERROR 400] BAD REQUEST", "[ERROR 401] UNAUTHORIZED REQUEST", "[INFO] ok", `a "b\c" d`
	for _, row := range []struct {
		pattern string
		matches []string
		others  []string
	}{
		{"", []string{bad, info}, nil},
		{"  \t", []string{bad, info}, nil},
		{"ERROR", []string{bad, auth}, []string{info, "error"}},
		{"ERROR REQUEST", []string{bad, auth}, []string{"ERROR", info}},
		{`"ERROR 401"`, []string{auth}, []string{bad, "ERROR  401"}},
		{`"[ERROR" 400`, []string{bad}, []string{auth}},
		{"?ERROR ?INFO", []string{bad, auth, info}, []string{"ok"}},
		{`?"[INFO]" ?401`, []string{auth, info}, []string{bad}},
		{"ERROR -400", []string{auth}, []string{bad, info}},
		{`-"BAD REQUEST"`, []string{auth, info}, []string{bad}},
		{"?INFO ERROR", []string{bad, auth}, []string{info}}, // the optional term does not count
		{`"\"b\\c\""`, []string{trace}, []string{`b\c`}},
		{`"a\b"`, []string{`a\b`}, []string{"ab"}},
		{"é_1", []string{"xé_1x"}, []string{"e_1"}},
	} {
		p, err := parsePattern(row.pattern)
		if err != nil {
			t.Errorf("%q: %v", row.pattern, err)
		}
		for _, m := range row.matches {
			if !p.matches(m) {
				t.Errorf("%q does not match %q", row.pattern, m)
			}
		}
		for _, m := range row.others {
			if p.matches(m) {
				t.Errorf("%q matches %q", row.pattern, m)
			}
		}
	}
}

func TestPatternRefuses(t *testing.T) {
	for _, row := range []struct{ pattern, message string }{
		{`{ $.action = "REJECT" }`, "JSON"},
		{`[version, account, eni]`, "space-delimited"},
		{`%10\.0\.0\.1%`, "regular expressions"},
		{"10.0.0.1", "Invalid character(s) in term '10.0.0.1'"},
		{"ERROR [x", "Invalid character(s) in term '[x'"},
		{"-", "Invalid character(s) in term ''"},
		{"? a", "Invalid character(s) in term ''"},
		{`""`, "Invalid character(s) in term"},
		{`"open`, "Invalid filter pattern"},
		{`"open\"`, "Invalid filter pattern"},
		{`"a"b`, "Invalid filter pattern"},
	} {
		_, err := parsePattern(row.pattern)
		if err == nil || !strings.Contains(err.Error(), row.message) || !strings.Contains(err.Error(), "InvalidParameterException") {
			t.Errorf("%q: %v, want %s", row.pattern, err, row.message)
		}
	}
}

func FuzzPattern(f *testing.F) {
	for _, seed := range []string{"", "a ?b -c", `"a b" -"\"" ?x`, "{", "[", "%", `"`, "é", "\xff", "- -a", "--a"} {
		f.Add(seed, "a b c")
	}
	f.Fuzz(func(t *testing.T, text, message string) {
		p, err := parsePattern(text)
		if err != nil {
			return
		}
		if len(p.required)+len(p.excluded)+len(p.optional) == 0 && !p.matches(message) {
			t.Errorf("%q has no terms and does not match %q", text, message)
		}
		// Written with quotes, the terms mean the same.
		again, err := parsePattern(format("", p.required) + format("-", p.excluded) + format("?", p.optional))
		if err != nil {
			t.Fatal(err)
		}
		if p.matches(message) != again.matches(message) {
			t.Errorf("%q and %+v differ on %q", text, again, message)
		}
		if all := strings.Join(p.required, " "); len(p.excluded) == 0 && len(p.required) > 0 && !p.matches(all) {
			t.Errorf("%q does not match its own terms %q", text, all)
		}
	})
}

func format(sign string, terms []string) string {
	var b strings.Builder
	for _, term := range terms {
		b.WriteString(" " + sign + `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(term) + `"`)
	}
	return b.String()
}

func TestTokens(t *testing.T) {
	for _, at := range []int64{-1 << 63, -1, 0, 1_700_000_000_000, 1<<63 - 1} {
		token := eventToken(forward, position(at, 7))
		direction, p, err := parseEventToken(token)
		if err != nil || direction != forward || p != position(at, 7) || len(token) != 58 {
			t.Errorf("%d: %s gives %s %v, %v", at, token, direction, p, err)
		}
	}
}

func position(at int64, sequence uint64) journal.Position {
	return journal.Position{Time: at, Sequence: sequence}
}
