package world

import (
	"maps"
	"os"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

// hold keeps a listening socket open. It is a bare descriptor here: a file
// would wake this process for each connection that arrives.
func (k *keeper) hold(name string, files []*os.File) {
	if len(files) != 1 {
		return
	}
	fd, err := number(files[0])
	if err == nil {
		fd, err = unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	}
	if err != nil {
		k.log.Warn("socket is not kept", "socket", name, "err", err)
		return
	}
	k.dropSockets(func(other string) bool { return other == name })
	k.sockets[name] = fd
}

// dropSockets closes those whose names match.
func (k *keeper) dropSockets(match func(string) bool) {
	for name, fd := range k.sockets {
		if match(name) {
			unix.Close(fd)
			delete(k.sockets, name)
		}
	}
}

// handSockets sends every socket to a new daemon.
func (k *keeper) handSockets(link *conn) {
	link.SetWriteDeadline(time.Now().Add(handOverTimeout))
	for names := range slices.Chunk(slices.Sorted(maps.Keys(k.sockets)), maxFiles) {
		fds := make([]int, len(names))
		for i, name := range names {
			fds[i] = k.sockets[name]
		}
		if err := link.sendNumbers(message{Kind: kindSockets, Names: names}, fds...); err != nil {
			k.log.Warn("sockets are not handed over", "err", err)
			return
		}
	}
}
