package wire

import (
	"encoding/binary"
	"net/http"
	"strings"
)

// The smithy-rpc-v2-cbor protocol, as far as a service without any bound
// operation needs it: finding the operation's name and writing an error.

func (s *Service) matchService(r *http.Request) (*Operation, error) {
	_, name, _ := strings.Cut(r.URL.Path, "/operation/")
	op := s.codec().operations[name]
	if op == nil || r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/service/") {
		return nil, unknownOperation(http.StatusNotFound, r.URL.Path)
	}
	return op, nil
}

func (s *Service) encodeCBORError(w http.ResponseWriter, requestID string, status int, e *Error) {
	body := []byte{0xa2} // a map of two
	for _, text := range []string{"__type", e.Code, "message", e.Message} {
		body = appendCBORText(body, text)
	}
	w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
	send(w, requestID, "application/cbor", status, body)
}

// appendCBORText appends a text string: major type 3, length in four bytes.
func appendCBORText(b []byte, text string) []byte {
	b = append(b, 0x7a)
	b = binary.BigEndian.AppendUint32(b, uint32(len(text)))
	return append(b, text...)
}
