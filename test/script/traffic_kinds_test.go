package script

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

func (t *traffic) echo(args []string) (string, error) {
	l, err := net.Listen("tcp", ":"+args[0])
	if err != nil {
		return "", err
	}
	eth0, err := net.InterfaceByName("eth0")
	if err != nil {
		return "", err
	}
	addresses, err := eth0.Addrs()
	if err != nil {
		return "", err
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				if len(args) > 1 {
					if _, err := readHeader(c); err != nil {
						return
					}
				}
				for s := bufio.NewScanner(c); s.Scan(); {
					fmt.Fprintln(c, s.Text())
				}
			}()
		}
	}()
	ip := addresses[0].(*net.IPNet).IP.String()
	at, err := json.Marshal(map[string]string{"ip": ip, "address": net.JoinHostPort(ip, args[0])})
	if err := errors.Join(err, t.up(string(at))); err != nil {
		return "", err
	}
	<-t.stop
	return "echo ends", l.Close()
}

func (t *traffic) hold(args []string) (string, error) {
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return "", err
	}
	conns := make([]net.Conn, n)
	for i := range conns {
		if conns[i], err = net.DialTimeout("tcp", args[0], 5*time.Second); err != nil {
			return "", err
		}
	}
	if err := t.up("up"); err != nil {
		return "", err
	}
	var turns, cut atomic.Int64
	var all sync.WaitGroup
	for _, c := range conns {
		all.Go(func() {
			defer c.Close()
			r := bufio.NewReader(c)
			t.turns(n, time.Duration(n)*holdPause, func() bool {
				c.SetDeadline(time.Now().Add(10 * time.Second))
				if err := greet(c, r); err != nil {
					fmt.Fprintf(os.Stderr, "connection from %v is cut: %v\n", c.LocalAddr(), err)
					cut.Add(1)
					return false
				}
				turns.Add(1)
				return true
			})
		})
	}
	all.Wait()
	return fmt.Sprintf("%d connections, %d turns, %d cut", n, turns.Load(), cut.Load()), nil
}

// greet sends a line and reads it from the echo. After a reset only the first
// call of the two says so.
func greet(w io.Writer, r *bufio.Reader) error {
	if _, err := io.WriteString(w, "still here\n"); err != nil {
		return err
	}
	line, err := r.ReadString('\n')
	if err == nil && line != "still here\n" {
		err = fmt.Errorf("the echo says %q", line)
	}
	return err
}

func (t *traffic) call(args []string) (string, error) {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return "", err
	}
	var calls, failed atomic.Int64
	var begun, all sync.WaitGroup
	begun.Add(n)
	for range n {
		cfg, err := config.LoadDefaultConfig(context.Background()) // its retries are the SDK's own
		if err != nil {
			return "", err
		}
		client := eks.NewFromConfig(cfg)
		call := func() bool {
			if _, err := client.ListClusters(context.Background(), nil); err != nil {
				fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), err)
				failed.Add(1)
			}
			calls.Add(1)
			return true
		}
		all.Go(func() {
			call()
			begun.Done()
			t.turns(n, time.Duration(n)*callPause, call)
		})
	}
	begun.Wait()
	if err := t.up("up"); err != nil {
		return "", err
	}
	all.Wait()
	return fmt.Sprintf("%d clients, %d calls, %d failed", n, calls.Load(), failed.Load()), nil
}

func (t *traffic) knock(args []string) (string, error) {
	d := &net.Dialer{Timeout: 10 * time.Second}
	dial := d.Dial
	if args[0] == "tls" {
		dial = (&tls.Dialer{NetDialer: d}).Dial
	}
	var knocks, refused atomic.Int64
	var all sync.WaitGroup
	knock := func() {
		c, err := dial("tcp", args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, time.Now().Format(time.TimeOnly), err)
			refused.Add(1)
		} else {
			c.Close()
		}
		knocks.Add(1)
	}
	knock()
	if err := t.up("up"); err != nil {
		return "", err
	}
	for t.more(0) {
		all.Go(knock)
	}
	all.Wait()
	return fmt.Sprintf("%d knocks, %d refused", knocks.Load(), refused.Load()), nil
}
