package auth

import (
	"context"
	"testing"
)

func TestCaller(t *testing.T) {
	if got := CallerFrom(context.Background()); got != (Caller{}) {
		t.Errorf("nobody is authenticated as %+v", got)
	}
	want := Caller{Account: "111122223333", Region: "us-east-1", ARN: "arn:aws:iam::111122223333:root"}
	if got := CallerFrom(WithCaller(context.Background(), want)); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
