package main

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/postern/postern/auth/policy"
)

// policyEvaluateCommand decides each line for itself. A line that cannot be
// understood is answered with its error, and makes the exit status 1.
type policyEvaluateCommand struct {
	File string `arg:"" optional:"" help:"What to read. Default: standard input."`
}

func (c *policyEvaluateCommand) Run() error {
	in := io.Reader(os.Stdin)
	if c.File != "" && c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return err
		}
		defer f.Close()
		in = f
	}
	bad, err := evaluateLines(in, os.Stdout)
	if err == nil && bad > 0 {
		return exitStatus(1)
	}
	return err
}

// maxEvaluateLine is the most that one line may have, in bytes: room for the
// largest policies of every type.
const maxEvaluateLine = 4 << 20

var errLongLine = fmt.Errorf("the line is longer than %d bytes", maxEvaluateLine)

// evaluateLines answers every line of in on out, and counts the bad ones.
func evaluateLines(in io.Reader, out io.Writer) (bad int, err error) {
	r := bufio.NewReaderSize(in, 64<<10)
	w := bufio.NewWriter(out)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	for number := 1; ; number++ {
		line, err := readLine(r, maxEvaluateLine)
		if err == io.EOF {
			return bad, w.Flush()
		}
		if err != nil && !errors.Is(err, errLongLine) {
			return bad, fmt.Errorf("read line %d: %w", number, err)
		}
		if err == nil && len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var answer any
		if err == nil {
			answer, err = evaluateLine(line)
		}
		if err != nil {
			bad++
			answer = badLine{lineID(line), fmt.Sprintf("line %d: %v", number, err)}
		}
		if err := encoder.Encode(answer); err != nil {
			return bad, fmt.Errorf("write: %w", err)
		}
		if r.Buffered() == 0 { // somebody may be waiting for the answer
			if err := w.Flush(); err != nil {
				return bad, fmt.Errorf("write: %w", err)
			}
		}
	}
}

// readLine returns the next line. One that is longer than limit is skipped and
// errLongLine returned; io.EOF comes after the last line.
func readLine(r *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	long := false
	for {
		part, err := r.ReadSlice('\n')
		if long = long || len(line)+len(part) > limit; !long {
			line = append(line, part...)
		}
		switch {
		case err == bufio.ErrBufferFull:
			continue
		case err == io.EOF && len(line) == 0 && !long, err != nil && err != io.EOF:
			return nil, err
		case long:
			return nil, errLongLine
		}
		return line, nil
	}
}

// badLine is the answer to a line that cannot be understood.
type badLine struct {
	ID    json.RawMessage `json:"id"`
	Error string          `json:"error"`
}

// lineID is the id of a line, null where it cannot be found.
func lineID(line []byte) json.RawMessage {
	var of struct{ ID json.RawMessage }
	if json.Unmarshal(line, &of) != nil || of.ID == nil {
		return json.RawMessage("null")
	}
	return of.ID
}

// evaluation is the answer to a line.
type evaluation struct {
	ID       json.RawMessage    `json:"id"`
	Decision policy.Decision    `json:"decision"`
	Reasons  []evaluationReason `json:"reasons"`
}

// evaluationReason is one statement, or what none of a type's policies does.
type evaluationReason struct {
	Type      policy.Type `json:"type"`
	Policy    string      `json:"policy"`
	Statement int         `json:"statement"` // from 1; 0: none
	Sid       string      `json:"sid,omitempty"`
	Matched   bool        `json:"matched"`
	Why       string      `json:"why"`
}

func evaluateLine(line []byte) (*evaluation, error) {
	var l policyLine
	err := json.Unmarshal(line, &l)
	if wrong := (*json.UnmarshalTypeError)(nil); errors.As(err, &wrong) {
		return nil, fmt.Errorf("%s cannot be a JSON %s", cmp.Or(wrong.Field, "a line"), wrong.Value)
	}
	if err != nil {
		return nil, err
	}
	req, err := l.request()
	if err != nil {
		return nil, err
	}
	set, err := l.set(req)
	if err != nil {
		return nil, err
	}
	verdict := policy.Explain(req, set)
	answer := &evaluation{ID: l.ID, Decision: verdict.Decision, Reasons: summary(req, verdict)}
	if answer.ID == nil {
		answer.ID = json.RawMessage("null")
	}
	for _, r := range verdict.Reasons {
		answer.Reasons = append(answer.Reasons, evaluationReason{r.Type, r.Policy, r.Statement, r.Sid, r.Applied(), r.Why()})
	}
	return answer, nil
}

// summary is the reason of a decision that no statement has made.
func summary(req policy.Request, v policy.Verdict) []evaluationReason {
	reason := evaluationReason{Type: v.Type}
	switch {
	case v.Statement > 0:
		return []evaluationReason{}
	case v.Decision == policy.Allowed:
		reason.Matched, reason.Why = true, "the root of an account may do everything"
	default:
		reason.Why = v.Failure(req.Action)
		if v.Level > 0 {
			reason.Why += fmt.Sprintf(" on level %d", v.Level)
		}
	}
	return []evaluationReason{reason}
}
