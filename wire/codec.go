package wire

import (
	"fmt"
	"net/http"
	"reflect"
	"strconv"
)

// Match finds the operation that a request asks for. body is the whole
// request body. The error is an *Error in the protocol's words.
func (s *Service) Match(r *http.Request, body []byte) (*Operation, error) {
	switch s.Protocol {
	case EC2, Query:
		return s.matchAction(r, body)
	case JSON:
		return s.matchTarget(r)
	case CBOR:
		return s.matchService(r)
	default:
		return s.matchPath(r)
	}
}

// Decode returns the operation's input, a pointer to op.Input, checked
// against the rules of the model. The error is an *Error in the protocol's
// words, always the client's fault.
func (s *Service) Decode(op *Operation, r *http.Request, body []byte) (any, error) {
	if op.Input == nil {
		return nil, s.Unavailable(op)
	}
	in := reflect.New(op.Input)
	var err error
	switch s.Protocol {
	case EC2, Query:
		err = s.decodeForm(in.Elem(), r, body)
	case JSON:
		err = s.decodeBody(in.Elem(), body)
	case RESTJSON:
		err = s.decodeREST(in.Elem(), op, r, body)
	default:
		err = s.Unavailable(op)
	}
	if err != nil {
		return nil, err
	}
	if err := s.validate(op, in.Elem()); err != nil {
		return nil, err
	}
	return in.Interface(), nil
}

// Encode writes the answer of a call that succeeded. out is a pointer to
// op.Output. Nothing is written where it returns an error.
func (s *Service) Encode(w http.ResponseWriter, op *Operation, requestID string, out any) error {
	v := reflect.ValueOf(out)
	if v.Kind() != reflect.Pointer || v.IsNil() || v.Type().Elem() != op.Output {
		return fmt.Errorf("encode %s: answer is a %T, want *%v", op.Name, out, op.Output)
	}
	switch s.Protocol {
	case EC2:
		s.encodeEC2(w, op, requestID, v.Elem())
	case Query:
		s.encodeQuery(w, op, requestID, v.Elem())
	case JSON:
		s.encodeJSON(w, op, requestID, v.Elem())
	case RESTJSON:
		s.encodeREST(w, op, requestID, v.Elem())
	default:
		return fmt.Errorf("encode %s: no codec for protocol %s", op.Name, s.Protocol)
	}
	return nil
}

// EncodeError writes the answer of a call that did not succeed. Where the
// error names no status it is that of the modelled error, and else 400.
func (s *Service) EncodeError(w http.ResponseWriter, requestID string, e *Error) {
	status := e.Status
	if status == 0 {
		status = s.Errors[e.Code].Status
	}
	if status == 0 {
		status = http.StatusBadRequest
	}
	switch s.Protocol {
	case EC2:
		s.encodeEC2Error(w, requestID, status, e)
	case Query, RESTXML:
		s.encodeQueryError(w, requestID, status, e)
	case JSON:
		s.encodeJSONError(w, requestID, status, e)
	case CBOR:
		s.encodeCBORError(w, requestID, status, e)
	default:
		s.encodeRESTError(w, requestID, status, e)
	}
}

// Unavailable is the error for an operation that the service's model has and
// that no method is bound to. It is the client's fault by its status, so that
// no client repeats the call: UnsupportedOperation in the XML protocols, as
// EC2 documents it, UnsupportedOperationException in the others.
func (s *Service) Unavailable(op *Operation) *Error {
	code := "UnsupportedOperation"
	switch s.Protocol {
	case JSON, RESTJSON, CBOR:
		code = "UnsupportedOperationException"
	}
	return &Error{Code: code, Message: "The operation " + op.Name + " is not implemented."}
}

// send writes a whole answer. A client that has gone away is not an error of
// the call, so the result of the write is nobody's concern.
func send(w http.ResponseWriter, requestID, contentType string, status int, body []byte) {
	h, values := w.Header(), [...]string{contentType, strconv.Itoa(len(body)), requestID}
	h["Content-Type"], h["Content-Length"], h["X-Amzn-Requestid"] = values[0:1:1], values[1:2:2], values[2:3:3]
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// shorten bounds what an error text repeats of a request.
func shorten(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return s[:most] + "..."
}
