package world

import (
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// hangUpGrace is how long a command may take to end after SIGHUP, when its
// caller or its world goes away.
const hangUpGrace = time.Second

// session is a command that the keeper sees through.
type session struct {
	Session
	command *runCommand
	caller  *conn
	pid     int         // 0: it has ended
	end     *SessionEnd // nil: something of it may run
}

// runSession starts a command. files are its own three and the caller's
// connection.
func (k *keeper) runSession(m message, files []*os.File) {
	if m.Session == nil || m.Command == nil || len(files) != 4 {
		return
	}
	caller, err := fileConn(files[3])
	if err != nil {
		k.log.Warn("caller of a session is lost", "session", m.Session.ID, "err", err)
		return
	}
	s := &session{Session: *m.Session, command: m.Command, caller: caller}
	k.sessions[s.ID] = s
	go k.readCaller(s)
	if s.pid, err = s.command.start(k.programPath(), files); err != nil {
		k.finish(s, SessionEnd{Error: err.Error()})
	}
}

// readCaller passes the caller's signals on, and that it is gone.
func (k *keeper) readCaller(s *session) {
	for {
		var m SessionSignal
		files, err := ReadFrame(s.caller.UnixConn, &m)
		closeAll(files)
		if err != nil {
			k.work <- func() { k.hangUp(s) }
			return
		}
		k.work <- func() { s.signal(syscall.Signal(m.Signal)) }
	}
}

// signal sends a signal to the command. Those that a terminal sends go to its
// process group, as a terminal does it. One to a command that has just ended
// is lost, as anywhere.
func (s *session) signal(sig syscall.Signal) {
	if s.pid == 0 {
		return
	}
	switch sig {
	case unix.SIGINT, unix.SIGQUIT, unix.SIGHUP:
		if unix.Kill(-s.pid, sig) == nil {
			return
		} // it leads no group yet
	}
	unix.Kill(s.pid, sig)
}

// hangUp ends a command whose caller is gone.
func (k *keeper) hangUp(s *session) {
	s.signal(unix.SIGHUP)
	s.signal(unix.SIGCONT) // it may be stopped
	k.after(hangUpGrace, func() { s.signal(unix.SIGKILL) })
}

// session finds that of a process.
func (k *keeper) session(pid int) *session {
	for _, s := range k.sessions {
		if s.pid == pid {
			return s
		}
	}
	return nil
}

// commandEnded ends what a command has left running behind its ENI.
func (k *keeper) commandEnded(s *session, status unix.WaitStatus) {
	s.pid = 0
	exit := Exit{Code: status.ExitStatus()}
	if status.Signaled() {
		exit.Code = 128 + int(status.Signal())
	}
	go func() {
		if err := evict(s.command.Netns); err != nil {
			k.log.Warn("session leaves something behind", "session", s.ID, "err", err)
		}
		k.work <- func() { k.finish(s, SessionEnd{Exec: &exit}) }
	}()
}

// finish is the end of all that ran in a session. The daemon takes its ENI
// away before its caller hears of the end; without a daemon the next one does.
func (k *keeper) finish(s *session, end SessionEnd) {
	if err := os.RemoveAll(s.command.Scratch); err != nil {
		k.log.Warn("session's folder is left", "session", s.ID, "err", err)
	}
	s.end = &end
	switch {
	case k.daemon == nil:
		k.release(s)
		k.settle()
	case k.daemon.begun:
		k.tell(k.daemon.link, message{Kind: kindEnded, Session: &s.Session})
	}
}

// release tells the caller and forgets the session.
func (k *keeper) release(s *session) {
	delete(k.sessions, s.ID)
	s.caller.SetWriteDeadline(time.Now().Add(time.Second))
	if err := WriteFrame(s.caller.UnixConn, s.end); err != nil {
		k.log.Debug("caller of a session is gone", "session", s.ID, "err", err)
	}
	s.caller.Close()
}
