package logs

import (
	"context"
	"strings"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/logs"
)

// ResourceTags are the tags of a log group by its ARN, of a stream those of
// its group.
func (s *Service) ResourceTags(_ context.Context, arn string) vpc.Tags {
	group, _, _ := strings.Cut(arn, ":log-stream:")
	o, name, ok := parseGroupARN(group)
	if !ok {
		return nil
	}
	g, _ := s.store.LogGroups.Get(s.store.Snapshot(), groupKey(o, name))
	return g.Tags
}

// tagGroup: tags of a new group need a permission of their own.
func tagGroup(ctx context.Context, in *logs.CreateLogGroupInput) []wire.Access {
	if len(in.Tags) == 0 {
		return nil
	}
	return []wire.Access{{Action: "logs:TagResource", Resource: groupResource(ctx, in.LogGroupName, nil)[0]}}
}
