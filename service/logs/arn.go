package logs

import (
	"context"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// groupARN is the ARN of a log group in the form that DescribeLogGroups calls
// logGroupArn and that tags take. The form called arn has ":*" after it.
func groupARN(o vpc.Owner, group string) string {
	return o.ARN("logs", "log-group:"+group)
}

func streamARN(o vpc.Owner, group, stream string) string {
	return groupARN(o, group) + ":log-stream:" + stream
}

// parseGroupARN reads both forms of a log group's ARN.
func parseGroupARN(arn string) (o vpc.Owner, group string, ok bool) {
	parts := strings.SplitN(arn, ":", 7)
	if len(parts) != 7 || parts[0] != "arn" || parts[1] != "aws" || parts[2] != "logs" || parts[5] != "log-group" {
		return vpc.Owner{}, "", false
	}
	group = strings.TrimSuffix(parts[6], ":*")
	if group == "" || strings.Contains(group, ":") {
		return vpc.Owner{}, "", false
	}
	return vpc.Owner{Account: parts[4], Region: parts[3]}, group, true
}

// reference returns the group that a request means by its name or by its
// identifier, which is a name or an ARN.
func reference(caller vpc.Owner, name, identifier *string) (vpc.Owner, string, error) {
	switch {
	case name != nil && identifier != nil:
		return caller, "", errInvalid("LogGroupName and LogGroupIdentifier are mutually exclusive parameters")
	case name != nil:
		return caller, *name, nil
	case identifier == nil:
		return caller, "", errInvalid("Either LogGroupName or LogGroupIdentifier is required")
	case !strings.HasPrefix(*identifier, "arn:"):
		return caller, *identifier, nil
	}
	o, group, ok := parseGroupARN(*identifier)
	if !ok {
		return caller, "", errInvalid("Invalid ARN: " + *identifier)
	}
	if o != caller {
		return caller, "", errGroupNotFound() // other accounts and Regions cannot be read from here
	}
	return o, group, nil
}

func owner(ctx context.Context) vpc.Owner {
	c := auth.CallerFrom(ctx)
	return vpc.Owner{Account: c.Account, Region: c.Region}
}

// groupResource is the resource of an action on a group. AWS names it as a
// stream without a name, which "…:log-group:NAME:*" in a policy matches and
// "…:log-group:NAME" does not.
func groupResource(ctx context.Context, name, identifier *string) []string {
	return streamResource(ctx, name, identifier, nil)
}

func streamResource(ctx context.Context, name, identifier, stream *string) []string {
	o := owner(ctx)
	group := wire.Value(name)
	if identifier != nil {
		group = *identifier
		if named, g, ok := parseGroupARN(group); ok {
			o, group = named, g
		}
	}
	return []string{streamARN(o, group, wire.Value(stream))}
}
