package audit

import (
	"slices"
	"strings"

	"github.com/postern/postern/wire"
)

// readPrefixes begin the names of operations that change nothing.
var readPrefixes = []string{
	"Describe", "Get", "List", "Lookup", "Search", "Filter", "Test", "Simulate", "Decode", "Preview", "Check", "Validate", "AssumeRole",
}

// readOnly reports whether an operation changes nothing. CloudTrail counts
// taking a role among these.
func readOnly(op *wire.Operation) bool {
	return slices.ContainsFunc(readPrefixes, func(p string) bool { return strings.HasPrefix(op.Name, p) })
}

// answersRecorded reports whether CloudTrail shows what an operation has
// answered: of a reading one only the identity of temporary credentials.
func answersRecorded(s *wire.Service, op *wire.Operation) bool {
	if !readOnly(op) {
		return true
	}
	return s.SigningName == "sts" && (strings.HasPrefix(op.Name, "AssumeRole") || op.Name == "GetSessionToken" || op.Name == "GetFederationToken")
}

// dataOperations are those that CloudTrail counts among data events, which are
// not part of an account's event history, by signing name.
var dataOperations = map[string][]string{
	"logs":       {"PutLogEvents", "GetLogEvents", "FilterLogEvents", "GetLogRecord", "GetLogObject", "StartLiveTail"},
	"monitoring": {"PutMetricData", "GetMetricData", "GetMetricStatistics", "GetMetricWidgetImage", "ListMetrics"},
}

func isData(s *wire.Service, op *wire.Operation) bool {
	return slices.Contains(dataOperations[s.SigningName], op.Name)
}
