package world

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
)

// What the caller of a session and the keeper say to each other, as frames:
// the caller sends any number of SessionSignals, and closing the connection
// hangs the command up; the keeper sends one SessionEnd.
type (
	SessionSignal struct {
		Signal int `json:"signal"`
	}
	SessionEnd struct {
		Error string `json:"error,omitempty"` // why it did not run
		Exec  *Exit  `json:"exec,omitempty"`
	}
)

// Exit says how a command ended.
type Exit struct {
	Code int `json:"code"` // as a shell has it: 128 + n for signal n
}

// Run has the keeper start a command, see it through and tell the caller how
// it ended. It goes on without this daemon: the next one finds it in Sessions,
// with record. The caller's connection is the keeper's from now on; this
// daemon's copy of it should be closed. When the session has ended, Ended says
// so.
func (i *Inside) Run(w Workload, id string, record any, caller *net.UnixConn) error {
	if len(w.Argv) == 0 {
		return errors.New("run workload: no command")
	}
	kept, err := json.Marshal(record)
	if err != nil {
		return fmt.Errorf("encode record of session: %w", err)
	}
	fds := make([]int, 0, 4)
	for _, f := range []*os.File{w.Stdin, w.Stdout, w.Stderr} {
		fd, err := number(f)
		if err != nil {
			return fmt.Errorf("pass files to workload: %w", err)
		}
		fds = append(fds, fd)
	}
	fd, err := number(caller)
	if err != nil {
		return fmt.Errorf("pass caller on: %w", err)
	}
	m := message{Kind: kindRun, Session: &Session{ID: id, Record: kept}, Command: w.command()}
	return i.keeper.sendNumbers(m, append(fds, fd)...)
}

// Ended gives each session whose command has ended, with all that it left
// running. Its caller hears of it after Release. The channel is closed with i.
func (i *Inside) Ended() <-chan Session { return i.ended }

// Release lets the caller of a session know how it ended. The keeper forgets
// the session.
func (i *Inside) Release(id string) error {
	return i.keeper.send(message{Kind: kindReleased, Session: &Session{ID: id}})
}

// hearKeeper passes on which sessions have ended until i is closed.
func (i *Inside) hearKeeper() {
	defer close(i.ended)
	for {
		m, files, err := i.keeper.receive()
		closeAll(files)
		if err != nil {
			return
		}
		if m.Kind == kindEnded && m.Session != nil {
			i.ended <- *m.Session // at the latest Close takes it
		}
	}
}
