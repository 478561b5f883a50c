package journal

import (
	"bufio"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// TestMain is also the process that the crash test kills.
func TestMain(m *testing.M) {
	flag.Parse()
	if flag.Arg(0) == "append" {
		appendForever(flag.Arg(1))
	}
	os.Exit(m.Run())
}

// appendForever prints the number of each event when its append is accepted.
func appendForever(dir string) {
	j, err := Open(Config{Dir: dir, SegmentBytes: 4000})
	if err != nil {
		panic(err)
	}
	status, err := j.Status(flow)
	if err != nil {
		panic(err)
	}
	for n := int64(status.Next); ; n++ {
		if err := j.Append(flow, n, []Event{{Time: n, Message: fmt.Sprint("event-", n)}}); err != nil {
			panic(err)
		}
		fmt.Println(n)
	}
}

func TestKilledProcessLosesNothing(t *testing.T) {
	dir := t.TempDir()
	last := 0
	for range 5 {
		writer := exec.Command(os.Args[0], "append", dir)
		writer.Stderr = os.Stderr
		out, err := writer.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := writer.Start(); err != nil {
			t.Fatal(err)
		}
		count := 0
		for lines := bufio.NewScanner(out); lines.Scan(); count++ {
			if last, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if count == 200 {
				if err := writer.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		writer.Wait() // its error is that it was killed

		events := strings.Fields(all(t, openDir(t, dir, 0), flow))
		for i, e := range events {
			if e != fmt.Sprintf("%d:event-%d", i, i) {
				t.Fatalf("event %d is %q", i, e)
			}
		}
		// One more may have been written and not been printed.
		if n := len(events) - 1; n != last && n != last+1 {
			t.Fatalf("last acknowledged event is %d, the journal ends with %d", last, n)
		}
	}
}
