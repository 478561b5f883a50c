package logs_test

import (
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/postern/postern/service/logs"
)

func (l *lab) createGroup(t *testing.T, name string) error {
	return second(l.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: &name}))
}

func (l *lab) createStream(t *testing.T, group, name string) error {
	return second(l.CreateLogStream(t.Context(), &cloudwatchlogs.CreateLogStreamInput{LogGroupName: &group, LogStreamName: &name}))
}

func TestLogGroup(t *testing.T) {
	l := newLab(t, logs.Limits{})
	refused(t, l.createGroup(t, group), "", "")
	refused(t, l.createGroup(t, group), "ResourceAlreadyExistsException", "The specified log group already exists")
	refused(t, l.createGroup(t, "a b"), "InvalidParameterException", "logGroupName")
	for _, in := range []cloudwatchlogs.CreateLogGroupInput{
		{KmsKeyId: aws.String("arn:aws:kms:us-east-1:111122223333:key/k")},
		{LogGroupClass: types.LogGroupClassInfrequentAccess},
		{DeletionProtectionEnabled: aws.Bool(true)},
		{Tags: map[string]string{"aws:x": "y"}},
	} {
		in.LogGroupName = aws.String("refused")
		_, err := l.CreateLogGroup(t.Context(), &in)
		refused(t, err, "InvalidParameterException", "not ")
	}

	out := must(l.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String(group)}))
	if len(out.LogGroups) != 1 {
		t.Fatalf("%d groups, want 1", len(out.LogGroups))
	}
	g := out.LogGroups[0]
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:/vpc/flow"
	if *g.LogGroupName != group || *g.LogGroupArn != arn || *g.Arn != arn+":*" {
		t.Errorf("name %s, arns %s and %s", *g.LogGroupName, *g.LogGroupArn, *g.Arn)
	}
	if *g.CreationTime != l.now.UnixMilli() || g.RetentionInDays != nil || *g.StoredBytes != 0 || g.LogGroupClass != types.LogGroupClassStandard {
		t.Errorf("group = %+v", g)
	}

	_, err := l.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(group)})
	refused(t, err, "", "")
	_, err = l.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(group)})
	refused(t, err, "ResourceNotFoundException", "The specified log group does not exist.")
}

func TestDescribeLogGroups(t *testing.T) {
	l := newLab(t, logs.Limits{})
	for _, name := range []string{"/a/DataLogs", "/a/b", "DataLogs", "datalogs", "z#._-"} {
		refused(t, l.createGroup(t, name), "", "")
	}
	for _, row := range []struct {
		in   cloudwatchlogs.DescribeLogGroupsInput
		want string
		code string
	}{
		{cloudwatchlogs.DescribeLogGroupsInput{}, "/a/DataLogs /a/b DataLogs datalogs z#._-", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/a/")}, "/a/DataLogs /a/b", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("DataLogs")}, "/a/DataLogs DataLogs", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupIdentifiers: []string{"datalogs", "arn:aws:logs:us-east-1:111122223333:log-group:/a/b", "none"}}, "/a/b datalogs", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupClass: types.LogGroupClassDelivery}, "", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{AccountIdentifiers: []string{"444455556666"}}, "", ""},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("a"), LogGroupNamePattern: aws.String("b")}, "", "InvalidParameterException"},
		{cloudwatchlogs.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("a"), LogGroupIdentifiers: []string{"b"}}, "", "InvalidParameterException"},
		{cloudwatchlogs.DescribeLogGroupsInput{NextToken: aws.String("made up")}, "", "InvalidParameterException"},
	} {
		out, err := l.DescribeLogGroups(t.Context(), &row.in)
		refused(t, err, row.code, "")
		if err != nil {
			continue
		}
		var names []string
		for _, g := range out.LogGroups {
			names = append(names, *g.LogGroupName)
		}
		if got := strings.Join(names, " "); got != row.want {
			t.Errorf("%+v: %q, want %q", row.in, got, row.want)
		}
	}

	pages := cloudwatchlogs.NewDescribeLogGroupsPaginator(l, &cloudwatchlogs.DescribeLogGroupsInput{Limit: aws.Int32(2)})
	var sizes []int
	for pages.HasMorePages() {
		sizes = append(sizes, len(must(pages.NextPage(t.Context())).LogGroups))
	}
	if got := fmt.Sprint(sizes); got != "[2 2 1]" {
		t.Errorf("pages of %s", got)
	}
}

