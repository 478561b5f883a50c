// Package iam is the IAM API: users, groups, roles, instance profiles, access
// keys, managed and inline policies, identity providers, and the simulator.
//
// IAM is global: a record belongs to an account in a partition, whatever
// Region has signed the request. Names are unique in an account without regard
// to case. What refers to something that may be renamed has its unique id, so
// that renaming writes one record.
//
// The operations change records only. What a request may do is decided from
// them by others, through Key, Caller's Policies, Role and their likes
// (lookup.go), which read a snapshot and compiled documents. How often each
// key is used is kept in memory and written now and then by Run.
//
// Left out, and answered with InvalidAction: passwords and sign-in, MFA
// devices, certificates and SSH keys, SAML, credential and access reports,
// service-specific credentials, delegation of root.
package iam
