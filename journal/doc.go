// Package journal keeps events in append files, a folder a stream:
//
//	Dir/<account>/<region>/<group>/<stream>@<created>/<first sequence>.log
//
// Names are escaped so that none leads out of Dir. The time of creation is
// part of a stream's identity: a stream that is made again under an old name
// does not show what the old one held.
//
// A file (a segment) is a row of frames, each with the events of one append,
// its length and its checksum. An index in memory says where the frames are
// and which times they cover, about 50 bytes a frame; it is built when a
// stream is first used. No file stays open between calls.
//
// What Append has accepted is with the kernel: it survives the end of the
// process in any way, and a crash of the machine once the kernel has written
// it back (within about 30 s). A frame that was cut off by a crash is removed
// when the stream is next used.
package journal
