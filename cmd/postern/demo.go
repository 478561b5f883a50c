package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// demoCommand runs the main job in a world of its own.
type demoCommand struct {
	JSON bool `name:"json" help:"Print each step as a JSON line."`
}

func (c *demoCommand) Run() error {
	// The server dies with the thread that has started it (Pdeathsig): it must
	// be one that lives as long as this process.
	runtime.LockOSThread()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	report := &demoReport{out: os.Stdout, json: c.JSON, began: time.Now()}
	err := runDemo(ctx, report)
	if doneErr := report.done(err); doneErr != nil {
		return doneErr
	}
	if err != nil {
		return exitStatus(1) // the failed step has said why
	}
	return nil
}

// runDemo makes the world, runs every step in it and ends it.
func runDemo(ctx context.Context, report *demoReport) (err error) {
	world, err := startDemoWorld(ctx)
	if err != nil {
		report.step("world", time.Now(), "", err)
		return err
	}
	defer func() { err = errors.Join(err, world.stop()) }()
	demo, err := newDemo(ctx, world)
	if err != nil {
		report.step("world", time.Now(), "", err)
		return err
	}
	for _, s := range demo.steps() {
		began := time.Now()
		saw, err := s.run(ctx)
		if err := report.step(s.name, began, saw, err); err != nil {
			return err
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// demoReport prints what each step saw, for a person or as JSON lines.
type demoReport struct {
	out   io.Writer
	json  bool
	began time.Time
}

type demoLine struct {
	Step string `json:"step"`
	OK   bool   `json:"ok"`
	Saw  string `json:"saw,omitempty"`
	MS   int64  `json:"ms"`
}

func (r *demoReport) step(name string, began time.Time, saw string, err error) error {
	if err != nil {
		saw = err.Error()
	}
	return r.print(demoLine{Step: name, OK: err == nil, Saw: saw, MS: time.Since(began).Milliseconds()})
}

func (r *demoReport) done(err error) error {
	return r.print(demoLine{Step: "done", OK: err == nil, MS: time.Since(r.began).Milliseconds()})
}

func (r *demoReport) print(l demoLine) error {
	if r.json {
		return json.NewEncoder(r.out).Encode(l)
	}
	mark := "✓"
	if !l.OK {
		mark = "✗"
	}
	if l.Step == "done" {
		_, err := fmt.Fprintf(r.out, "%s done in %.1f s; the world is gone\n", mark, float64(l.MS)/1000)
		return err
	}
	_, err := fmt.Fprintf(r.out, "%s %-22s %5d ms  %s\n", mark, l.Step, l.MS, l.Saw)
	return err
}
