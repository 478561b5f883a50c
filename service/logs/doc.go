// Package logs is Amazon CloudWatch Logs as far as flow logs and their readers
// need it: log groups and streams are records in the store, log events are
// files of package journal on this node.
//
// A log group's record says whether the group exists; so does a stream's.
// Whoever removes one removes the record first and the files after it, and
// what a crash leaves in between is removed when the service is next opened.
package logs
