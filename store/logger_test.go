package store

import (
	"errors"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/zap"
)

func TestZapLogger(t *testing.T) {
	var b strings.Builder
	log := zapLogger(slog.New(slog.NewTextHandler(&b, nil))).With(zap.String("member", "m1"))
	log.Info("started")
	log.Warn("slow disk")
	log.Error(repeated)
	if b.Len() != 0 {
		t.Errorf("below error level: %s", b.String())
	}
	log.Error("failed to write", zap.Error(errors.New("no space")), zap.Int("attempt", 2))
	for _, want := range []string{"level=ERROR", `msg="etcd: failed to write"`, "member=m1", `error="no space"`, "attempt=2"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s lacks %s", b.String(), want)
		}
	}
}