func TestTags(t *testing.T) {
	l := newLab(t, logs.Limits{EventBytes: 1, BatchBytes: 1, BatchEvents: 1, Tags: 3})
	const arn = "arn:aws:logs:us-east-1:111122223333:log-group:"
	must(l.CreateLogGroup(t.Context(), &cloudwatchlogs.CreateLogGroupInput{LogGroupName: aws.String(group), Tags: map[string]string{"a": "1"}}))
	tag := func(arn string, tags map[string]string) error {
		return second(l.TagResource(t.Context(), &cloudwatchlogs.TagResourceInput{ResourceArn: &arn, Tags: tags}))
	}
	refused(t, tag(arn+group, map[string]string{"a": "2", "b": ""}), "", "")
	refused(t, tag(arn+group, map[string]string{"c": "3"}), "", "")
	refused(t, tag(arn+group+":*", map[string]string{"c": "3"}), "InvalidParameterException", "resourceArn")
	refused(t, tag(arn+group, map[string]string{"d": "4"}), "TooManyTagsException", "3")
	refused(t, tag(arn+group, map[string]string{"AWS:x": "4"}), "InvalidParameterException", "aws:")
	refused(t, tag(arn+"none", map[string]string{"d": "4"}), "ResourceNotFoundException", "")
	refused(t, tag("arn:aws:logs:eu-west-1:111122223333:log-group:"+group, map[string]string{"d": "4"}), "ResourceNotFoundException", "")
	refused(t, tag("arn:aws:s3:::bucket", map[string]string{"d": "4"}), "InvalidParameterException", "ARN")

	out := must(l.ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(arn + group)}))
	if want := map[string]string{"a": "2", "b": "", "c": "3"}; !maps.Equal(out.Tags, want) {
		t.Errorf("tags = %v, want %v", out.Tags, want)
	}
	_, err := l.ListTagsForResource(t.Context(), &cloudwatchlogs.ListTagsForResourceInput{ResourceArn: aws.String(arn + "none")})
	refused(t, err, "ResourceNotFoundException", "")
}

func TestRetention(t *testing.T) {
	l := withStream(t)
	retain := func(group string, days int32) error {
		return second(l.PutRetentionPolicy(t.Context(), &cloudwatchlogs.PutRetentionPolicyInput{LogGroupName: &group, RetentionInDays: &days}))
	}
	days := func() int32 {
		out := must(l.DescribeLogGroups(t.Context(), &cloudwatchlogs.DescribeLogGroupsInput{}))
		return aws.ToInt32(out.LogGroups[0].RetentionInDays)
	}
	refused(t, retain(group, 2), "InvalidParameterException", "[1 3 5 7")
	refused(t, retain("none", 1), "ResourceNotFoundException", "The specified log group does not exist.")
	refused(t, retain(group, 3), "", "")
	if days() != 3 {
		t.Errorf("retention = %d days, want 3", days())
	}

	// Expired events are not seen, before and after their files are removed.
	l.put(t, stream, at(l.now.Add(-time.Hour), "old"))
	*l.now = l.now.Add(48 * time.Hour)
	l.put(t, stream, at(*l.now, "new"))
	if got := l.get(t, stream); got != "old new" {
		t.Errorf("before the old one expires: %s", got)
	}
	*l.now = l.now.Add(24 * time.Hour)
	if got := l.get(t, stream); got != "new" {
		t.Errorf("after it: %s", got)
	}
	if got := l.filter(t, &cloudwatchlogs.FilterLogEventsInput{}); got != "new" {
		t.Errorf("filter after it: %s", got)
	}
	_, err := l.DeleteRetentionPolicy(t.Context(), &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String(group)})
	refused(t, err, "", "")
	if days() != 0 {
		t.Errorf("retention = %d days after its end", days())
	}
	if got := l.get(t, stream); got != "old new" {
		t.Errorf("the file was removed though it holds a newer event: %s", got)
	}

	refused(t, retain(group, 1), "", "")
	*l.now = l.now.Add(100 * time.Hour)
	l.service.Close()
	l.open(t) // removes expired files
	must(l.DeleteRetentionPolicy(t.Context(), &cloudwatchlogs.DeleteRetentionPolicyInput{LogGroupName: aws.String(group)}))
	if err := eventually(func() error {
		if got := l.get(t, stream); got != "" {
			return fmt.Errorf("expired events are there: %s", got)
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
}

// TestDeleteLogGroup deletes a group with more streams than one transaction
// takes, and looks that nothing comes back with the same names.
func TestDeleteLogGroup(t *testing.T) {
	l := newLab(t, logs.Limits{})
	const streams = 230
	for i := range streams {
		if err := l.service.Append(t.Context(), account, region, group, fmt.Sprint("s", i), []logs.Event{{Time: *l.now, Message: "old"}}); err != nil {
			t.Fatal(err)
		}
	}
	must(l.DeleteLogGroup(t.Context(), &cloudwatchlogs.DeleteLogGroupInput{LogGroupName: aws.String(group)}))
	refused(t, l.createStream(t, group, "s1"), "ResourceNotFoundException", "The specified log group does not exist.")
	refused(t, l.createGroup(t, group), "", "")
	out := must(l.DescribeLogStreams(t.Context(), &cloudwatchlogs.DescribeLogStreamsInput{LogGroupName: aws.String(group)}))
	if len(out.LogStreams) != 0 {
		t.Errorf("%d streams came back", len(out.LogStreams))
	}
	refused(t, l.createStream(t, group, "s1"), "", "")
	if got := l.get(t, "s1"); got != "" {
		t.Errorf("events came back: %s", got)
	}
}

// eventually repeats a check until it succeeds, for at most 10 s.
func eventually(check func() error) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	end := time.After(10 * time.Second)
	for {
		err := check()
		if err == nil {
			return nil
		}
		select {
		case <-end:
			return err
		case <-tick.C:
		}
	}
}
