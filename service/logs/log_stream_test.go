package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/postern/postern/service/logs"
	"github.com/postern/postern/store"
	"github.com/postern/postern/vpc"
)

func TestLogStream(t *testing.T) {
	l := withStream(t)
	refused(t, l.createStream(t, group, stream), "ResourceAlreadyExistsException", "The specified log stream already exists")
	refused(t, l.createStream(t, "none", stream), "ResourceNotFoundException", "The specified log group does not exist.")
	refused(t, l.createStream(t, group, "a:b"), "InvalidParameterException", "logStreamName")
	odd := "2026/03/04/[$LATEST]../é %"
	refused(t, l.createStream(t, group, odd), "", "")
	l.put(t, odd, at(*l.now, "odd"))
	if got := l.get(t, odd); got != "odd" {
		t.Errorf("stream with an odd name: %s", got)
	}

	l.put(t, stream, at(l.now.Add(-time.Minute), "a"), at(*l.now, "b"))
	out := must(l.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), LogStreamNamePrefix: aws.String("eni-")}))
	if len(out.LogStreams) != 1 {
		t.Fatalf("%d streams, want 1", len(out.LogStreams))
	}
	s := out.LogStreams[0]
	if *s.Arn != "arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow:log-stream:"+stream || *s.LogStreamName != stream {
		t.Errorf("name %s, arn %s", *s.LogStreamName, *s.Arn)
	}
	now := l.now.UnixMilli()
	if *s.CreationTime != now || *s.FirstEventTimestamp != now-60_000 || *s.LastEventTimestamp != now || *s.LastIngestionTime != now {
		t.Errorf("times %d %d %d %d", *s.CreationTime, *s.FirstEventTimestamp, *s.LastEventTimestamp, *s.LastIngestionTime)
	}

	remove := func(group, stream string) error {
		return second(l.DeleteLogStream(t.Context(), &cloudwatchlogs.DeleteLogStreamInput{LogGroupName: &group, LogStreamName: &stream}))
	}
	refused(t, remove("none", stream), "ResourceNotFoundException", "The specified log group does not exist.")
	refused(t, remove(group, "none"), "ResourceNotFoundException", "The specified log stream does not exist.")
	refused(t, remove(group, stream), "", "")
	refused(t, remove(group, stream), "ResourceNotFoundException", "The specified log stream does not exist.")
	refused(t, l.createStream(t, group, stream), "", "")
	if got := l.get(t, stream); got != "" {
		t.Errorf("events came back: %s", got)
	}
	if got := l.get(t, odd); got != "odd" {
		t.Errorf("another stream lost its events: %s", got)
	}
}

func TestDescribeLogStreams(t *testing.T) {
	l := newLab(t, logs.Limits{})
	refused(t, l.createGroup(t, group), "", "")
	for i, name := range []string{"b", "c", "a"} {
		refused(t, l.createStream(t, group, name), "", "")
		if name != "a" {
			l.put(t, name, at(l.now.Add(-time.Duration(i)*time.Minute), "x"))
		}
	}
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:"
	for _, row := range []struct {
		in   cloudwatchlogs.DescribeLogStreamsInput
		want string
		code string
	}{
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group)}, "a b c", ""},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: aws.String(group), Descending: aws.Bool(true)}, "c b a", ""},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: aws.String(arn + group), LogStreamNamePrefix: aws.String("b")}, "b", ""},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), OrderBy: types.OrderByLastEventTime}, "a c b", ""},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true)}, "b c a", ""},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), OrderBy: types.OrderByLastEventTime, LogStreamNamePrefix: aws.String("b")}, "", "InvalidParameterException"},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String("none")}, "", "ResourceNotFoundException"},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:444455556666:log-group:x")}, "", "ResourceNotFoundException"},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1")}, "", "InvalidParameterException"},
		{cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), LogGroupIdentifier: aws.String(group)}, "", "InvalidParameterException"},
		{cloudwatchlogs.DescribeLogStreamsInput{}, "", "InvalidParameterException"},
	} {
		out, err := l.DescribeLogStreams(t.Context(), &row.in)
		refused(t, err, row.code, "")
		if err != nil {
			continue
		}
		var names []string
		for _, s := range out.LogStreams {
			names = append(names, *s.LogStreamName)
		}
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%+v: %q, want %q", row.in, got, row.want)
		}
	}
	var sizes []int
	pages := cloudwatchlogs.NewDescribeLogStreamsPaginator(l, &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group), Limit: aws.Int32(2)})
	for pages.HasMorePages() {
		sizes = append(sizes, len(must(pages.NextPage(t.Context())).LogStreams))
	}
	if got := fmt.Sprint(sizes); got != "[2 1]" {
		t.Errorf("pages of %s", got)
	}
}

func TestAppend(t *testing.T) {
	l := newLab(t, logs.Limits{})
	put := func(region, group, stream string, events ...logs.Event) {
		t.Helper()
		if err := l.service.Append(t.Context(), account, region, group, stream, events); err != nil {
			t.Fatal(err)
		}
	}
	put(region, group, stream, logs.Event{Time: l.now.Add(time.Second), Message: "b"}, logs.Event{Time: l.now.AddDate(-1, 0, 0), Message: "a"})
	put(region, group, stream, logs.Event{Time: l.now.Add(2 * time.Second), Message: "c"})
	put(region, group, "other", logs.Event{Time: *l.now, Message: "d"})
	put("eu-west-1", group, stream, logs.Event{Time: *l.now, Message: "e"})
	if got := l.get(t, stream); got != "a b c" {
		t.Errorf("events: %s", got)
	}
	r := l.config.Store.Snapshot()
	if g, ok := l.config.Store.LogGroups.Get(r, store.Key{Account: account, Region: "eu-west-1", ID: group}); !ok || !g.Created.Equal(*l.now) {
		t.Errorf("group in another Region: %+v, %v", g, ok)
	}
	n := 0
	for range l.config.Store.LogStreams.By(r, "group", store.LogStream{Owner: vpc.Owner{Account: account, Region: region}, Group: group}.GroupKey()) {
		n++
	}
	if n != 2 {
		t.Errorf("%d streams, want 2", n)
	}

	// Another process finds everything, and no more than the records say.
	l.service.Close()
	l.open(t)
	if got := l.get(t, stream); got != "a b c" {
		t.Errorf("events after a restart: %s", got)
	}
}
