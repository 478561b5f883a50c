// Package cloudtrail is AWS CloudTrail as far as an account's event history:
// what package audit has recorded of the last 90 days. There are no trails.
package cloudtrail
