package api

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/auth/policy"
)

// contextKeys are the global condition keys of the request ("AWS global
// condition context keys"). Through an endpoint aws:SourceIp is absent and
// the VPC's keys are there; on the public listener it is the other way round.
func (c *call) contextKeys() map[string][]string {
	now := c.config.Now().UTC()
	one := map[string]string{
		"aws:PrincipalArn":     principal(c.caller).ARN,
		"aws:PrincipalAccount": c.caller.Account,
		"aws:PrincipalType":    principalType(c.caller),
		"aws:userid":           c.caller.UserID,
		"aws:username":         username(c.caller),
		"aws:SecureTransport":  strconv.FormatBool(c.request.TLS != nil),
		"aws:RequestedRegion":  c.caller.Region,
		"aws:UserAgent":        c.request.UserAgent(),
		"aws:CurrentTime":      now.Format(time.RFC3339),
		"aws:EpochTime":        strconv.FormatInt(now.Unix(), 10),
		"aws:ViaAWSService":    "false",
	}
	if role := principal(c.caller).Issuer; role != "" {
		one["aws:PrincipalArn"] = role
	}
	if c.arrival.Private() {
		one["aws:SourceVpce"] = c.arrival.Endpoint
		one["aws:SourceVpc"] = c.arrival.VPC
		one["aws:VpcSourceIp"] = c.source()
	} else {
		one["aws:SourceIp"] = c.source()
	}
	keys := map[string][]string{}
	for key, value := range one {
		if value != "" {
			keys[key] = []string{value}
		}
	}
	if o := c.config.Organization; o != nil {
		if path := o.Path(c.caller.Account); path != "" {
			keys["aws:PrincipalOrgID"], keys["aws:PrincipalOrgPaths"] = []string{o.ID()}, []string{path}
		}
	}
	for _, t := range requestTags(c.in) {
		keys["aws:RequestTag/"+t.key] = []string{t.value}
		keys["aws:TagKeys"] = append(keys["aws:TagKeys"], t.key)
	}
	return keys
}

// source is the client's address without its port.
func (c *call) source() string {
	if c.arrival.Private() {
		return c.arrival.Source.Addr().String()
	}
	a, err := netip.ParseAddrPort(c.request.RemoteAddr)
	if err != nil {
		return c.request.RemoteAddr
	}
	return a.Addr().Unmap().String()
}

// assumedRole splits arn:aws:sts::A:assumed-role/ROLE/SESSION.
func assumedRole(arn string) (role string, ok bool) {
	parts := strings.SplitN(arn, ":", 6)
	if len(parts) != 6 || parts[2] != "sts" {
		return "", false
	}
	rest, ok := strings.CutPrefix(parts[5], "assumed-role/")
	role, _, _ = strings.Cut(rest, "/")
	return role, ok
}

func principal(c auth.Caller) policy.Principal {
	p := policy.Principal{ARN: c.ARN, Account: c.Account, UserID: c.UserID}
	if role, ok := assumedRole(c.ARN); ok {
		p.Issuer = "arn:aws:iam::" + c.Account + ":role/" + role
	}
	return p
}

func principalType(c auth.Caller) string {
	if c.ARN == "" {
		return "Anonymous"
	}
	if _, ok := assumedRole(c.ARN); ok {
		return "AssumedRole"
	}
	if username(c) != "" {
		return "User"
	}
	return "Account"
}

// username is the last part of a user's ARN, which may have a path.
func username(c auth.Caller) string {
	name, ok := strings.CutPrefix(c.ARN, "arn:aws:iam::"+c.Account+":user/")
	if !ok {
		return ""
	}
	return name[strings.LastIndexByte(name, '/')+1:]
}

type tag struct{ key, value string }

// requestTags are the tags that an input carries: a map or a list named Tags,
// or EC2's TagSpecifications.
func requestTags(in any) []tag {
	v := reflect.ValueOf(in).Elem()
	if specifications := v.FieldByName("TagSpecifications"); specifications.IsValid() {
		var all []tag
		for _, spec := range specifications.Seq2() {
			all = append(all, tagsOf(spec.FieldByName("Tags"))...)
		}
		return all
	}
	return tagsOf(v.FieldByName("Tags"))
}

func tagsOf(v reflect.Value) []tag {
	if !v.IsValid() {
		return nil
	}
	var all []tag
	if m, ok := v.Interface().(map[string]string); ok {
		for key, value := range m {
			all = append(all, tag{key, value})
		}
		return all
	}
	if v.Kind() != reflect.Slice || v.Type().Elem().Kind() != reflect.Struct {
		return nil
	}
	for _, item := range v.Seq2() {
		key, _ := fieldString(item, "Key")
		value, ok := fieldString(item, "Value")
		if ok {
			all = append(all, tag{key, value})
		}
	}
	return all
}

func fieldString(v reflect.Value, name string) (string, bool) {
	f := v.FieldByName(name)
	if !f.IsValid() {
		return "", false
	}
	s, ok := f.Interface().(*string)
	if !ok || s == nil {
		return "", ok
	}
	return *s, true
}
