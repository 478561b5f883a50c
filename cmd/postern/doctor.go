package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/postern/postern/dataplane/probe"
)

// doctorCommand shows what this kernel and user can do.
type doctorCommand struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Run exits with 1 where something that Postern needs is missing.
func (d *doctorCommand) Run() error {
	checks := probe.Run(context.Background())
	var err error
	if d.JSON {
		err = json.NewEncoder(os.Stdout).Encode(checks)
	} else {
		err = writeChecks(os.Stdout, checks)
	}
	if err != nil {
		return err
	}
	for _, c := range checks {
		if !c.OK {
			return exitStatus(1)
		}
	}
	return nil
}

// writeChecks prints a line a check, and below one that failed what to change.
func writeChecks(w io.Writer, checks []probe.Check) error {
	var b strings.Builder
	for _, c := range checks {
		mark := "ok  "
		if !c.OK {
			mark = "FAIL"
		}
		fmt.Fprintf(&b, "%s  %s", mark, c.Name)
		if c.Saw != "" {
			fmt.Fprintf(&b, ": %s", c.Saw)
		}
		b.WriteByte('\n')
		if !c.OK && c.Fix != "" {
			fmt.Fprintf(&b, "      to change it: %s\n", strings.ReplaceAll(c.Fix, "\n", "\n      "))
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}
