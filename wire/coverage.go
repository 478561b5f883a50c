package wire

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Covered is a service and the names of its operations that have a method.
type Covered struct {
	Service     *Service
	Implemented []string
	RecordOnly  map[string]string // of these, what keeps a record and does no more, with the reason
}

// Coverage renders the page that says which operations are implemented and
// what the others answer. The services keep their order, the operations are
// in that of the table.
func Coverage(services []Covered) string {
	var b strings.Builder
	b.WriteString(coverageHead)
	total, implemented := 0, 0
	var sections strings.Builder
	for _, c := range services {
		total += len(c.Service.Operations)
		implemented += c.section(&sections)
	}
	fmt.Fprintf(&b, "%d of %d operations of %d services are implemented.\n", implemented, total, len(services))
	b.WriteString(sections.String())
	return b.String()
}

const coverageHead = `# Coverage

Generated from the operation tables; a test compares it with the program. An operation that is not implemented never
fails in silence: it answers the error code that stands beside it. An operation that is on no list here answers the
protocol's error for an unknown one (InvalidAction, UnknownOperationException).

`

// section writes one service and returns how many operations it implements.
func (c Covered) section(b *strings.Builder) int {
	s := c.Service
	var have, others []string
	for _, op := range s.Operations {
		if slices.Contains(c.Implemented, op.Name) {
			have = append(have, op.Name)
		} else {
			others = append(others, op.Name)
		}
	}
	fmt.Fprintf(b, "\n## %s (%s)\n\nProtocol %s, API version %s. Implemented: %d of %d.\n", s.Title, s.Name, s.Protocol, s.APIVersion, len(have), len(s.Operations))
	if len(have) > 0 {
		b.WriteString("\nImplemented:\n")
		lines(b, have)
	}
	for _, name := range slices.Sorted(maps.Keys(c.RecordOnly)) {
		fmt.Fprintf(b, "\n%s is record only: %s\n", name, c.RecordOnly[name])
	}
	if len(others) > 0 {
		fmt.Fprintf(b, "\nAnswers %s:\n", s.Unavailable(&Operation{}).Code)
		lines(b, others)
	}
	return len(have)
}

// lines writes names as a paragraph of at most 120 columns.
func lines(b *strings.Builder, names []string) {
	column := 0
	for i, name := range names {
		word := name
		if i < len(names)-1 {
			word += ","
		}
		switch {
		case column == 0:
		case column+1+len(word) > 120:
			b.WriteByte('\n')
			column = 0
		default:
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len(word)
	}
	b.WriteByte('\n')
}
