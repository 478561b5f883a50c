package flow

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/postern/postern/vpc"
)

var opened = time.Unix(946684800, 0)

func newWindow() *window {
	return &window{eni: app, start: opened, flows: map[key]count{}}
}

func at(seconds int) time.Time { return opened.Add(time.Duration(seconds) * time.Second) }

func seen(src, dst string, packets uint64, from, to int) vpc.Flow {
	return vpc.Flow{
		ENI:     appID,
		Egress:  strings.HasPrefix(src, "10.0.1.5:"),
		Tuple:   tcp(src, dst),
		Action:  vpc.Accept,
		Packets: packets,
		Bytes:   100 * packets,
		Start:   at(from),
		End:     at(to),
	}
}

func linesOf(w *window, end time.Time) string {
	f, err := ParseFormat("${srcaddr} ${srcport} ${packets} ${bytes} ${start} ${end} ${action} ${log-status}")
	if err != nil {
		panic(err)
	}
	var lines []string
	for _, r := range w.rows(end) {
		lines = append(lines, strings.ReplaceAll(f.line(r), "9466848", "+"))
	}
	return strings.Join(lines, "\n")
}

func TestWindow(t *testing.T) {
	const door = "10.0.2.9:443"
	rejected := seen("10.0.1.5:1", door, 1, 3, 3)
	rejected.Action = vpc.Reject
	for _, row := range []struct {
		what  string
		flows []vpc.Flow
		want  string
	}{
		{"flows of one tuple add up", []vpc.Flow{seen("10.0.1.5:1", door, 2, 10, 20), seen("10.0.1.5:1", door, 3, 5, 15)},
			"10.0.1.5 1 5 500 +05 +20 ACCEPT OK"},
		{"ordered by start, then tuple", []vpc.Flow{
			seen("10.0.1.5:3", door, 1, 9, 9), seen("10.0.1.5:22", door, 1, 4, 9), seen("10.0.1.5:2", door, 1, 4, 9)},
			"10.0.1.5 2 1 100 +04 +09 ACCEPT OK\n" +
				"10.0.1.5 22 1 100 +04 +09 ACCEPT OK\n" +
				"10.0.1.5 3 1 100 +09 +09 ACCEPT OK"},
		{"actions are apart", []vpc.Flow{rejected, seen("10.0.1.5:1", door, 1, 3, 3)},
			"10.0.1.5 1 1 100 +03 +03 ACCEPT OK\n" +
				"10.0.1.5 1 1 100 +03 +03 REJECT OK"},
		{"times lie within the window", []vpc.Flow{seen("10.0.1.5:1", door, 1, -30, 61)},
			"10.0.1.5 1 1 100 +00 +60 ACCEPT OK"},
		{"a flow after the window", []vpc.Flow{seen("10.0.1.5:1", door, 1, 61, 62)},
			"10.0.1.5 1 1 100 +60 +60 ACCEPT OK"},
		{"nothing", nil, "- - - - +00 +60 - NODATA"},
		{"more than the bound", []vpc.Flow{
			seen("10.0.1.5:1", door, 1, 1, 1), seen("10.0.1.5:2", door, 1, 2, 2), seen("10.0.1.5:3", door, 1, 3, 3),
			seen("10.0.1.5:4", door, 1, 4, 4), seen("10.0.1.5:1", door, 1, 5, 5)},
			"10.0.1.5 1 2 200 +01 +05 ACCEPT OK\n" +
				"10.0.1.5 2 1 100 +02 +02 ACCEPT OK\n" +
				"10.0.1.5 3 1 100 +03 +03 ACCEPT OK\n" +
				"- - - - +00 +60 - SKIPDATA"},
	} {
		w := newWindow()
		for _, f := range row.flows {
			w.add(f, 3)
		}
		if got := linesOf(w, at(60)); got != row.want {
			t.Errorf("%s:\ngot\n%s\nwant\n%s", row.what, got, row.want)
		}
	}
}

// Nothing is lost and nothing invented on the way from the kernel's counters
// to the records, however the conversations fall into collections.
func TestSums(t *testing.T) {
	enis := []vpc.ENI{app, door, eni("eni-0c333333333333333", subnetA, "111122223333", "10.0.1.6")}
	addresses := []string{"10.0.1.5", "10.0.2.9", "10.0.1.6", "203.0.113.9"}
	ofENI := map[string]bool{"10.0.1.5": true, "10.0.2.9": true, "10.0.1.6": true}
	a := newAttribution(VPC{ENIs: enis})
	rapid.Check(t, func(t *rapid.T) {
		var l planned
		l.log = flowLog("fl-0a1b2c3d4e5f60718", vpcID, "ALL", time.Minute)
		s := newSubscription(l, enis, opened)
		var want uint64
		for range rapid.IntRange(0, 4).Draw(t, "collections") {
			var all []vpc.Conversation
			for range rapid.IntRange(0, 8).Draw(t, "conversations") {
				src := rapid.SampledFrom(addresses).Draw(t, "src")
				dst := rapid.SampledFrom(slices.DeleteFunc(slices.Clone(addresses), func(a string) bool { return a == src })).Draw(t, "dst")
				c := conversation(
					fmt.Sprintf("%s:%d", src, rapid.IntRange(40000, 40002).Draw(t, "port")), dst+":443",
					[2]uint64{rapid.Uint64Range(0, 9).Draw(t, "there"), rapid.Uint64Range(0, 9).Draw(t, "back")}, [2]uint64{})
				for direction, packets := range c.Packets {
					c.Bytes[direction] = packets * rapid.Uint64Range(40, 9000).Draw(t, "size")
				}
				for _, end := range []string{src, dst} {
					if ofENI[end] {
						want += c.Bytes[vpc.Original] + c.Bytes[vpc.Replies]
					}
				}
				all = append(all, c)
			}
			for _, f := range a.flows(all, nil) {
				s.add(f, 1000)
			}
		}
		var got uint64
		for _, w := range s.windows {
			for _, r := range w.rows(at(60)) {
				got += r.flow.Bytes
			}
		}
		if got != want {
			t.Fatalf("records hold %d bytes, the kernel counted %d", got, want)
		}
	})
}
