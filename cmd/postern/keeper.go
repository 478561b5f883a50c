package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"

	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// keeperCommand is process 1 of a world.
type keeperCommand struct {
	DataDirFlag // for who reads the process list
}

func (*keeperCommand) Run() error {
	return world.RunKeeper(slog.New(slog.NewTextHandler(os.Stderr, nil)))
}

// daemonFunc is the daemon's work: it serves until ctx ends.
type daemonFunc func(ctx context.Context, f DaemonFlags, in *world.Inside, log *slog.Logger) error

// daemonCommand is the daemon in a world.
type daemonCommand struct{ DaemonFlags }

// Run serves until SIGTERM, or until nobody waits for this daemon any more.
func (d *daemonCommand) Run(serve daemonFunc) error {
	ctx, stop := signal.NotifyContext(context.Background(), unix.SIGTERM, unix.SIGINT)
	defer stop()
	// What the daemon starts must not begin life with this one ignored.
	signal.Notify(make(chan os.Signal, 1), unix.SIGHUP)
	in, err := world.Inherited(string(d.DataDir))
	if err != nil {
		return err
	}
	defer in.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // ends with in.Close at the latest
		<-in.Lost()
		cancel()
	}()
	err = serve(ctx, d.DaemonFlags, in, d.logger())
	if err != nil && in.Fail(err) == nil {
		return exitStatus(1) // the host side says why
	}
	return err
}

// workloadCommand becomes a command in a subnet.
type workloadCommand struct {
	Args rawArgs `arg:"" passthrough:"all"`
}

func (w *workloadCommand) Run() error {
	code, err := world.RunWorkload(w.Args)
	fmt.Fprintf(os.Stderr, "postern: %v\n", err)
	return exitStatus(code)
}
