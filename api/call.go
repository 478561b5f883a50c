package api

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/google/uuid"

	"github.com/postern/postern/audit"
	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/sigv4"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// call is one request on its way through the chain. Each step fills in what
// the next ones need.
type call struct {
	*Server
	id      string
	start   time.Time
	request *http.Request
	arrival vpc.Arrival
	behind  vpc.EndpointService // what the endpoint leads to; zero on the public listener

	// route
	signature sigv4.Signature
	unsigned  error // why there is no signature
	service   *service
	region    string // that the endpoint or Host is of; empty where neither says

	body   []byte      // read
	caller auth.Caller // authenticate

	// decode
	operation *wire.Operation
	method    wire.Method
	in        any

	outcome audit.Outcome // authorize
	out     any           // invoke; nil where there is an error

	access wire.Access // that is decided
}

// ServeHTTP takes a request through the chain.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{Server: s, id: newID(), start: time.Now(), arrival: vpc.ArrivalFrom(r.Context()), request: r}
	answer := &answer{ResponseWriter: w}
	err := guard(func() error { return c.serve(answer) })
	if err != nil && !answer.begun() {
		c.refuse(answer, err)
	}
	c.log(answer.status, err)
	c.record(err)
}

// newID is a request's id. It tells requests apart and is no secret.
func newID() string {
	var id uuid.UUID
	binary.NativeEndian.PutUint64(id[:8], rand.Uint64())
	binary.NativeEndian.PutUint64(id[8:], rand.Uint64())
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80 // version 4 of RFC 9562
	return id.String()
}

// serve answers the request, or says why not.
func (c *call) serve(w *answer) error {
	c.behind, _ = vpc.FindEndpointService(c.arrival.Service)
	if c.behind.API == issuerAPI {
		return c.serveIssuer(w, c.behind)
	}
	out, err := c.run()
	if err != nil {
		return err
	}
	c.out = out
	return c.service.model.Encode(w, c.operation, c.id, out)
}

// run is the chain itself, up to the operation's result.
func (c *call) run() (out any, err error) {
	for _, step := range [...]func(*call) error{
		(*call).route, (*call).read, (*call).authenticate, (*call).decode, (*call).authorize, (*call).dryRun,
	} {
		if err := step(c); err != nil {
			return nil, err
		}
	}
	return c.invoke()
}

// read takes in the body.
func (c *call) read() error {
	if c.request.Body == http.NoBody {
		return nil
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, c.request.Body, c.config.MaxBody))
	if tooLarge := (*http.MaxBytesError)(nil); errors.As(err, &tooLarge) {
		return &wire.Error{
			Code:    "RequestEntityTooLarge",
			Message: fmt.Sprintf("The request body is larger than %d bytes.", tooLarge.Limit),
			Status:  http.StatusRequestEntityTooLarge,
		}
	}
	if err != nil {
		return &wire.Error{Code: "IncompleteBody", Message: "The request body did not arrive completely.", Cause: err}
	}
	c.body = body
	return nil
}

// decode recognises the operation and reads its input.
func (c *call) decode() error {
	model := c.service.model
	op, err := model.Match(c.request, c.body)
	if err != nil {
		return err
	}
	c.operation = op
	method, ok := c.service.methods[op]
	if !ok {
		return model.Unavailable(op)
	}
	c.method = method
	c.in, err = model.Decode(op, c.request, c.body)
	return err
}

// invoke runs the operation and cuts its result to a page.
func (c *call) invoke() (any, error) {
	out, err := c.method.Call(c.request.Context(), c.in)
	if err != nil || c.method.OwnPaging {
		return out, err
	}
	return out, wire.Page(c.operation, c.in, out)
}

// action is the operation's name in policies, eks:ListClusters.
func (c *call) action() string { return c.service.model.Name + ":" + c.operation.Name }

// guard runs f and turns a panic into an error that says where it was.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

// answer is the ResponseWriter that knows what status was sent.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) begun() bool { return a.status != 0 }

func (a *answer) WriteHeader(status int) {
	if !a.begun() {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if !a.begun() {
		a.WriteHeader(http.StatusOK)
	}
	return a.ResponseWriter.Write(b)
}
