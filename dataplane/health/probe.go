package health

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"time"

	"github.com/postern/postern/dataplane/proxy"
	"github.com/postern/postern/vpc"
)

// The reasons of the API and what it says about them.
var (
	failed  = result{"Target.FailedHealthChecks", "Health checks failed"}
	timeout = result{"Target.Timeout", "Request timed out"}
)

// mismatch says that the target's answer has another code than the matcher's.
func mismatch(code int) result {
	return result{"Target.ResponseCodeMismatch", fmt.Sprintf("Health checks failed with these codes: [%d]", code)}
}

// maxAnswer bounds what is read of an answer, in bytes: its status line, and
// the interim answers before it.
const maxAnswer = 16 << 10

// probe probes a target once.
func (c *Checker) probe(ctx context.Context, vpcID string, check Check) result {
	h := check.Group.HealthCheck
	ctx, cancel := context.WithTimeout(ctx, h.Timeout)
	defer cancel()
	to := netip.AddrPortFrom(check.Target.Address, h.CheckPort(check.Target))
	conn, err := c.Dial(ctx, vpcID, check.From, to)
	if err != nil {
		return why(h, err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) // what it waits for ends
	defer stop()
	if check.Group.ProxyProtocol() {
		if _, err := conn.Write(proxy.LocalHeader()); err != nil {
			return why(h, err)
		}
	}
	if h.Protocol == "TCP" {
		return result{}
	}
	code, err := status(ctx, conn, h, to)
	if err != nil {
		return why(h, err)
	}
	codes, err := vpc.ParseCodes(h.Matcher)
	if err != nil || !codes.Match(code) {
		return mismatch(code)
	}
	return result{}
}

// why is the reason for an error. A connection that is not made in time is a
// failure, an answer that does not come a timeout.
func why(h vpc.HealthCheck, err error) result {
	late := errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
	if late && h.Protocol != "TCP" {
		return timeout
	}
	return failed
}

// status asks for the path of h over conn and returns the code of the answer.
func status(ctx context.Context, conn net.Conn, h vpc.HealthCheck, to netip.AddrPort) (int, error) {
	if h.Protocol == "HTTPS" {
		// As a load balancer of AWS: the certificate is not looked at.
		secure := tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
		if err := secure.HandshakeContext(ctx); err != nil {
			return 0, fmt.Errorf("shake hands: %w", err)
		}
		conn = secure
	}
	request := "GET " + h.Path + " HTTP/1.1\r\n" +
		"Host: " + to.String() + "\r\n" +
		"Connection: close\r\n" +
		"User-Agent: ELB-HealthChecker/2.0\r\n" +
		"Accept-Encoding: gzip, compressed\r\n\r\n"
	if _, err := io.WriteString(conn, request); err != nil {
		return 0, fmt.Errorf("ask: %w", err)
	}
	return readStatus(conn)
}

// readStatus reads an HTTP answer up to its status code. Interim answers (1xx)
// are passed over.
func readStatus(r io.Reader) (int, error) {
	lines := bufio.NewReader(io.LimitReader(r, maxAnswer))
	for {
		line, err := readLine(lines)
		if err != nil {
			return 0, err
		}
		code, err := parseStatus(line)
		if err != nil || code >= 200 {
			return code, err
		}
		for len(line) > 0 {
			if line, err = readLine(lines); err != nil {
				return 0, err
			}
		}
	}
}

// readLine reads a line without its end.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, fmt.Errorf("read answer: %w", err)
	}
	return bytes.TrimSuffix(bytes.TrimSuffix(line, []byte("\n")), []byte("\r")), nil
}

// parseStatus takes the code from a status line (RFC 9112, section 4).
func parseStatus(line []byte) (int, error) {
	rest, ok := bytes.CutPrefix(line, []byte("HTTP/1."))
	if ok && len(rest) >= 5 && (rest[0] == '0' || rest[0] == '1') && rest[1] == ' ' && (len(rest) == 5 || rest[5] == ' ') {
		code, err := strconv.ParseUint(string(rest[2:5]), 10, 16)
		if err == nil && code >= 100 {
			return int(code), nil
		}
	}
	return 0, fmt.Errorf("read answer: %q is no status line", line[:min(len(line), 64)])
}
