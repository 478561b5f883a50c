package sts

import (
	"fmt"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/postern/postern/auth/session"
	"github.com/postern/postern/wire/sts"
)

// claimedTags are the tags in a token, each with one value. What a request's
// are held to by the model holds for them, too.
func claimedTags(claimed map[string][]string) ([]sts.Tag, error) {
	if len(claimed) > session.MaxTags {
		return nil, errConstraint("tags", "tags", fmt.Sprintf("Member must have length less than or equal to %d", session.MaxTags))
	}
	var tags []sts.Tag
	for _, key := range slices.Sorted(maps.Keys(claimed)) {
		values := claimed[key]
		if len(values) != 1 || key == "" || utf8.RuneCountInString(key) > session.MaxTagKey || utf8.RuneCountInString(values[0]) > session.MaxTagValue {
			return nil, errIdentityToken("The tag " + key + " of the ID Token is not valid")
		}
		tags = append(tags, sts.Tag{Key: &key, Value: &values[0]})
	}
	return tags, nil
}
