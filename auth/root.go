package auth

// RootOf is the root user of an account with a long-term key.
func RootOf(account string) Caller {
	arn := "arn:aws:iam::" + account + ":root"
	return Caller{Account: account, ARN: arn, UserID: account, Kind: Root, Identity: arn}
}
