package api

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/postern/postern/vpc"
)

// BenchmarkChain is a call through an endpoint without connections: route,
// signature, policy, operation, answer.
func BenchmarkChain(b *testing.B) {
	f := newFixture(b)
	f.server.config.Log = slog.New(slog.DiscardHandler)
	for name, text := range map[string]string{
		"full access": "",
		"policy":      `{"Statement":[{"Effect":"Allow","Principal":"*","Action":"eks:List*","Resource":"*"}]}`,
	} {
		f.set(func() { f.policy = text })
		r := httptest.NewRequestWithContext(vpc.WithArrival(context.Background(), arrivalOn("eks")), http.MethodGet,
			"https://eks.us-east-1.amazonaws.com/clusters", nil)
		empty := sha256.Sum256(nil)
		credentials := aws.Credentials{AccessKeyID: accessKey, SecretAccessKey: secret}
		if err := v4.NewSigner().SignHTTP(b.Context(), credentials, r, hex.EncodeToString(empty[:]), "eks", region, time.Now()); err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := httptest.NewRecorder()
				if f.server.ServeHTTP(w, r); w.Code != http.StatusOK {
					b.Fatal(w.Body)
				}
			}
		})
	}
}
