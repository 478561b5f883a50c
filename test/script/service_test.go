package script

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"
)

// listenMain is the command listen NAME PORT [proxy]: it answers on TCP and UDP
// with one line that says who it is, who asks as it sees it, and what the PROXY
// v2 header said if there has to be one; then it echoes. It ends with its
// standard input.
func listenMain() {
	if err := listen(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func listen(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: listen NAME PORT [proxy]")
	}
	name, port, header := args[0], ":"+args[1], len(args) > 2
	tcp, err := net.Listen("tcp", port)
	if err != nil {
		return err
	}
	udp, err := net.ListenPacket("udp", port)
	if err != nil {
		return err
	}
	fmt.Println("listening")
	go answerPackets(name, udp)
	for {
		c, err := tcp.Accept()
		if err != nil {
			return err
		}
		go answerConnection(name, header, c)
	}
}

func answerPackets(name string, udp net.PacketConn) {
	buf := make([]byte, 1500)
	for {
		n, from, err := udp.ReadFrom(buf)
		if err != nil {
			return
		}
		udp.WriteTo(fmt.Appendf(nil, "%s sees %s: %s", name, from, buf[:n]), from)
	}
}

func answerConnection(name string, header bool, c net.Conn) {
	defer c.Close()
	r := bufio.NewReader(c)
	told := ""
	if header {
		var err error
		if told, err = readHeader(r); err != nil {
			told = err.Error()
		}
	}
	fmt.Fprintf(c, "%s sees %s%s\n", name, c.RemoteAddr(), told)
	io.Copy(c, r)
}

// readHeader reads a PROXY v2 header and says what is in it.
func readHeader(r io.Reader) (string, error) {
	var h [16]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return "", err
	}
	if !bytes.HasPrefix(h[:], []byte("\r\n\r\n\x00\r\nQUIT\n")) {
		return "", fmt.Errorf("no PROXY header: %x", h)
	}
	body := make([]byte, binary.BigEndian.Uint16(h[14:]))
	if _, err := io.ReadFull(r, body); err != nil {
		return "", err
	}
	size := map[byte]int{0x11: 4, 0x21: 16}[h[13]]
	if h[12] != 0x21 || size == 0 || len(body) < 2*size+4 {
		return fmt.Sprintf(" by PROXY %x", h[12:14]), nil
	}
	address := func(at, port int) netip.AddrPort {
		a, _ := netip.AddrFromSlice(body[at : at+size])
		return netip.AddrPortFrom(a, binary.BigEndian.Uint16(body[2*size+port:]))
	}
	told := fmt.Sprintf(" for %v at %v", address(0, 0), address(size, 2))
	for tlv := body[2*size+4:]; len(tlv) >= 3; {
		n := int(binary.BigEndian.Uint16(tlv[1:]))
		if len(tlv) < 3+n {
			return "", fmt.Errorf("TLV is cut off: %s", hex.EncodeToString(tlv))
		}
		if tlv[0] == 0xEA && n > 0 && tlv[3] == 1 {
			told += " through " + string(tlv[4:3+n])
		}
		tlv = tlv[3+n:]
	}
	return told, nil
}

// talkMain is the command talk tcp|udp ADDRESS TEXT: it sends TEXT and prints
// what comes back. An answer that does not come within a second is an error.
func talkMain() {
	if err := talk(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func talk(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("usage: talk tcp|udp ADDRESS TEXT")
	}
	c, err := net.DialTimeout(args[0], args[1], time.Second)
	if err != nil {
		return err
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(c, args[2]); err != nil {
		return err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.CloseWrite()
		_, err = io.Copy(os.Stdout, c)
		fmt.Println()
		return err
	}
	buf := make([]byte, 1500)
	n, err := c.Read(buf)
	fmt.Println(strings.TrimSpace(string(buf[:n])))
	return err
}
