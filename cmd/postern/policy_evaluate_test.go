package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/txtar"
)

// TestPolicyEvaluate answers the lines of testdata/policy/*.txtar. Each file
// has a comment, the lines, and what they are answered with.
func TestPolicyEvaluate(t *testing.T) {
	files, err := filepath.Glob("testdata/policy/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		in, want := &archive.Files[0], &archive.Files[1]
		var got bytes.Buffer
		bad, err := evaluateLines(bytes.NewReader(in.Data), &got)
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			want.Data = got.Bytes()
			if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if diff := cmp.Diff(string(want.Data), got.String()); diff != "" {
			t.Errorf("%s: -want +got:\n%s", file, diff)
		}
		if n := strings.Count(got.String(), `"error"`); bad != n {
			t.Errorf("%s: %d bad lines, %d errors", file, bad, n)
		}
	}
}

// TestPolicyEvaluateProcess runs the program: what it reads, and its status.
func TestPolicyEvaluateProcess(t *testing.T) {
	const good = `{"id":"a","request":{"action":"eks:ListClusters","resource":"*","principal":"arn:aws:iam::111122223333:root"}}` + "\n"
	file := filepath.Join(t.TempDir(), "lines")
	if err := os.WriteFile(file, []byte(good), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		stdin  string
		status int
		lines  int
	}{
		{nil, good + good, 0, 2},
		{[]string{"-"}, good, 0, 1},
		{[]string{file}, "", 0, 1},
		{nil, "", 0, 0},
		{nil, good + "{\n" + good, 1, 3},
		{[]string{file + "x"}, "", 1, 0},
	} {
		cmd := exec.Command(os.Args[0], append([]string{"policy", "evaluate"}, c.args...)...)
		cmd.Env = append(os.Environ(), reexec)
		cmd.Stdin = strings.NewReader(c.stdin)
		out, err := cmd.Output()
		status := 0
		if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
			status = exit.ExitCode()
		}
		if lines := bytes.Count(out, []byte("\n")); status != c.status || lines != c.lines {
			t.Errorf("%v: status %d, %d lines:\n%s", c.args, status, lines, out)
		}
	}
}

// TestPolicyEvaluateBounds: a line that is too long is one error, and the next
// one is read. The last needs no end.
func TestPolicyEvaluateBounds(t *testing.T) {
	long := `{"id":"long","x":"` + strings.Repeat("x", maxEvaluateLine) + `"}`
	good := `{"id":"a","request":{"action":"eks:X","resource":"*"}}`
	var got bytes.Buffer
	bad, err := evaluateLines(strings.NewReader(long+"\n\n"+good), &got)
	want := `{"id":null,"error":"line 1: the line is longer than 4194304 bytes"}` + "\n" +
		`{"id":"a","decision":"implicitDeny","reasons":[{"type":"resource","policy":"","statement":0,"matched":false,"why":"no resource-based policy allows the eks:X action"}]}` + "\n"
	if bad != 1 || err != nil || got.String() != want {
		t.Errorf("%d %v\n%s", bad, err, got.String())
	}
	broken := errors.New("broken")
	if _, err := evaluateLines(iotest.ErrReader(broken), &got); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

// TestPolicyEvaluationPage answers each line of the page as the page does.
func TestPolicyEvaluationPage(t *testing.T) {
	page, err := os.ReadFile("../../docs/policy-evaluation.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```(jsonl|json)\n(.*?)```").FindAllStringSubmatch(string(page), -1)
	if len(blocks) == 0 || len(blocks)%2 != 0 {
		t.Fatalf("%d blocks", len(blocks))
	}
	for i := 0; i < len(blocks); i += 2 {
		var line, got, want bytes.Buffer
		if err := json.Compact(&line, []byte(blocks[i][2])); err != nil {
			t.Fatal(err)
		}
		if _, err := evaluateLines(&line, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Compact(&want, []byte(blocks[i+1][2])); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), strings.TrimSpace(got.String())); diff != "" {
			t.Errorf("%s-want +got:\n%s", blocks[i][2], diff)
		}
	}
}

// FuzzPolicyEvaluate: every line has one answer, with its id.
func FuzzPolicyEvaluate(f *testing.F) {
	f.Add([]byte(`{"id":[1],"request":{"action":"a:b","principal":"eks.amazonaws.com","context":{"k":[1,true,"x"],"n":null}},"resource_policy":"{}","scps":[[{}]]}`))
	f.Add([]byte(`{"id":1,"request":{"action":"a:b","principal":"arn:aws:sts::111122223333:assumed-role/r/s"},"identity_policies":[{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}]}`))
	f.Fuzz(func(t *testing.T, line []byte) {
		line = bytes.ReplaceAll(line, []byte("\n"), nil)
		if len(bytes.TrimSpace(line)) == 0 {
			return
		}
		var out bytes.Buffer
		if _, err := evaluateLines(bytes.NewReader(line), &out); err != nil {
			t.Fatal(err)
		}
		var answer struct{ Decision, Error string }
		if err := json.Unmarshal(out.Bytes(), &answer); err != nil || (answer.Decision == "") == (answer.Error == "") {
			t.Fatalf("%s: %s (%v)", line, out.Bytes(), err)
		}
	})
}
