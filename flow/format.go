package flow

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/postern/postern/vpc"
)

// Status is a record's log-status.
type Status string

// OK: the record holds a flow. NoData: the interface had no traffic in the
// window. SkipData: records of the window were lost.
const (
	OK       Status = "OK"
	NoData   Status = "NODATA"
	SkipData Status = "SKIPDATA"
)

// row is what a line is made from. Without flow only its interface and times
// mean something.
type row struct {
	status  Status
	account string // the interface's owner
	flow    vpc.Flow
}

// A column returns a field's value, "-" when there is none.
type column func(row) string

// columns are the fields of version 2.
var columns = map[string]column{
	"version":      func(row) string { return "2" },
	"account-id":   func(r row) string { return r.account },
	"interface-id": func(r row) string { return r.flow.ENI },
	"srcaddr":      ofFlow(func(f vpc.Flow) string { return f.Tuple.Src.Addr().String() }),
	"dstaddr":      ofFlow(func(f vpc.Flow) string { return f.Tuple.Dst.Addr().String() }),
	"srcport":      ofFlow(func(f vpc.Flow) string { return strconv.Itoa(int(f.Tuple.Src.Port())) }),
	"dstport":      ofFlow(func(f vpc.Flow) string { return strconv.Itoa(int(f.Tuple.Dst.Port())) }),
	"protocol":     ofFlow(func(f vpc.Flow) string { return strconv.Itoa(int(f.Tuple.Protocol)) }),
	"packets":      ofFlow(func(f vpc.Flow) string { return strconv.FormatUint(f.Packets, 10) }),
	"bytes":        ofFlow(func(f vpc.Flow) string { return strconv.FormatUint(f.Bytes, 10) }),
	"start":        func(r row) string { return unix(r.flow.Start) },
	"end":          func(r row) string { return unix(r.flow.End) },
	"action":       ofFlow(func(f vpc.Flow) string { return string(f.Action) }),
	"log-status":   func(r row) string { return string(r.status) },
}

// ofFlow is a column that only a record of a flow has.
func ofFlow(value func(vpc.Flow) string) column {
	return func(r row) string {
		if r.status != OK {
			return "-"
		}
		return value(r.flow)
	}
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }

// Format is a flow log's record format.
type Format struct{ columns []column }

// ParseFormat parses a LogFormat: fields written ${name}, with blanks between
// them.
func ParseFormat(s string) (Format, error) {
	words := strings.Fields(s)
	if len(words) == 0 {
		return Format{}, errors.New("parse log format: no field")
	}
	var f Format
	for _, word := range words {
		name, opened := strings.CutPrefix(word, "${")
		name, closed := strings.CutSuffix(name, "}")
		column, known := columns[name]
		if !opened || !closed || !known {
			return Format{}, fmt.Errorf("parse log format: unknown field %q", word)
		}
		f.columns = append(f.columns, column)
	}
	return f, nil
}

// line writes one record.
func (f Format) line(r row) string {
	var b strings.Builder
	for i, value := range f.columns {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(value(r))
	}
	return b.String()
}

// StreamName is the log stream of an interface in a flow log's group; traffic
// is the flow log's traffic type.
func StreamName(eniID, traffic string) string { return eniID + "-" + strings.ToLower(traffic) }
