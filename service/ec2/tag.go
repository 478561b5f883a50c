package ec2

import (
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// Sizes of a tag in characters ("Tag your Amazon EC2 resources").
const (
	maxTagKey   = 128
	maxTagValue = 256
)

// tagsOnCreate reads the tags that a request gives to a new resource of a
// kind; nil where it gives none.
func (s *Service) tagsOnCreate(specs []ec2.TagSpecification, kind string) (vpc.Tags, error) {
	var tags vpc.Tags
	for _, spec := range specs {
		if got := wire.Value(spec.ResourceType); got != kind {
			return nil, errInvalid("'%s' is not a valid taggable resource type for this operation.", got)
		}
		if tags != nil {
			return nil, errInvalid("Only one TagSpecification is allowed for the resource type %s.", kind)
		}
		var err error
		if tags, err = s.mergeTags(nil, spec.Tags); err != nil {
			return nil, err
		}
	}
	return tags, nil
}

// mergeTags returns a copy of tags with the new ones over the old.
func (s *Service) mergeTags(tags vpc.Tags, add []ec2.Tag) (vpc.Tags, error) {
	if len(tags)+len(add) == 0 {
		return nil, nil
	}
	merged := vpc.Tags{}
	maps.Copy(merged, tags)
	seen := map[string]bool{}
	for _, t := range add {
		key, value := wire.Value(t.Key), wire.Value(t.Value)
		if err := checkTag(key, value); err != nil {
			return nil, err
		}
		if seen[key] {
			return nil, errInvalid("Tag keys must be unique; duplicate key: %s", key)
		}
		seen[key] = true
		merged[key] = value
	}
	if len(merged) > s.limits.TagsPer {
		return nil, errTagLimit()
	}
	return merged, nil
}

func checkTag(key, value string) error {
	switch {
	case key == "":
		return errInvalid("Tag key cannot be null or empty.")
	case utf8.RuneCountInString(key) > maxTagKey:
		return errInvalid("Tag key exceeds the maximum length of %d characters", maxTagKey-1)
	case utf8.RuneCountInString(value) > maxTagValue:
		return errInvalid("Tag value exceeds the maximum length of %d characters", maxTagValue-1)
	case !printable(key) || !printable(value):
		return errInvalid("Tag keys and values must be valid Unicode without control characters.")
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return errInvalid("Tag keys starting with 'aws:' are reserved for internal use")
	}
	return nil
}

// printable reports whether text can stand in an XML answer unchanged.
func printable(text string) bool {
	return utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// tagList is the wire form of tags, ordered by key.
func tagList(tags vpc.Tags) []ec2.Tag {
	var list []ec2.Tag
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, ec2.Tag{Key: wire.Ptr(key), Value: wire.Ptr(tags[key])})
	}
	return list
}

// tagSetPairs are the values of tagFilter for a resource with these tags.
func tagSetPairs(tags []ec2.Tag) []string {
	var pairs []string
	for _, t := range tags {
		pairs = append(pairs, tagPair(wire.Value(t.Key), wire.Value(t.Value)))
	}
	return pairs
}
