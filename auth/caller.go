package auth

import "context"

// Caller is the verified identity behind a request, and the Region that its
// signature names.
type Caller struct {
	Account   string // 12 digits
	Region    string // from the credential scope
	ARN       string // arn:aws:iam::ACCOUNT:root, …:user/NAME, arn:aws:sts::…
	UserID    string // as GetCallerIdentity shows it
	AccessKey string // access key id
}

type callerKey struct{}

// WithCaller returns a context that carries c.
func WithCaller(ctx context.Context, c Caller) context.Context {
	return context.WithValue(ctx, callerKey{}, c)
}

// CallerFrom returns the Caller of ctx. The zero Caller means that nobody was
// authenticated; no operation is reached without one.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}
