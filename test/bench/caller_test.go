package bench

import (
	"bufio"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// callerVar makes this test program a client: it calls EKS as the JSON in it
// says (caller), by the environment of an AWS client, and prints the calls a
// second.
const callerVar = "POSTERN_BENCH_CALLER"

// caller is a number of clients that send one signed request each, again and
// again over a connection of their own, for two turns.
type caller struct {
	Clients int
	Path    string
}

// command runs this program as the caller, behind other commands.
func (c caller) command(env map[string]string, before ...string) *exec.Cmd {
	text, err := json.Marshal(c)
	if err != nil {
		panic(err) // it has an int and a string
	}
	argv := append(before, os.Args[0])
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), callerVar+"="+string(text))
	for k, v := range env {
		cmd.Env = append(cmd.Env, k+"="+v)
	}
	return cmd
}

func runCaller(text string) error {
	var c caller
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return err
	}
	request, err := signedRequest(c.Path)
	if err != nil {
		return err
	}
	var calls atomic.Int64
	var wait sync.WaitGroup
	errs := make(chan error, c.Clients)
	began := time.Now()
	for range c.Clients {
		wait.Go(func() {
			if err := repeat(request, began.Add(2*turn), &calls); err != nil {
				errs <- err
			}
		})
	}
	wait.Wait()
	took := time.Since(began)
	close(errs)
	if err := <-errs; err != nil {
		return err
	}
	fmt.Println(float64(calls.Load()) / took.Seconds())
	return nil
}

// signedRequest is a request of EKS by the environment.
func signedRequest(path string) (*http.Request, error) {
	base := os.Getenv("AWS_ENDPOINT_URL")
	if base == "" {
		base = "https://eks." + os.Getenv("AWS_REGION") + ".amazonaws.com"
	}
	r, err := http.NewRequest(http.MethodGet, base+path, nil)
	if err != nil {
		return nil, err
	}
	empty := sha256.Sum256(nil)
	return r, v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{
		AccessKeyID:     os.Getenv("AWS_ACCESS_KEY_ID"),
		SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY"),
	}, r, hex.EncodeToString(empty[:]), "eks", os.Getenv("AWS_REGION"), time.Now())
}

// repeat sends r until then, over one connection as long as the server keeps it.
func repeat(r *http.Request, until time.Time, calls *atomic.Int64) error {
	for time.Now().Before(until) {
		c, err := connect(r.URL)
		if err != nil {
			return err
		}
		err = repeatOn(c, r, until, calls)
		c.Close()
		if err != nil {
			return err
		}
	}
	return nil
}

func repeatOn(c net.Conn, r *http.Request, until time.Time, calls *atomic.Int64) error {
	c.SetDeadline(until.Add(10 * time.Second))
	in, out := bufio.NewReader(c), bufio.NewWriter(c)
	for time.Now().Before(until) {
		if err := r.Write(out); err != nil {
			return err
		}
		if err := out.Flush(); err != nil {
			return err
		}
		answer, err := http.ReadResponse(in, r)
		if err != nil {
			return err
		}
		body, err := io.ReadAll(answer.Body)
		answer.Body.Close()
		if err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: %s", answer.Status, body)
		}
		calls.Add(1)
		if answer.Close {
			return nil
		}
	}
	return nil
}

func connect(u *url.URL) (net.Conn, error) {
	if u.Scheme == "http" {
		return net.Dial("tcp", u.Host)
	}
	pool := x509.NewCertPool()
	bundle, err := os.ReadFile(os.Getenv("AWS_CA_BUNDLE"))
	if err != nil {
		return nil, err
	}
	pool.AppendCertsFromPEM(bundle)
	host := u.Host
	if u.Port() == "" {
		host += ":443"
	}
	return tls.Dial("tcp", host, &tls.Config{RootCAs: pool, ServerName: u.Hostname()})
}
