package store

import (
	"time"

	"github.com/postern/postern/vpc"
)

// LogGroup is the record of a CloudWatch Logs group. The events are not in
// the store.
type LogGroup struct {
	vpc.Owner
	Name          string
	Created       time.Time
	RetentionDays int // 0: events never expire
	Tags          vpc.Tags
}

// LogStream is the record of a stream of a log group.
type LogStream struct {
	vpc.Owner
	Group   string
	Name    string
	Created time.Time
}

// LogStreamID is the id of a stream's record. A colon is in no group's name.
func LogStreamID(group, stream string) string { return group + ":" + stream }

// key has the group first, so that a group's streams are in the order of
// their names.
func (l LogStream) key() Key { return key(l.Owner, LogStreamID(l.Group, l.Name)) }

// GroupKey is the value of the index "group": the group's name is unique only
// in its account and Region.
func (l LogStream) GroupKey() string { return l.Account + "/" + l.Region + "/" + l.Group }
