package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// How long a stop may take: the daemon has graceTimeout to end by itself, and
// after stopTimeout everything is gone.
const (
	graceTimeout = 1500 * time.Millisecond
	stopTimeout  = 1900 * time.Millisecond
)

// A daemon that crashes is replaced by another one, but not for ever: after
// maxCrashes none of which came later than crashInterval after its start.
const (
	maxCrashes    = 4
	crashInterval = 10 * time.Second
)

// Config describes a world.
type Config struct {
	Dir        string     // data directory; the caller has it for itself. Its folder run is the world's
	DaemonArgs []string   // the daemon's arguments, without the name of the program
	Listeners  []*os.File // the host's listening sockets that the daemon serves; they remain the caller's and open
	// Resolvers lists the host's DNS servers, best first. It is called for
	// each connection that the daemon asks for; nil or empty: there are none.
	Resolvers func() []netip.AddrPort
	// Ephemeral ends the world with the process that started it, even when
	// that is killed, and removes Dir with it. Without it the keeper stays and
	// waits for the next Start in the same Dir.
	Ephemeral bool
	Stderr    *os.File // of keeper and daemon
	Log       *slog.Logger
}

// World is a running world, seen from the host side.
type World struct {
	config   Config
	run      *runDir
	keeper   *conn
	process  *process // the keeper
	upgrades chan struct{}

	ready     chan struct{} // closed when a daemon is
	readyOnce sync.Once
	done      chan struct{} // closed when the world is gone, or left to its keeper

	mu       sync.Mutex
	stopping bool
	kept     bool          // the keeper goes on
	handed   chan struct{} // closed when the daemon has ended for another one; nil unless that is wanted
	failure  error         // the first reason why the world ended

	// Of the goroutine that hears the keeper, and of Start before that.
	links   sync.WaitGroup
	link    *link
	started time.Time
	crashes int
}

// Start starts the daemon in the world that c.Dir has, or makes one. A keeper
// that does not answer, or speaks another version of the protocol, is replaced,
// with everything in its world. The caller must Stop or End the world. ctx
// bounds the start only.
func Start(ctx context.Context, c Config) (*World, error) {
	dir, err := filepath.Abs(c.Dir)
	if err != nil {
		return nil, fmt.Errorf("find data directory: %w", err)
	}
	c.Dir = dir
	run, err := openRun(c.Dir)
	if err != nil {
		return nil, err
	}
	w := &World{
		config:   c,
		run:      run,
		upgrades: make(chan struct{}, 1),
		ready:    make(chan struct{}),
		done:     make(chan struct{}),
	}
	if err := w.findKeeper(ctx); err != nil {
		run.Close()
		return nil, err
	}
	if err := w.startDaemon(); err != nil {
		w.process.kill()
		w.process.wait()
		w.keeper.Close()
		return nil, errors.Join(err, run.clean(), run.Close())
	}
	go w.watch()
	return w, nil
}

// startDaemon has the keeper start the daemon, from this very program.
func (w *World) startDaemon() error {
	own, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	fd, err := unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		own.Close()
		return fmt.Errorf("open this program: %w", err)
	}
	program := os.NewFile(uintptr(fd), "program")
	defer program.Close()
	files := append([]*os.File{program, w.config.Stderr, theirs}, w.config.Listeners...)
	if err := w.keeper.send(message{Kind: kindStart, Args: w.config.DaemonArgs}, files...); err != nil {
		own.Close()
		return fmt.Errorf("start daemon: %w", err)
	}
	w.link, w.started = &link{conn: own, world: w, lost: make(chan struct{})}, time.Now()
	w.links.Go(w.link.serve)
	return nil
}

// watch owns the world's goroutines: it returns when everything is gone, or
// the keeper goes on alone.
func (w *World) watch() {
	w.hear()
	w.keeper.Close()
	w.links.Wait() // the daemon has ended
	w.mu.Lock()
	kept := w.kept
	w.mu.Unlock()
	if !kept {
		w.fail(fmt.Errorf("the keeper ended: %s", w.process.wait()))
		if err := w.run.clean(); err != nil {
			w.fail(err)
			w.config.Log.Warn("run directory is not clean", "err", err)
		}
		if w.config.Ephemeral {
			os.RemoveAll(w.config.Dir) // what the keeper had not the time to remove
		}
	}
	w.process.close()
	w.run.Close()
	close(w.done)
}

// hear does what the keeper says until there is no more to hear.
func (w *World) hear() {
	for {
		m, files, err := w.keeper.receive()
		closeAll(files)
		if err != nil {
			return
		}
		switch m.Kind {
		case kindExited:
			<-w.link.lost // its last words are heard
			w.daemonEnded(m.Text)
		case kindUpgrade:
			select {
			case w.upgrades <- struct{}{}:
			default: // there is one to come already
			}
		case kindEnding:
			w.mu.Lock()
			w.stopping = w.stopping || w.failure == nil
			w.mu.Unlock()
		case kindHalted:
			w.mu.Lock()
			w.kept = true
			w.mu.Unlock()
			return
		}
	}
}

