package api

import (
	"slices"
	"strings"

	"github.com/postern/postern/auth/policy"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
)

// conditions are the condition keys of a call's access. Each is worked out when
// a policy asks for it, and never where none does.
type conditions call

// Values implements policy.Context. What an access brings goes before, then
// come the keys of all requests, and then those of the action's service.
func (k *conditions) Values(key string) []string {
	if values, ok := k.access.Keys[key]; ok {
		return values
	}
	vendor, rest, ok := strings.Cut(key, ":")
	if !ok {
		return nil
	}
	if vendor == "aws" {
		return k.global(key)
	}
	if service, _, _ := strings.Cut(k.access.Action, ":"); service != vendor {
		return k.webIdentity(vendor, rest)
	}
	return k.ofService(vendor, key)
}

// global is a key that requests of all services may have.
func (k *conditions) global(key string) []string {
	if row, ok := globalByName[key]; ok {
		return row.values((*call)(k))
	}
	if name, tag, ok := strings.Cut(key, "/"); ok {
		if row, ok := globalByName[name+"/"]; ok {
			return row.tagged((*call)(k), tag)
		}
	}
	return nil
}

// values are those of a key whose name is whole.
func (g *GlobalKey) values(c *call) []string {
	switch {
	case g.list != nil:
		return g.list(c)
	case g.value == nil:
		return nil
	}
	if v := g.value(c); v != "" {
		return []string{v}
	}
	return nil
}

// ofService is a key that only the service of the action has.
func (k *conditions) ofService(service, key string) []string {
	for _, row := range k.keysOf(service) {
		name := strings.ToLower(row.Name)
		rest, ok := strings.CutPrefix(key, name)
		if ok && row.Values != nil && (rest == "" || strings.HasSuffix(name, "/")) {
			return row.Values(k.request.Context(), k.in, k.access.Resource, rest)
		}
	}
	return nil
}

func (k *conditions) keysOf(name string) []wire.ConditionKey {
	if service := k.byName[name]; service != nil {
		return service.keys
	}
	return nil
}

// webIdentity are the claims that a session was begun with: ISSUER:sub and
// ISSUER:aud.
func (k *conditions) webIdentity(issuer, claim string) []string {
	s := k.caller.Session
	if s == nil || s.Provider == "" {
		return nil
	}
	if _, url, _ := strings.Cut(s.Provider, ":oidc-provider/"); !strings.EqualFold(url, issuer) {
		return nil
	}
	switch claim {
	case "sub":
		return []string{s.Subject}
	case "aud":
		return []string{s.Audience}
	}
	return nil
}

// all are the keys that the access has, by their lower case names. Of the tags
// of resources and principals, which have no end, only those of the
// request are in it.
func (k *conditions) all() policy.Keys {
	keys := policy.Keys{}
	add := func(key string, values []string) {
		if len(values) > 0 {
			keys[strings.ToLower(key)] = values
		}
	}
	for _, row := range globalKeys {
		add(row.Name, row.values((*call)(k)))
	}
	for _, t := range requestTags(k.in) {
		add("aws:RequestTag/"+t.key, []string{t.value})
	}
	service, _, _ := strings.Cut(k.access.Action, ":")
	for _, row := range k.keysOf(service) {
		if row.Values != nil && !strings.HasSuffix(row.Name, "/") {
			add(row.Name, row.Values(k.request.Context(), k.in, k.access.Resource, ""))
		}
	}
	for key, values := range k.access.Keys {
		add(key, values)
	}
	return keys
}

// tagsOf are the values of a tag, whose key is in lower case, of a resource.
func (c *call) tagsOf(arn, key string) []string {
	named, _ := vpc.ParseARN(arn)
	service := c.byName[named.Service]
	if service == nil || service.tags == nil {
		return nil
	}
	return wire.TagValues(service.tags(c.request.Context(), arn), key)
}

// principalTags are the values of a tag of the caller.
func (c *call) principalTags(key string) []string {
	if c.config.Identities == nil || c.caller.Account == "" {
		return nil
	}
	return wire.TagValues(c.config.Identities.Tags(c.caller), key)
}

// requestTag are the values of a tag that the request has.
func (c *call) requestTag(key string) []string {
	var values []string
	for _, t := range requestTags(c.in) {
		if strings.EqualFold(t.key, key) {
			values = append(values, t.value)
		}
	}
	return values
}

// tagKeys are the keys of all tags of the request, those to add and those to
// remove.
func (c *call) tagKeys() []string {
	var keys []string
	for _, t := range requestTags(c.in) {
		if !slices.Contains(keys, t.key) {
			keys = append(keys, t.key)
		}
	}
	return append(keys, removedTags(c.in)...)
}
