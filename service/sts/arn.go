package sts

import (
	"context"
	"strings"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
)

// partition is that of the Region that the request is for.
func partition(ctx context.Context) string { return vpc.PartitionOf(auth.CallerFrom(ctx).Region).Name }

// roleARN is the ARN of a role in its parts.
type roleARN struct{ text, partition, account, name string }

// parseRoleARN reads arn:PARTITION:iam::ACCOUNT:role/PATH/NAME.
func parseRoleARN(arn string) (roleARN, bool) {
	named, ok := vpc.ParseARN(arn)
	if !ok || named.Service != "iam" || named.Region != "" || !vpc.IsAccount(named.Account) {
		return roleARN{}, false
	}
	rest, ok := strings.CutPrefix(named.Resource, "role/")
	name := rest[strings.LastIndexByte(rest, '/')+1:]
	return roleARN{arn, named.Partition, named.Account, name}, ok && name != ""
}

// sessionARN names a session of the role.
func (r roleARN) sessionARN(session string) string {
	return "arn:" + r.partition + ":sts::" + r.account + ":assumed-role/" + r.name + "/" + session
}

// federatedARN names a federated user of the caller's account.
func federatedARN(c auth.Caller, name string) string {
	return "arn:" + vpc.PartitionOf(c.Region).Name + ":sts::" + c.Account + ":federated-user/" + name
}
