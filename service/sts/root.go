package sts

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/postern/postern/auth"
	"github.com/postern/postern/vpc"
	"github.com/postern/postern/wire"
	"github.com/postern/postern/wire/sts"
)

// maxAssumedRoot is how long a session of a member account's root is, unless
// it is asked to be shorter.
const maxAssumedRoot = 15 * time.Minute

// rootTasks are the managed policies that a session of root may have.
var rootTasks = []string{
	"IAMAuditRootUserCredentials",
	"IAMCreateRootUserPassword",
	"IAMDeleteRootUserCredentials",
	"S3UnlockBucketPolicy",
	"SQSUnlockQueuePolicy",
}

// AssumeRoot gives an identity of the organization's management account a
// session of a member account's root, for one task.
func (s *Service) AssumeRoot(ctx context.Context, in *sts.AssumeRootInput) (*sts.AssumeRootOutput, error) {
	caller := auth.CallerFrom(ctx)
	account, ok := rootAccount(wire.Value(in.TargetPrincipal))
	if !ok {
		return nil, errInvalid("The target principal is neither an account nor the root of one")
	}
	task := ""
	if in.TaskPolicyArn != nil {
		task = wire.Value(in.TaskPolicyArn.Arn)
	}
	arn := rootARN(ctx, account)
	prefix := "arn:" + partition(ctx) + ":iam::aws:policy/root-task/"
	if name, ok := strings.CutPrefix(task, prefix); !ok || !slices.Contains(rootTasks, name) {
		return nil, errInvalid("%s is not a policy of a task of root", task)
	}
	if !s.config.Member(caller.Account, account) || caller.Kind == auth.Root && caller.Session != nil {
		return nil, errDenied(withoutCause(caller, "sts:AssumeRoot", arn))
	}
	if v, action, ok := s.permit(ctx, ask{actions: []string{"sts:AssumeRoot"}, resource: arn, account: caller.Account}); !ok {
		return nil, errDenied(v.Denial(caller.ARN, action, arn))
	}
	session := &auth.Session{PolicyARNs: []string{task}}
	if caller.Session != nil {
		session.SourceIdentity = caller.Session.SourceIdentity
	}
	duration := maxAssumedRoot
	if seconds := wire.Value(in.DurationSeconds); seconds > 0 {
		duration = time.Duration(seconds) * time.Second
	}
	credentials, _, err := s.issue(auth.Caller{
		Account: account, ARN: arn, UserID: account, Kind: auth.Root, Identity: arn, Session: session,
	}, duration)
	if err != nil {
		return nil, err
	}
	return &sts.AssumeRootOutput{Credentials: credentials, SourceIdentity: given(session.SourceIdentity)}, nil
}

// rootAccount is the account that a target principal is the root of: its id, or the
// ARN of its root.
func rootAccount(target string) (account string, ok bool) {
	if vpc.IsAccount(target) {
		return target, true
	}
	arn, _ := vpc.ParseARN(target)
	if arn.Service != "iam" || arn.Resource != "root" || !vpc.IsAccount(arn.Account) {
		return "", false
	}
	return arn.Account, true
}

func rootARN(ctx context.Context, account string) string {
	return "arn:" + partition(ctx) + ":iam::" + account + ":root"
}

func rootARNs(ctx context.Context, in *sts.AssumeRootInput) []string {
	account, ok := rootAccount(wire.Value(in.TargetPrincipal))
	if !ok {
		return nil
	}
	return []string{rootARN(ctx, account)}
}
