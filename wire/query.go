package wire

import (
	"net/http"
	"reflect"
)

// The query protocol: parameters in, XML out with the members in a result
// element and the request id in the metadata. Errors of rest-xml services are
// the same.

const queryContentType = "text/xml"

func (s *Service) encodeQuery(w http.ResponseWriter, op *Operation, requestID string, v reflect.Value) {
	x := &xmlWriter{tables: s.codec()}
	x.WriteString(xmlHead + "<" + op.Name + `Response xmlns="` + s.XMLNamespace + `">`)
	if op.Wrapper != "" {
		x.open(op.Wrapper)
		x.members(v, true)
		x.close(op.Wrapper)
	}
	x.open("ResponseMetadata")
	x.text("RequestId", requestID)
	x.close("ResponseMetadata")
	x.close(op.Name + "Response")
	send(w, requestID, queryContentType, op.Status, x.Bytes())
}

func (s *Service) encodeQueryError(w http.ResponseWriter, requestID string, status int, e *Error) {
	kind := "Sender"
	if status >= http.StatusInternalServerError {
		kind = "Receiver"
	}
	x := &xmlWriter{}
	x.WriteString(xmlHead + "<ErrorResponse")
	if s.XMLNamespace != "" {
		x.WriteString(` xmlns="` + s.XMLNamespace + `"`)
	}
	x.WriteString("><Error>")
	x.text("Type", kind)
	x.text("Code", e.Code)
	x.text("Message", e.Message)
	x.close("Error")
	x.text("RequestId", requestID)
	x.close("ErrorResponse")
	send(w, requestID, queryContentType, status, x.Bytes())
}
