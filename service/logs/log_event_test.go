package logs_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/postern/postern/service/logs"
)

func at(when time.Time, message string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(when.UnixMilli()), Message: &message}
}

func (l *lab) put(t *testing.T, stream string, events ...types.InputLogEvent) *types.RejectedLogEventsInfo {
	t.Helper()
	out, err := l.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: aws.String(group), LogStreamName: &stream, LogEvents: events})
	if err != nil {
		t.Fatal(err)
	}
	if out.NextSequenceToken == nil {
		t.Error("no sequence token")
	}
	return out.RejectedLogEventsInfo
}

// get returns the messages of a whole stream.
func (l *lab) get(t *testing.T, stream string) string {
	t.Helper()
	out, err := l.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String(group), LogStreamName: &stream, StartFromHead: aws.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	return messages(out.Events)
}

func messages(events []types.OutputLogEvent) string {
	var m []string
	for _, e := range events {
		m = append(m, *e.Message)
	}
	return strings.Join(m, " ")
}

func TestPutLogEvents(t *testing.T) {
	l := withStream(t)
	now := *l.now
	big := func(size int) string { return strings.Repeat("x", size) }
	many := func(n int) []types.InputLogEvent {
		return slices.Repeat([]types.InputLogEvent{at(now, "m")}, n)
	}
	for _, row := range []struct {
		name    string
		group   string
		stream  string
		events  []types.InputLogEvent
		code    string
		message string
	}{
		{"no group", "none", stream, many(1), "ResourceNotFoundException", "The specified log group does not exist."},
		{"no stream", group, "none", many(1), "ResourceNotFoundException", "The specified log stream does not exist."},
		{"no events", group, stream, []types.InputLogEvent{}, "InvalidParameterException", "logEvents"},
		{"most events", group, stream, many(10_000), "", ""},
		{"too many events", group, stream, many(10_001), "InvalidParameterException", "logEvents"},
		{"largest event", group, stream, []types.InputLogEvent{at(now, big(1<<20-26))}, "", ""},
		{"too large an event", group, stream, []types.InputLogEvent{at(now, big(1<<20-25))}, "InvalidParameterException", "Log event too large: 1048577 bytes exceeds limit of 1048576"},
		{"too large a batch", group, stream, []types.InputLogEvent{at(now, big(1<<19-26)), at(now, big(1<<19-25))}, "InvalidParameterException", "Upload too large: 1048577 bytes exceeds limit of 1048576"},
		{"out of order", group, stream, []types.InputLogEvent{at(now, "b"), at(now.Add(-time.Millisecond), "a")}, "InvalidParameterException", "must be in chronological order"},
		{"24 hours", group, stream, []types.InputLogEvent{at(now.Add(-24*time.Hour), "a"), at(now, "b")}, "", ""},
		{"more than 24 hours", group, stream, []types.InputLogEvent{at(now.Add(-24*time.Hour-time.Millisecond), "a"), at(now, "b")}, "InvalidParameterException", "cannot span more than 24 hours"},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, err := l.PutLogEvents(t.Context(), &cloudwatchlogs.PutLogEventsInput{LogGroupName: &row.group, LogStreamName: &row.stream, LogEvents: row.events})
			refused(t, err, row.code, row.message)
		})
	}
}

