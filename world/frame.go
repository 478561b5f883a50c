package world

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Limits of one frame. The longest carry a command's arguments and
// environment, for which the kernel's limit is 6 MB.
const (
	maxFrame = 16 << 20
	maxFiles = 250 // the kernel takes 253 (SCM_MAX_FD)
)

// WriteFrame sends v as JSON, its length in four bytes before it, and files
// with the first byte. The files remain the caller's. Frames of several
// goroutines must not mix: the caller sees to that.
func WriteFrame(c *net.UnixConn, v any, files ...*os.File) error {
	fds := make([]int, len(files))
	for i, f := range files {
		fds[i] = int(f.Fd())
	}
	return writeFrame(c, v, fds)
}

// number is the descriptor of s, which must stay open while it is used. Unlike
// the method Fd of a file it does not make the descriptor blocking, also for
// all others who have it open.
func number(s syscall.Conn) (int, error) {
	raw, err := s.SyscallConn()
	if err != nil {
		return 0, err
	}
	var n int
	err = raw.Control(func(fd uintptr) { n = int(fd) })
	return n, err
}

func writeFrame(c *net.UnixConn, v any, fds []int) error {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode frame: %w", err)
	}
	if len(b) > maxFrame {
		return fmt.Errorf("encode frame: %d bytes are more than %d", len(b), maxFrame)
	}
	b = append(binary.BigEndian.AppendUint32(nil, uint32(len(b))), b...)
	var rights []byte
	if len(fds) > 0 {
		rights = unix.UnixRights(fds...)
	}
	n, _, err := c.WriteMsgUnix(b, rights, nil)
	if err == nil && n < len(b) {
		_, err = c.Write(b[n:])
	}
	if err != nil {
		return fmt.Errorf("send frame: %w", err)
	}
	return nil
}

// ReadFrame reads one frame into v. The files are the caller's to close; they
// are close-on-exec. The error is io.EOF where the peer has closed c.
func ReadFrame(c *net.UnixConn, v any) ([]*os.File, error) {
	var head [4]byte
	oob := make([]byte, unix.CmsgSpace(maxFiles*4))
	n, oobn, _, _, err := c.ReadMsgUnix(head[:], oob)
	if errors.Is(err, io.EOF) {
		return nil, io.EOF
	}
	if err != nil {
		return nil, fmt.Errorf("receive frame: %w", err)
	}
	files, err := parseRights(oob[:oobn])
	if err != nil {
		return nil, err
	}
	if err := readBody(c, head, n, v); err != nil {
		closeAll(files)
		return nil, err
	}
	return files, nil
}

// readBody reads a frame of whose head n bytes are there.
func readBody(r io.Reader, head [4]byte, n int, v any) error {
	if _, err := io.ReadFull(r, head[n:]); err != nil {
		return fmt.Errorf("receive frame: %w", err)
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > maxFrame {
		return fmt.Errorf("receive frame: %d bytes are more than %d", size, maxFrame)
	}
	// A decoder over the stream keeps a lying length from costing memory.
	body := &io.LimitedReader{R: r, N: int64(size)}
	if err := json.NewDecoder(body).Decode(v); err != nil {
		return fmt.Errorf("decode frame: %w", err)
	}
	if _, err := io.Copy(io.Discard, body); err != nil {
		return fmt.Errorf("receive frame: %w", err)
	}
	if body.N > 0 {
		return fmt.Errorf("receive frame: %w", io.ErrUnexpectedEOF)
	}
	return nil
}

// parseRights returns the files of a control message.
func parseRights(oob []byte) ([]*os.File, error) {
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return nil, fmt.Errorf("parse control message: %w", err)
	}
	var files []*os.File
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			continue // not files
		}
		for _, fd := range fds {
			files = append(files, os.NewFile(uintptr(fd), "received"))
		}
	}
	return files, nil
}

func closeAll(files []*os.File) {
	for _, f := range files {
		f.Close()
	}
}
