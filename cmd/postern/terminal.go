package main

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"sync"
	"time"

	"github.com/creack/pty"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
)

// drainTimeout is how long the last output of a command may take.
const drainTimeout = 500 * time.Millisecond

// terminal stands between the caller's terminal, which is raw meanwhile, and
// a terminal of the command's own, which has the line discipline and sends the
// signals.
type terminal struct {
	files   []*os.File // for the command: its terminal in place of the caller's, the caller's other files
	outer   *os.File   // the caller's
	inner   *os.File   // the master of the command's
	saved   *term.State
	resized chan os.Signal
	sizes   sync.WaitGroup
	drained chan struct{} // closed when nobody has the command's terminal open
}

// openTerminal makes a terminal for a command, of the size of files[0], which
// must be a terminal.
func openTerminal(files []*os.File) (*terminal, error) {
	master, slave, err := pty.Open()
	if err != nil {
		return nil, fmt.Errorf("open a terminal: %w", err)
	}
	t := &terminal{
		files:   slices.Clone(files),
		outer:   files[0],
		inner:   master,
		resized: make(chan os.Signal, 1),
		drained: make(chan struct{}),
	}
	shown := files[0] // where the command's terminal is shown
	for i, f := range slices.Backward(files) {
		if term.IsTerminal(int(f.Fd())) {
			shown = f
			t.files[i] = slave
		}
	}
	if out := files[1]; term.IsTerminal(int(out.Fd())) {
		shown = out
	}
	if t.saved, err = makeRaw(t.outer, shown == files[1]); err != nil {
		master.Close()
		slave.Close()
		return nil, err
	}
	signal.Notify(t.resized, unix.SIGWINCH)
	pty.InheritSize(t.outer, t.inner) // without a size a terminal works, too
	t.sizes.Go(func() {
		for range t.resized {
			pty.InheritSize(t.outer, t.inner)
		}
	})
	go io.Copy(t.inner, t.outer) // ends with the process: a read cannot be called off
	go func() {
		defer close(t.drained)
		io.Copy(shown, t.inner)
	}()
	return t, nil
}

// Close shows what the command has still written, and gives the caller's
// terminal back as it was.
func (t *terminal) Close() error {
	select {
	case <-t.drained:
	case <-time.After(drainTimeout): // something still has it open
	}
	signal.Stop(t.resized)
	close(t.resized)
	t.sizes.Wait()
	if err := term.Restore(int(t.outer.Fd()), t.saved); err != nil {
		return fmt.Errorf("restore terminal: %w", err)
	}
	return nil
}

// makeRaw makes f raw. Where the command's stdout is not shown on it, somebody
// else may be writing there, such as the rest of a pipeline: the terminal goes
// on to turn newlines into line ends.
func makeRaw(f *os.File, alone bool) (*term.State, error) {
	fd := int(f.Fd())
	saved, err := term.MakeRaw(fd)
	if err != nil {
		return nil, fmt.Errorf("make terminal raw: %w", err)
	}
	if alone {
		return saved, nil
	}
	raw, err := unix.IoctlGetTermios(fd, unix.TCGETS)
	if err == nil {
		raw.Oflag |= unix.OPOST
		err = unix.IoctlSetTermios(fd, unix.TCSETS, raw)
	}
	if err != nil {
		term.Restore(fd, saved)
		return nil, fmt.Errorf("make terminal raw: %w", err)
	}
	return saved, nil
}