func TestRejectedEvents(t *testing.T) {
	for _, row := range []struct {
		name      string
		retention int32
		ages      []time.Duration // of the events
		kept      string          // their numbers
		old       string          // too old, expired, too new
	}{
		{"all good", 0, []time.Duration{14 * day, 14*day - time.Hour}, "0 1", "- - -"},
		{"too old", 0, []time.Duration{100 * day, 14*day + 1e6, 14 * day}, "2", "2 - -"},
		{"too new", 0, []time.Duration{0, -2 * time.Hour, -2*time.Hour - 1e6}, "0 1", "- - 2"},
		{"expired", 3, []time.Duration{4 * day, 3 * day, 3*day - time.Hour}, "1 2", "- 1 -"},
		{"all three", 3, []time.Duration{20 * day, 4 * day, 0, -day}, "2", "1 2 3"},
		{"none good", 0, []time.Duration{20 * day, -day}, "", "1 - 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			l := withStream(t)
			if row.retention > 0 {
				must(l.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: aws.String(group), RetentionInDays: &row.retention}))
			}
			var events []types.InputLogEvent
			for i, age := range row.ages {
				events = append(events, at(l.now.Add(-age), fmt.Sprint(i)))
			}
			info := l.put(t, stream, events...)
			if info == nil {
				info = &types.RejectedLogEventsInfo{}
			}
			got := fmt.Sprint(dash(info.TooOldLogEventEndIndex), " ", dash(info.ExpiredLogEventEndIndex), " ", dash(info.TooNewLogEventStartIndex))
			if got != row.old {
				t.Errorf("too old, expired, too new = %s, want %s", got, row.old)
			}
			if got := l.get(t, stream); got != row.kept {
				t.Errorf("kept %q, want %q", got, row.kept)
			}
		})
	}
}

const day = 24 * time.Hour

func dash(n *int32) string {
	if n == nil {
		return "-"
	}
	return fmt.Sprint(*n)
}

// TestGetLogEvents walks up and down a stream with the tokens.
func TestGetLogEvents(t *testing.T) {
	l := withStream(t)
	start := l.now.Add(-time.Hour)
	var events []types.InputLogEvent
	for i := range 7 {
		events = append(events, at(start.Add(time.Duration(i/2)*time.Second), fmt.Sprint(i))) // pairs at the same time
	}
	l.put(t, stream, events[3:]...)
	l.put(t, stream, events[:3]...) // late, and yet first
	call := func(want string, in cloudwatchlogs.GetLogEventsInput) (back, forward *string) {
		t.Helper()
		in.LogGroupIdentifier, in.LogStreamName = aws.String("arn:aws:logs:us-east-1:111122223333:log-group:"+group), aws.String(stream)
		out := must(l.GetLogEvents(t.Context(), &in))
		if got := messages(out.Events); got != want {
			t.Errorf("%q, want %q", got, want)
		}
		if !strings.HasPrefix(*out.NextForwardToken, "f/") || !strings.HasPrefix(*out.NextBackwardToken, "b/") {
			t.Errorf("tokens %s and %s", *out.NextForwardToken, *out.NextBackwardToken)
		}
		return out.NextBackwardToken, out.NextForwardToken
	}
	two := aws.Int32(2)

	// Without startFromHead the last events come, in the order of time.
	back, _ := call("5 6", cloudwatchlogs.GetLogEventsInput{Limit: two})
	back, forward := call("2 4", cloudwatchlogs.GetLogEventsInput{Limit: two, NextToken: back})
	call("5 6", cloudwatchlogs.GetLogEventsInput{NextToken: forward})
	back, _ = call("1 3", cloudwatchlogs.GetLogEventsInput{Limit: two, NextToken: back})
	back, _ = call("0", cloudwatchlogs.GetLogEventsInput{Limit: two, NextToken: back})
	end, forward := call("", cloudwatchlogs.GetLogEventsInput{NextToken: back})
	if *end != *back {
		t.Errorf("backward token at the head changed from %s to %s", *back, *end)
	}
	call("0 1 3 2 4 5 6", cloudwatchlogs.GetLogEventsInput{NextToken: forward})

	// From the head to the end, and on when there is more.
	_, forward = call("0 1", cloudwatchlogs.GetLogEventsInput{Limit: two, StartFromHead: aws.Bool(true)})
	_, forward = call("3 2 4 5 6", cloudwatchlogs.GetLogEventsInput{NextToken: forward, StartFromHead: aws.Bool(true)})
	_, end = call("", cloudwatchlogs.GetLogEventsInput{NextToken: forward})
	if *end != *forward {
		t.Errorf("forward token at the end changed from %s to %s", *forward, *end)
	}
	l.put(t, stream, at(*l.now, "7"))
	call("7", cloudwatchlogs.GetLogEventsInput{NextToken: forward})

	// Times: the start is part of the window, the end is not.
	second := func(n int) *int64 { return aws.Int64(start.Add(time.Duration(n) * time.Second).UnixMilli()) }
	call("3 2 4 5", cloudwatchlogs.GetLogEventsInput{StartTime: second(1), EndTime: second(3)})
	call("3 2 4 5", cloudwatchlogs.GetLogEventsInput{StartTime: second(1), EndTime: second(3), StartFromHead: aws.Bool(true)})
	call("5", cloudwatchlogs.GetLogEventsInput{StartTime: second(1), EndTime: second(3), Limit: aws.Int32(1)})
	call("", cloudwatchlogs.GetLogEventsInput{StartTime: second(3), EndTime: second(1)})
	_, forward = call("", cloudwatchlogs.GetLogEventsInput{EndTime: second(0)})
	call("0 1", cloudwatchlogs.GetLogEventsInput{NextToken: forward, Limit: two})

	for _, token := range []string{"x", "f/", "f/1", "g/" + strings.Repeat("0", 56), "f/" + strings.Repeat("x", 56)} {
		_, err := l.GetLogEvents(t.Context(), &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String(group), LogStreamName: aws.String(stream), NextToken: &token})
		refused(t, err, "InvalidParameterException", "The specified nextToken is invalid.")
	}
}

