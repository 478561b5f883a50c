package wire

// Error is what a client sees when a call does not succeed: the code and text
// of the AWS service, written by package api in the protocol of the request.
// An operation that returns any other error makes the client see the
// protocol's internal failure; the cause is logged, never sent.
type Error struct {
	Code    string
	Message string
	Status  int            // HTTP status; 0 means that of the modelled error, else 400
	Detail  map[string]any // further members of a modelled error (JSON protocols), by wire name
	Cause   error          // for the log; never on the wire
}

func (e *Error) Error() string { return e.Code + ": " + e.Message }

func (e *Error) Unwrap() error { return e.Cause }
