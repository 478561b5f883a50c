// Package storetest is the one suite that every way to keep records passes,
// and what tests of other packages need to have a store.
package storetest
