// Package health probes the targets of load balancers and reports how they are.
//
// A target becomes healthy with its first success, and unhealthy after the
// failures in a row that its group says; from then on both take as many in a
// row as the group says. Only changes are reported.
//
// What the checker knows of a target it keeps as long as the target is wanted:
// other settings begin the next streak anew, and forget neither state nor
// anything about other targets.
package health