// daemonEnded starts another daemon in the place of one that has crashed,
// unless it never served. Then the world is left as it was found.
func (w *World) daemonEnded(how string) {
	w.mu.Lock()
	handed, stopping := w.handed, w.stopping
	w.mu.Unlock()
	switch {
	case handed != nil:
		close(handed)
		return
	case stopping:
		return
	}
	if time.Since(w.started) > crashInterval {
		w.crashes = 0
	}
	if w.crashes++; w.link.ready && w.crashes < maxCrashes {
		w.config.Log.Error("the daemon crashed; another one takes its place", "end", how)
		err := w.startDaemon()
		if err == nil {
			return
		}
		how += ", and " + err.Error()
	}
	w.fail(fmt.Errorf("the daemon ended: %s", how))
	w.keeper.send(message{Kind: kindHalt}) // an error means that it is ending
}

// fail records why the world ends, unless it was asked to or knows already.
func (w *World) fail(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stopping && w.failure == nil {
		w.failure = err
	}
}

// Ready returns when the daemon serves, or with the reason why it does not.
func (w *World) Ready(ctx context.Context) error {
	select {
	case <-w.ready:
		return nil
	case <-w.done:
		if err := w.Wait(); err != nil {
			return err
		}
		return errors.New("the world was stopped")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Wait returns when the daemon has ended and there is none in its place: nil
// after Stop or End, from here or elsewhere, otherwise the reason.
func (w *World) Wait() error {
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// Upgrades gets a value when Upgrade was called for this world. The answer is
// Refuse, or HandOver and another Start.
func (w *World) Upgrades() <-chan struct{} { return w.upgrades }

// Refuse says that this world is not upgraded, and why.
func (w *World) Refuse(why error) error {
	return w.keeper.send(message{Kind: kindRefused, Text: why.Error()})
}

// HandOver ends the daemon and nothing else: its sockets wait for the next one,
// which has to come within half a minute.
func (w *World) HandOver(ctx context.Context) error {
	handed := make(chan struct{})
	w.mu.Lock()
	w.handed = handed
	w.mu.Unlock()
	if err := w.keeper.send(message{Kind: kindHandOver}); err != nil {
		return err
	}
	select {
	case <-handed:
		return nil
	case <-w.done:
		return errors.Join(errors.New("the world has ended"), w.Wait())
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Stop ends the daemon, and the world unless a command runs in it, or it is
// ephemeral: then its keeper goes on with it until the next Start. It returns
// within two seconds; at once when ctx ends.
func (w *World) Stop(ctx context.Context) error {
	if w.config.Ephemeral {
		return w.End(ctx)
	}
	if !w.leave(ctx, kindHalt) {
		return errors.New("the keeper does not answer: the world goes on")
	}
	return w.Wait()
}

// End ends the daemon, then everything in the world, and returns when nothing
// is left, within two seconds; at once when ctx ends.
func (w *World) End(ctx context.Context) error {
	if !w.leave(ctx, kindEnd) {
		// Process 1 takes everything in the PID namespace with it.
		if err := w.process.kill(); err != nil {
			return fmt.Errorf("kill keeper: %w", err)
		}
	}
	return w.Wait()
}

// leave asks the keeper for an end, gives it the time, and reports whether it
// was enough.
func (w *World) leave(ctx context.Context, kind string) bool {
	w.mu.Lock()
	w.stopping = true
	w.mu.Unlock()
	w.keeper.send(message{Kind: kind}) // an error means that it has ended
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-w.done:
		return true
	case <-timer.C:
	case <-ctx.Done():
	}
	return false
}

// End ends the world in dir and cleans up what is left of one. It reports
// whether there was one.
func End(ctx context.Context, dir string) (found bool, err error) {
	if _, err := os.Stat(filepath.Join(dir, "run")); err != nil {
		return false, nil
	}
	run, err := openRun(dir)
	if err != nil {
		return false, err
	}
	defer run.Close()
	if u, err := run.dial(keeperSocket); err == nil {
		found = true
		u.Close()
	}
	lock, err := run.takeOver(ctx)
	if err != nil {
		return found, err
	}
	return found, lock.Close()
}

// Upgrade has the host side of the world in dir start its program again, and
// returns when the next daemon serves.
func Upgrade(ctx context.Context, dir string) error {
	u, err := Dial(dir, keeperSocket)
	if err != nil {
		return err
	}
	c := &conn{UnixConn: u}
	defer c.Close()
	defer context.AfterFunc(ctx, func() { c.SetReadDeadline(time.Unix(1, 0)) })()
	if err := c.send(message{Kind: kindUpgrade}); err != nil {
		return err
	}
	m, files, err := c.receive()
	closeAll(files)
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return errors.New("the world has ended")
	case err != nil:
		return err
	case m.Kind != kindUpgraded:
		return errors.New(m.Text)
	}
	return nil
}
