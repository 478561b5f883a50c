package ec2

import (
	"slices"
	"strconv"
	"strings"

	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/ec2"
)

// filters say how a resource is filtered: the values that it has under each
// filter's name. A resource matches a filter if one of its values matches one
// of the filter's, and a request if it matches all of its filters. The tag
// filters of resources with tags stand under tagFilter: its values are the
// tagPair of each tag, which serve tag:KEY, tag-key and tag-value.
type filters[T any] map[string]func(T) []string

// tagFilter is the entry of filters that holds a resource's tags.
const tagFilter = "tag"

// tagSeparator stands between key and value in a tagPair. Unlike =, which may
// be part of a key, no tag holds it.
const tagSeparator = "\x00"

func tagPair(key, value string) string { return key + tagSeparator + value }

// maxFilterValues is how many values all filters of a request may have.
const maxFilterValues = 200

// compileFilters turns a request's filters into a predicate. It refuses
// filters that the resource does not have.
func compileFilters[T any](known filters[T], in []ec2.Filter) (func(T) bool, error) {
	var all []func(T) bool
	total := 0
	for _, f := range in {
		name := wire.Value(f.Name)
		values := known.values(name)
		if values == nil {
			return nil, errFilter(name)
		}
		if total += len(f.Values); total > maxFilterValues {
			return nil, errFilterLimit()
		}
		patterns := f.Values
		all = append(all, func(v T) bool {
			return slices.ContainsFunc(values(v), func(value string) bool {
				return slices.ContainsFunc(patterns, func(p string) bool { return matchFilter(p, value) })
			})
		})
	}
	return func(v T) bool {
		return !slices.ContainsFunc(all, func(match func(T) bool) bool { return !match(v) })
	}, nil
}

// values finds a filter by its name, nil if there is none.
func (fs filters[T]) values(name string) func(T) []string {
	tags := fs[tagFilter]
	wanted, ofTag := strings.CutPrefix(name, "tag:")
	switch {
	case tags == nil || !ofTag && name != "tag-key" && name != "tag-value":
		if name == tagFilter {
			return nil
		}
		return fs[name]
	case name == "tag-key":
		return func(v T) []string { return tagParts(tags(v), func(key, _ string) (string, bool) { return key, true }) }
	case name == "tag-value":
		return func(v T) []string {
			return tagParts(tags(v), func(_, value string) (string, bool) { return value, true })
		}
	}
	return func(v T) []string {
		return tagParts(tags(v), func(key, value string) (string, bool) { return value, key == wanted })
	}
}

func tagParts(tags []string, part func(key, value string) (string, bool)) []string {
	var parts []string
	for _, t := range tags {
		key, value, _ := strings.Cut(t, tagSeparator)
		if p, ok := part(key, value); ok {
			parts = append(parts, p)
		}
	}
	return parts
}

// matchFilter matches a value with a filter's pattern, in which * stands for
// any characters, ? for one, and a backslash takes the meaning away from what
// follows.
func matchFilter(pattern, value string) bool {
	p, v := 0, 0
	star, resume := -1, 0 // where to go on after the last * took one more
	for v < len(value) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, resume = p, v
			p++
		case p < len(pattern) && pattern[p] == '?':
			p, v = p+1, v+1
		case p < len(pattern) && pattern[p] == '\\' && p+1 < len(pattern) && pattern[p+1] == value[v]:
			p, v = p+2, v+1
		case p < len(pattern) && pattern[p] != '\\' && pattern[p] == value[v]:
			p, v = p+1, v+1
		case star >= 0:
			resume++
			p, v = star+1, resume
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}

// one is the value of a member that may be absent.
func one(s *string) []string {
	if s == nil {
		return nil
	}
	return []string{*s}
}

// flag is the value of a boolean member.
func flag(b *bool) []string {
	if b == nil {
		return nil
	}
	return []string{strconv.FormatBool(*b)}
}

// texts are the values of one member of each element.
func texts[T any](list []T, member func(T) *string) []string {
	var all []string
	for _, v := range list {
		all = append(all, one(member(v))...)
	}
	return all
}
