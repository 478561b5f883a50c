package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// How long a stop may take: the daemon has graceTimeout to end by itself, and
// after stopTimeout everything is gone.
const (
	graceTimeout = 1500 * time.Millisecond
	stopTimeout  = 1900 * time.Millisecond
)

// Config describes a world.
type Config struct {
	Dir        string     // data directory; the caller has it for itself. Its folder run is the world's
	DaemonArgs []string   // the daemon's arguments, without the name of the program
	Listeners  []*os.File // the host's listening sockets that the daemon serves; they remain the caller's
	// Resolvers lists the host's DNS servers, best first. It is called for
	// each connection that the daemon asks for; nil or empty: there are none.
	Resolvers func() []netip.AddrPort
	// Ephemeral ends the world with the process that started it, even when
	// that is killed, and removes Dir with it. Without it the keeper stays and
	// waits for the next Start in the same Dir.
	Ephemeral bool
	Stderr    io.Writer // of keeper and daemon
	Log       *slog.Logger
}

// World is a running world, seen from the host side.
type World struct {
	config Config
	run    *runDir
	cmd    *exec.Cmd // the keeper
	keeper *conn
	link   *conn // to the daemon

	ready    chan struct{} // closed when the daemon is
	linkLost chan struct{} // closed when the daemon has closed the link
	done     chan struct{} // closed when everything is gone

	mu       sync.Mutex
	stopping bool
	failure  error // the first reason why the world ended
}

// Start makes a world and starts the daemon in it. Keepers left behind in
// c.Dir are ended first. The caller must Stop the world. ctx bounds the start
// only.
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
	lock, err := run.takeOver(ctx)
	if err != nil {
		run.Close()
		return nil, err
	}
	defer lock.Close() // the keeper has it now
	w := &World{
		config:   c,
		run:      run,
		ready:    make(chan struct{}),
		linkLost: make(chan struct{}),
		done:     make(chan struct{}),
	}
	if err := w.startKeeper(ctx, lock); err != nil {
		run.Close()
		return nil, err
	}
	if err := w.startDaemon(); err != nil {
		w.cmd.Process.Kill()
		w.cmd.Wait()
		w.keeper.Close()
		return nil, errors.Join(err, run.clean(), run.Close())
	}
	go w.watch()
	return w, nil
}

// startKeeper returns when the namespaces are there.
func (w *World) startKeeper(ctx context.Context, lock *os.File) error {
	control, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	w.keeper = control
	// The keeper outlives ctx, which is that of the start.
	w.cmd = Command(context.Background(), "keeper", "--data-dir", w.config.Dir)
	w.cmd.Stderr = w.config.Stderr
	w.cmd.ExtraFiles = []*os.File{theirs, lock} // keeperControl, keeperLockFile
	if err := w.cmd.Start(); err != nil {
		control.Close()
		return fmt.Errorf("start keeper in new namespaces (postern doctor says what is missing): %w", err)
	}
	theirs.Close()
	if err := w.setUp(ctx); err != nil {
		w.cmd.Process.Kill()
		w.cmd.Wait()
		control.Close()
		return fmt.Errorf("set up the world (postern doctor says what is missing): %w", err)
	}
	return nil
}

func (w *World) setUp(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { w.keeper.SetReadDeadline(time.Unix(1, 0)) })()
	dir := w.config.Dir
	if err := w.keeper.send(message{Kind: kindSetUp, Dir: dir, Ephemeral: w.config.Ephemeral}); err != nil {
		return err
	}
	m, _, err := w.keeper.receive()
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, io.EOF):
		return errors.New("the keeper ended without a word")
	case err != nil:
		return err
	case m.Kind == kindFailed:
		return errors.New(m.Text)
	}
	return nil
}

func (w *World) startDaemon() error {
	link, theirs, err := socketPair()
	if err != nil {
		return err
	}
	defer theirs.Close()
	files := append([]*os.File{theirs}, w.config.Listeners...)
	if err := w.keeper.send(message{Kind: kindStart, Args: w.config.DaemonArgs}, files...); err != nil {
		link.Close()
		return fmt.Errorf("start daemon: %w", err)
	}
	w.link = link
	return nil
}

// watch owns the world's goroutines: it returns when everything is gone.
func (w *World) watch() {
	var wg sync.WaitGroup
	wg.Go(w.serveLink)
	wg.Go(w.watchKeeper)
	err := w.cmd.Wait()
	wg.Wait() // both end with the processes at the other ends
	w.keeper.Close()
	w.fail(fmt.Errorf("the keeper ended: %s", howEnded(err)))
	if err := errors.Join(w.run.clean(), w.run.Close()); err != nil {
		w.fail(err)
		w.config.Log.Warn("run directory is not clean", "err", err)
	}
	if w.config.Ephemeral {
		os.RemoveAll(w.config.Dir) // what the keeper had not the time to remove
	}
	close(w.done)
}

// watchKeeper ends the world when the daemon has ended.
func (w *World) watchKeeper() {
	for {
		m, files, err := w.keeper.receive()
		closeAll(files)
		if err != nil {
			return
		}
		if m.Kind == kindExited {
			<-w.linkLost // its last words are heard
			w.fail(fmt.Errorf("the daemon ended: %s", m.Text))
			w.keeper.send(message{Kind: kindEnd}) // an error means that it is ending
		}
	}
}

func howEnded(err error) string {
	if err == nil {
		return "exit status 0"
	}
	return err.Error()
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

// Wait returns when the world is gone: nil after Stop, otherwise the reason.
func (w *World) Wait() error {
	<-w.done
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// Stop ends the daemon, then everything in the world, and returns when nothing
// is left, within two seconds; at once when ctx ends.
func (w *World) Stop(ctx context.Context) error {
	w.mu.Lock()
	w.stopping = true
	w.mu.Unlock()
	w.keeper.send(message{Kind: kindEnd}) // an error means that it has ended
	timer := time.NewTimer(stopTimeout)
	defer timer.Stop()
	select {
	case <-w.done:
	case <-timer.C:
	case <-ctx.Done():
	}
	// Process 1 takes everything in the PID namespace with it.
	if err := w.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("kill keeper: %w", err)
	}
	return w.Wait()
}

// Command is this program as process 1 of new namespaces, such as a world's.
func Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", args...)
	cmd.Args[0] = "postern"
	cmd.SysProcAttr = namespaces(os.Getuid(), os.Getgid())
	return cmd
}

// namespaces are the attributes of process 1 of a world. An ordinary user
// becomes root of a user namespace, in which nobody else exists.
func namespaces(uid, gid int) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNS | unix.CLONE_NEWNET | unix.CLONE_NEWPID,
		Setsid:     true, // the terminal's signals are for the host side
	}
	if uid != 0 {
		attr.Cloneflags |= unix.CLONE_NEWUSER
		attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: uid, Size: 1}}
		attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: gid, Size: 1}}
	}
	return attr
}
