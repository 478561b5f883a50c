package wire_test

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
	"github.com/postern/postern/wire/logs"
)

// TestHostileBodies sends bodies of a megabyte that are made to cost much.
// Each is answered with the client's error, and with memory in proportion.
func TestHostileBodies(t *testing.T) {
	const size = 1 << 20
	fill := func(format string) string {
		var b strings.Builder
		for i := 0; b.Len() < size; i++ {
			fmt.Fprintf(&b, format, i)
		}
		return b.String()
	}
	rows := []struct {
		name, body string
		model      *wire.Service
	}{
		{"many parameters", "Action=DescribeVpcs" + fill("&VpcId.%d="), ec2.Model},
		{"long names", "Action=DescribeVpcs" + fill("&a.b.c.d.e.f.g.h.i.%d="), ec2.Model},
		{"deep names", "Action=DescribeVpcs&" + strings.Repeat("a.", size/2), ec2.Model},
		{"one long name", "Action=DescribeVpcs&" + strings.Repeat("a", size), ec2.Model},
		{"one long value", "Action=DescribeVpcs&MaxResults=" + strings.Repeat("9", size), ec2.Model},
		{"huge number of an item", "Action=DescribeVpcs&Filter.2147483647.Nom=x", ec2.Model},
		{"deep lists", strings.Repeat(`{"a":[`, size/6), logs.Model},
		{"deep lists in a list", `{"logEvents":` + strings.Repeat("[", size), logs.Model},
		{"many items", `{"logEvents":[{}` + strings.Repeat(",{}", size/3) + "]}", logs.Model},
		{"many members", `{"x":{"":0` + fill(`,"%d":0`) + "}}", logs.Model},
		{"many tags", `{"entity":{"attributes":{"":""` + fill(`,"%d":""`) + "}}}", logs.Model},
		{"a long number", `{"logEvents":[{"timestamp":` + strings.Repeat("9", size) + "}]}", logs.Model},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r := form(row.body)
			if row.model == logs.Model {
				r = target("PutLogEvents", row.body)
			}
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, in, err := read(row.model, r, row.body)
			runtime.ReadMemStats(&after)
			clientError(t, in, err)
			if err == nil {
				t.Error("accepted")
			}
			if used := (after.TotalAlloc - before.TotalAlloc) >> 20; used > 100 {
				t.Errorf("took %d MiB", used)
			}
		})
	}
}
