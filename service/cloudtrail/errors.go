package cloudtrail

import "github.com/postern/postern/wire"

// The errors of LookupEvents, with the texts of the API's model.

func errAttributes() error {
	return &wire.Error{Code: "InvalidLookupAttributesException", Message: "Occurs when a lookup attribute is specified that is not valid."}
}

func errMaxResults() error {
	return &wire.Error{Code: "InvalidMaxResultsException", Message: "This exception is thrown if the limit specified is not valid."}
}

func errNextToken() error {
	return &wire.Error{
		Code: "InvalidNextTokenException",
		Message: "A token that is not valid, or a token that was previously used in a request with different parameters. " +
			"This exception is thrown if the token is not valid.",
	}
}

func errTimeRange() error {
	return &wire.Error{
		Code: "InvalidTimeRangeException",
		Message: "Occurs if the timestamp values are not valid. Either the start time occurs after the end time, " +
			"or the time range is outside the range of possible values.",
	}
}

func errEventCategory() error {
	return &wire.Error{
		Code:    "InvalidEventCategoryException",
		Message: "Occurs if an event category that is not valid is specified as a value of EventCategory.",
	}
}
