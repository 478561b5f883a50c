package logs

import (
	"fmt"

	"github.com/postern/postern/wire"
)

func errInvalid(message string) error {
	return &wire.Error{Code: "InvalidParameterException", Message: message}
}

// errUnsupported is for what the service would have to pretend.
func errUnsupported(parameter string) error {
	return errInvalid(parameter + " is not supported.")
}

func errGroupExists() error {
	return &wire.Error{Code: "ResourceAlreadyExistsException", Message: "The specified log group already exists"}
}

func errStreamExists() error {
	return &wire.Error{Code: "ResourceAlreadyExistsException", Message: "The specified log stream already exists"}
}

func errGroupNotFound() error {
	return &wire.Error{Code: "ResourceNotFoundException", Message: "The specified log group does not exist."}
}

func errStreamNotFound() error {
	return &wire.Error{Code: "ResourceNotFoundException", Message: "The specified log stream does not exist."}
}

func errResourceNotFound() error {
	return &wire.Error{Code: "ResourceNotFoundException", Message: "The specified resource does not exist."}
}

func errTooManyTags(arn string, most int) error {
	return &wire.Error{
		Code:    "TooManyTagsException",
		Message: fmt.Sprintf("The number of tags of the resource exceeds the limit of %d.", most),
		Detail:  map[string]any{"resourceName": arn},
	}
}

func errToken() error { return errInvalid("The specified nextToken is invalid.") }
