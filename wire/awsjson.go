package wire

import (
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"
)

// The JSON protocol, 1.0 and 1.1: the header X-Amz-Target names the
// operation, bodies are JSON objects.

func (s *Service) matchTarget(r *http.Request) (*Operation, error) {
	target := r.Header.Get("X-Amz-Target")
	name, ok := strings.CutPrefix(target, s.TargetPrefix+".")
	op := s.codec().operations[name]
	if !ok || op == nil || r.Method != http.MethodPost {
		return nil, unknownOperation(http.StatusBadRequest, target)
	}
	return op, nil
}

func (s *Service) encodeJSON(w http.ResponseWriter, op *Operation, requestID string, v reflect.Value) {
	s.sendBody(w, requestID, s.jsonContentType(), op.Status, v)
}

func (s *Service) encodeJSONError(w http.ResponseWriter, requestID string, status int, e *Error) {
	body := errorBody(e, s.Errors[e.Code])
	body["__type"] = e.Code
	w.Header().Set("X-Amzn-Errortype", e.Code)
	send(w, requestID, s.jsonContentType(), status, marshal(body))
}

// errorBody is the message and, where the model has further members for the
// error, those of Detail. EKS sends the ones without a value as null.
func errorBody(e *Error, shape ErrorShape) map[string]any {
	body := map[string]any{}
	for _, name := range shape.Members {
		body[name] = nil
	}
	maps.Copy(body, e.Detail)
	body["message"] = e.Message
	return body
}

func marshal(body map[string]any) []byte {
	b, err := json.Marshal(body)
	if err != nil { // a Detail that is not JSON: the message is what matters
		b, _ = json.Marshal(map[string]any{"message": body["message"], "__type": body["__type"]})
	}
	return b
}

func unknownOperation(status int, what string) error {
	return &Error{Code: "UnknownOperationException", Message: "Unknown operation: " + shorten(what), Status: status}
}

func (s *Service) jsonContentType() string { return "application/x-amz-json-" + s.JSONVersion }
