package store

import (
	"context"
	"log/slog"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// repeated is what etcd says of a check that it repeats every few seconds: it
// fails while a slow machine has not applied the first entry yet.
const repeated = "failed to update storage version"

// zapLogger passes etcd's errors on to log; the rest of what etcd says is
// its own affair.
func zapLogger(log *slog.Logger) *zap.Logger { return zap.New(zapBridge{log}) }

type zapBridge struct{ log *slog.Logger }

func (b zapBridge) Enabled(l zapcore.Level) bool { return l >= zapcore.ErrorLevel }

func (b zapBridge) With(fields []zapcore.Field) zapcore.Core {
	return zapBridge{b.log.With(attributes(fields)...)}
}

func (b zapBridge) Check(e zapcore.Entry, c *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	if !b.Enabled(e.Level) || e.Message == repeated {
		return c
	}
	return c.AddCore(e, b)
}

func (b zapBridge) Write(e zapcore.Entry, fields []zapcore.Field) error {
	b.log.With(attributes(fields)...).Log(context.Background(), slog.LevelError, "etcd: "+e.Message)
	return nil
}

func (b zapBridge) Sync() error { return nil }

func attributes(fields []zapcore.Field) []any {
	m := zapcore.NewMapObjectEncoder()
	for _, f := range fields {
		f.AddTo(m)
	}
	var attrs []any
	for k, v := range m.Fields {
		attrs = append(attrs, k, v)
	}
	return attrs
}