// TestAnswerSizes puts more than fits into one answer.
func TestAnswerSizes(t *testing.T) {
	l := newLab(t, logs.Limits{})
	var events []logs.Event
	for i := range 30 {
		events = append(events, logs.Event{Time: l.now.Add(time.Duration(i)), Message: strings.Repeat("x", 100_000)})
	}
	if err := l.service.Append(t.Context(), account, region, group, stream, events); err != nil {
		t.Fatal(err)
	}
	var sizes []int
	in := &cloudwatchlogs.GetLogEventsInput{LogGroupName: aws.String(group), LogStreamName: aws.String(stream), StartFromHead: aws.Bool(true)}
	for pages := cloudwatchlogs.NewGetLogEventsPaginator(l, in, func(o *cloudwatchlogs.GetLogEventsPaginatorOptions) { o.StopOnDuplicateToken = true }); pages.HasMorePages(); {
		sizes = append(sizes, len(must(pages.NextPage(t.Context())).Events))
	}
	if got := fmt.Sprint(sizes); got != "[10 10 10 0]" {
		t.Errorf("GetLogEvents: pages of %s", got)
	}
	sizes = nil
	search := &cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group)}
	for pages := cloudwatchlogs.NewFilterLogEventsPaginator(l, search); pages.HasMorePages(); {
		sizes = append(sizes, len(must(pages.NextPage(t.Context())).Events))
	}
	if got := fmt.Sprint(sizes); got != "[10 10 10]" {
		t.Errorf("FilterLogEvents: pages of %s", got)
	}
}

// filter returns the messages of all pages of a search.
func (l *lab) filter(t *testing.T, in *cloudwatchlogs.FilterLogEventsInput) string {
	t.Helper()
	if in.LogGroupIdentifier == nil {
		in.LogGroupName = aws.String(group)
	}
	var found []string
	ids := make(map[string]bool)
	for pages := cloudwatchlogs.NewFilterLogEventsPaginator(l, in); pages.HasMorePages(); {
		page := must(pages.NextPage(t.Context()))
		if in.Limit != nil && len(page.Events) > int(*in.Limit) {
			t.Errorf("%d events in a page of %d", len(page.Events), *in.Limit)
		}
		for _, e := range page.Events {
			found = append(found, *e.Message)
			ids[*e.EventId] = true
		}
	}
	if len(ids) != len(found) {
		t.Errorf("%d ids for %d events", len(ids), len(found))
	}
	return strings.Join(found, " ")
}

