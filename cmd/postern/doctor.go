package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"

	"github.com/postern/postern/dataplane/probe"
	"github.com/postern/postern/world"
)

// doctorCommand shows what this kernel and user can do.
type doctorCommand struct {
	JSON   bool `name:"json" help:"Print JSON."`
	Inside bool `hidden:"" help:"Look from here, which is a world already."`
}

// Run exits with 1 where something that Postern needs is missing.
func (d *doctorCommand) Run() error {
	ctx := context.Background()
	if d.Inside {
		if err := world.DetachMounts(slog.New(slog.DiscardHandler)); err != nil {
			return err
		}
	}
	checks := probe.Run(ctx)
	if os.Getuid() != 0 && !d.Inside {
		// An ordinary user has the rights for most of it only in there.
		if inside, err := checkInside(ctx); err == nil {
			checks = append(checks[:1], inside[1:]...)
		}
	}
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

// checkInside looks from namespaces as those of a world. It is no error that
// something is missing, but that there are no such namespaces.
func checkInside(ctx context.Context) ([]probe.Check, error) {
	out, err := world.Command(ctx, "doctor", "--json", "--inside").Output()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		return nil, fmt.Errorf("look from inside: %w", err)
	}
	var checks []probe.Check
	if err := json.Unmarshal(out, &checks); err != nil || len(checks) == 0 {
		return nil, fmt.Errorf("look from inside: no answer: %w", err)
	}
	return checks, nil
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
