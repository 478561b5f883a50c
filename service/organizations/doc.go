// Package organizations keeps the accounts of an installation, and the
// organization that they are in: one tree of a root, units and accounts, with
// service control policies and resource control policies attached to its
// nodes.
//
// The account that the installation was made with is the management account.
// It was there before the others, and control policies never apply to it.
//
// FullAWSAccess and RCPFullAWSAccess are attached to every node when it is
// made. Where nothing else is attached, nothing is restricted, and Levels
// says that no policies apply.
//
// There is no wire protocol: the program's own commands call the methods.
// Their errors are for a person to read.
package organizations
