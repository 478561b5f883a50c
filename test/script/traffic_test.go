package script

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
	"time"
)

// How long traffic of one kind rests, as a machine of two cores bears it.
const (
	trafficPause = 20 * time.Millisecond // at least, between two turns of one connection
	holdPause    = time.Millisecond      // between two turns of all connections of hold together
	callPause    = 5 * time.Millisecond  // between two calls of all clients together
)

// trafficMain is the command traffic KIND … FILE: traffic that goes on until
// FILE.stop appears, then says what became of it. When all of it is under way
// it writes FILE.up. It removes FILE.round when all of it has had a turn since.
//
//	traffic echo PORT [proxy] FILE  answers lines, after a PROXY header; its address is in FILE.up as JSON
//	traffic hold ADDR N FILE    N connections that send lines to an echo
//	traffic call N FILE         N keep-alive clients of the SDK that list clusters
//	traffic knock tcp|tls ADDR FILE  new connections, also while others wait
//	traffic round FILE          waits until all of hold or call has had a turn
func trafficMain() {
	kinds := map[string]func(*traffic, []string) (string, error){
		"echo": (*traffic).echo, "hold": (*traffic).hold, "call": (*traffic).call, "knock": (*traffic).knock,
		"round": (*traffic).round,
	}
	args := os.Args[1:]
	if len(args) < 2 || kinds[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: traffic echo|hold|call|knock|round … FILE")
		os.Exit(2)
	}
	t := &traffic{file: args[len(args)-1], stop: make(chan struct{})}
	go t.await()
	said, err := kinds[args[0]](t, args[1:len(args)-1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(said)
}

type traffic struct {
	file string
	stop chan struct{} // closed when FILE.stop appears

	asked    atomic.Int64 // rounds
	answered atomic.Int64 // turns for the sake of rounds
}

func (t *traffic) await() {
	var last []byte
	for range time.Tick(trafficPause) {
		if round, _ := os.ReadFile(t.file + ".round"); len(round) > 0 && !bytes.Equal(round, last) {
			last = round
			t.asked.Add(1)
		}
		if _, err := os.Stat(t.file + ".stop"); err == nil {
			close(t.stop)
			return
		}
	}
}

func (t *traffic) up(text string) error {
	return os.WriteFile(t.file+".up", []byte(text), 0o644)
}

// more reports whether there shall be another turn, after a pause.
func (t *traffic) more(pause time.Duration) bool {
	select {
	case <-t.stop:
		return false
	case <-time.After(max(pause, trafficPause)):
		return true
	}
}

// turns repeats one of n parties' turn until the traffic stops, or the turn
// says that it was the last.
func (t *traffic) turns(n int, pause time.Duration, turn func() bool) {
	for seen := int64(0); t.more(pause); {
		asked := t.asked.Load()
		if !turn() {
			return
		}
		if asked > seen && t.answered.Add(1) == asked*int64(n) {
			os.Remove(t.file + ".round")
		}
		seen = asked
	}
}

// round asks for a round and waits for its end.
func (t *traffic) round([]string) (string, error) {
	path := t.file + ".round"
	if err := os.WriteFile(path, []byte(time.Now().String()), 0o644); err != nil { // no two are the same
		return "", err
	}
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(trafficPause) {
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return "all had a turn", nil
		}
	}
	return "", errors.New("not all had a turn in 30 s")
}
