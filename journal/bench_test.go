package journal

import (
	"math"
	"strings"
	"testing"
)

func BenchmarkAppend(b *testing.B) {
	j := openDir(b, b.TempDir(), 0)
	line := strings.Repeat("x", 120) // about a flow log record
	for i := int64(0); b.Loop(); i++ {
		put(b, j, flow, Event{Time: i, Message: line})
	}
}

func BenchmarkReadMillion(b *testing.B) {
	j := openDir(b, b.TempDir(), 0)
	line := strings.Repeat("x", 120)
	events := make([]Event, 1000)
	for i := range int64(1000) {
		for n := range events {
			events[n] = Event{Time: 1000*i + int64(n), Message: line}
		}
		put(b, j, flow, events...)
	}
	for b.Loop() {
		c, err := j.Forward(flow, Position{Time: math.MinInt64})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for {
			_, ok, err := c.Next()
			if err != nil {
				b.Fatal(err)
			}
			if !ok {
				break
			}
			n++
		}
		if n != 1_000_000 {
			b.Fatal(n)
		}
	}
}
