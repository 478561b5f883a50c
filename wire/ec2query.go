package wire

import (
	"net/http"
	"reflect"
)

// The EC2 protocol: parameters in, XML out. The answer's members are beside
// the request id in the root element; an operation without any answers
// <return>true</return>.

const ec2ContentType = "text/xml;charset=UTF-8"

func (s *Service) encodeEC2(w http.ResponseWriter, op *Operation, requestID string, v reflect.Value) {
	x := &xmlWriter{tables: s.codec()}
	x.WriteString(xmlHead + "<" + op.Name + `Response xmlns="` + s.XMLNamespace + `">`)
	x.text("requestId", requestID)
	if v.NumField() == 0 {
		x.text("return", "true")
	}
	x.members(v, true)
	x.close(op.Name + "Response")
	send(w, requestID, ec2ContentType, op.Status, x.Bytes())
}

func (s *Service) encodeEC2Error(w http.ResponseWriter, requestID string, status int, e *Error) {
	x := &xmlWriter{}
	x.WriteString(xmlHead + "<Response><Errors><Error>")
	x.text("Code", e.Code)
	x.text("Message", e.Message)
	x.WriteString("</Error></Errors>")
	x.text("RequestID", requestID)
	x.close("Response")
	send(w, requestID, ec2ContentType, status, x.Bytes())
}

// invalidParameter is the answer to a value of the wrong type.
func invalidParameter(path, value string) error {
	return &Error{Code: "InvalidParameterValue", Message: "Value (" + shorten(value) + ") for parameter " + lower(path) + " is invalid."}
}
