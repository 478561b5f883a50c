package vpc

import (
	"testing"
	"time"
)

func TestAdmissionAt(t *testing.T) {
	made := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, row := range []struct {
		admission Admission
		age       time.Duration
		want      Admission
	}{
		{AdmissionPending, 0, AdmissionPending},
		{AdmissionPending, 7*24*time.Hour - 1, AdmissionPending},
		{AdmissionPending, 7 * 24 * time.Hour, AdmissionExpired},
		{AdmissionPending, -time.Minute, AdmissionPending}, // another node's clock is behind
		{Admitted, 30 * 24 * time.Hour, Admitted},
		{AdmissionRejected, 30 * 24 * time.Hour, AdmissionRejected},
		{AdmissionFailed, 30 * 24 * time.Hour, AdmissionFailed},
	} {
		e := Endpoint{Admission: row.admission, Created: made}
		if got := e.AdmissionAt(made.Add(row.age)); got != row.want {
			t.Errorf("%q after %v: %q, want %q", row.admission, row.age, got, row.want)
		}
	}
}
