package script

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/eks"
)

// trafficPause lies between two turns of one connection.
const trafficPause = 20 * time.Millisecond

// trafficMain is the command traffic KIND … FILE: traffic that goes on until
// FILE.stop appears, then says what became of it. When all of it is under way
// it writes FILE.up.
//
//	traffic echo PORT FILE      answers lines; its address is in FILE.up as JSON
//	traffic hold ADDR N FILE    N connections that send lines to an echo
//	traffic call N FILE         N keep-alive clients of the SDK that list clusters
//	traffic knock ADDR FILE     a TLS connection after the other
func trafficMain() {
	kinds := map[string]func(*traffic, []string) (string, error){
		"echo": (*traffic).echo, "hold": (*traffic).hold, "call": (*traffic).call, "knock": (*traffic).knock,
	}
	args := os.Args[1:]
	if len(args) < 2 || kinds[args[0]] == nil {
		fmt.Fprintln(os.Stderr, "usage: traffic echo|hold|call|knock … FILE")
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
}

func (t *traffic) await() {
	for range time.Tick(trafficPause) {
		if _, err := os.Stat(t.file + ".stop"); err == nil {
			close(t.stop)
			return
		}
	}
}

func (t *traffic) up(text string) error {
	return os.WriteFile(t.file+".up", []byte(text), 0o644)
}

// more reports whether there shall be another turn.
func (t *traffic) more() bool {
	select {
	case <-t.stop:
		return false
	case <-time.After(trafficPause):
		return true
	}
}

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
				for s := bufio.NewScanner(c); s.Scan(); {
					fmt.Fprintln(c, s.Text())
				}
			}()
		}
	}()
	at, err := json.Marshal(map[string]string{"address": net.JoinHostPort(addresses[0].(*net.IPNet).IP.String(), args[0])})
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
			for t.more() {
				c.SetDeadline(time.Now().Add(10 * time.Second))
				fmt.Fprintln(c, "still here")
				if line, err := r.ReadString('\n'); line != "still here\n" {
					fmt.Fprintf(os.Stderr, "connection from %v is cut: %v\n", c.LocalAddr(), err)
					cut.Add(1)
					return
				}
				turns.Add(1)
			}
		})
	}
	all.Wait()
	return fmt.Sprintf("%d connections, %d turns, %d cut", n, turns.Load(), cut.Load()), nil
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
		all.Go(func() {
			for first := true; first || t.more(); first = false {
				if _, err := client.ListClusters(context.Background(), nil); err != nil {
					fmt.Fprintln(os.Stderr, err)
					failed.Add(1)
				}
				calls.Add(1)
				if first {
					begun.Done()
				}
			}
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
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: 10 * time.Second}}
	knocks, refused := 0, 0
	for first := true; first || t.more(); first = false {
		c, err := d.Dial("tcp", args[0])
		if err == nil {
			c.Close()
		} else {
			fmt.Fprintln(os.Stderr, err)
			refused++
		}
		knocks++
		if first {
			if err := t.up("up"); err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%d knocks, %d refused", knocks, refused), nil
}
