package world

import (
	"fmt"
	"strings"
	"syscall"
)

// passing marks the names of sockets that nobody shall find open while there
// is no host side: whoever connects to one would wait for nobody.
const passing = "passing "

// Passing is the name of a socket that the keeper forgets with the host side,
// also when that is killed.
func Passing(name string) string { return passing + name }

func isPassing(name string) bool { return strings.HasPrefix(name, passing) }

// Hold leaves a listening socket with the keeper, too. It goes on taking
// connections when this daemon is gone, and the next one finds it in Sockets.
// Another one of that name is forgotten.
func (i *Inside) Hold(name string, s syscall.Conn) error {
	fd, err := number(s)
	if err != nil {
		return fmt.Errorf("hold %s: %w", name, err)
	}
	return i.keeper.sendNumbers(message{Kind: kindHold, Name: name}, fd)
}

// Leave says that this daemon is about to end: sockets that it drops from now
// on are for the next one.
func (i *Inside) Leave() { i.leaving.Store(true) }

// Drop has the keeper close a socket.
func (i *Inside) Drop(name string) error {
	if i.leaving.Load() {
		return nil
	}
	return i.keeper.send(message{Kind: kindDrop, Name: name})
}