func TestFilterLogEvents(t *testing.T) {
	l := withStream(t)
	start := l.now.Add(-time.Hour)
	add := func(stream string, second int, messages ...string) {
		t.Helper()
		var events []logs.Event
		for _, m := range messages {
			events = append(events, logs.Event{Time: start.Add(time.Duration(second) * time.Second), Message: m})
		}
		if err := l.service.Append(t.Context(), account, region, group, stream, events); err != nil {
			t.Fatal(err)
		}
	}
	add("eni-b", 1, "b1-ACCEPT", "b1-REJECT")
	add("eni-a", 1, "a1-ACCEPT")
	add("eni-c", 2, "c2-REJECT")
	add("eni-b", 3, "b3-ACCEPT")
	add("eni-a", 2, "a2-ACCEPT")
	add("other", 0, "o0-ACCEPT")
	second := func(n int) *int64 { return aws.Int64(start.Add(time.Duration(n) * time.Second).UnixMilli()) }

	for _, row := range []struct {
		in   cloudwatchlogs.FilterLogEventsInput
		want string
	}{
		{cloudwatchlogs.FilterLogEventsInput{}, "o0-ACCEPT a1-ACCEPT b1-ACCEPT b1-REJECT a2-ACCEPT c2-REJECT b3-ACCEPT"},
		{cloudwatchlogs.FilterLogEventsInput{LogStreamNamePrefix: aws.String("eni-")}, "a1-ACCEPT b1-ACCEPT b1-REJECT a2-ACCEPT c2-REJECT b3-ACCEPT"},
		{cloudwatchlogs.FilterLogEventsInput{LogStreamNames: []string{"eni-c", "other", "eni-c"}}, "o0-ACCEPT c2-REJECT"},
		{cloudwatchlogs.FilterLogEventsInput{FilterPattern: aws.String("REJECT")}, "b1-REJECT c2-REJECT"},
		{cloudwatchlogs.FilterLogEventsInput{FilterPattern: aws.String(`-REJECT -"o0-"`)}, "a1-ACCEPT b1-ACCEPT a2-ACCEPT b3-ACCEPT"},
		{cloudwatchlogs.FilterLogEventsInput{StartTime: second(1), EndTime: second(2)}, "a1-ACCEPT b1-ACCEPT b1-REJECT a2-ACCEPT c2-REJECT"},
		{cloudwatchlogs.FilterLogEventsInput{StartTime: second(3)}, "b3-ACCEPT"},
		{cloudwatchlogs.FilterLogEventsInput{StartTime: second(9)}, ""},
		{cloudwatchlogs.FilterLogEventsInput{LogGroupIdentifier: aws.String("arn:aws:logs:us-east-1:111122223333:log-group:" + group)}, "o0-ACCEPT a1-ACCEPT b1-ACCEPT b1-REJECT a2-ACCEPT c2-REJECT b3-ACCEPT"},
	} {
		for _, limit := range []*int32{nil, aws.Int32(1), aws.Int32(2)} {
			row.in.Limit = limit
			if got := l.filter(t, &row.in); got != row.want {
				t.Errorf("%+v: %q, want %q", row.in, got, row.want)
			}
		}
	}

	for _, row := range []struct {
		in            cloudwatchlogs.FilterLogEventsInput
		code, message string
	}{
		{cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String("none")}, "ResourceNotFoundException", "The specified log group does not exist."},
		{cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group), LogStreamNames: []string{"none"}}, "ResourceNotFoundException", "The specified log stream does not exist."},
		{cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group), LogStreamNames: []string{"eni-a"}, LogStreamNamePrefix: aws.String("e")}, "InvalidParameterException", "mutually exclusive"},
		{cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group), FilterPattern: aws.String("{$.a = 1}")}, "InvalidParameterException", "Invalid filter pattern"},
		{cloudwatchlogs.FilterLogEventsInput{LogGroupName: aws.String(group), NextToken: aws.String("?")}, "InvalidParameterException", "The specified nextToken is invalid."},
		{cloudwatchlogs.FilterLogEventsInput{}, "InvalidParameterException", "required"},
	} {
		_, err := l.FilterLogEvents(t.Context(), &row.in)
		refused(t, err, row.code, row.message)
	}
}
