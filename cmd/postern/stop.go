package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"

	"github.com/postern/postern/world"
	"golang.org/x/sys/unix"
)

// stopCommand ends a world, and with it every command in its subnets.
type stopCommand struct{ DataDirFlag }

func (s *stopCommand) Run() error {
	ctx, stop := signal.NotifyContext(context.Background(), heeded(unix.SIGTERM, unix.SIGINT)...)
	defer stop()
	found, err := world.End(ctx, string(s.DataDir))
	if err == nil && !found {
		fmt.Fprintf(os.Stderr, "postern: nothing runs in %s\n", s.DataDir)
	}
	return err
}
