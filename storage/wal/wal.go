// Package wal is the write-ahead log: one sequence of records for all models,
// in segments that are preallocated so that a commit costs one write and one
// fdatasync for everybody who waits.
//
//	Enqueue ─▶ pending frames ─(leader: write, fdatasync)─▶ segment 7
//	   └─ Ticket.Wait ◀──────────────── acknowledged ──────────┘
//
//	l, err := wal.Open(fs, "wal", wal.Options{StoreID: id})
//	err = l.Replay(checkpoint+1, hint, func(lsn wal.LSN, payload []byte) error { … })
//	lsn, err := l.Append(payload, wal.Group)
//
// Records have consecutive numbers, in the order of Enqueue. Whoever needs that
// order to mean something calls Enqueue under a lock and Wait outside it.
//
// The log knows nothing of what payloads mean.
package wal

import (
	"time"
)

// LSN numbers a record of the log: 1, 2, 3, … without gaps.
type LSN uint64

// Durability says when a record is acknowledged.
type Durability uint8

const (
	// Group acknowledges after fdatasync.
	Group Durability = iota
	// OS acknowledges once the operating system has the bytes: a crash of the
	// process loses nothing, a crash of the machine may.
	OS
	// None acknowledges at once; the bytes follow within Options.FlushEvery.
	None
)

// MaxPayload is the largest record. Whoever has more to say uses several records
// and a last one that makes them count.
const MaxPayload = 64 << 20

// Options configure a log. The zero value of each field is its default.
type Options struct {
	// StoreID is mixed into every checksum, so that segments of another store are
	// never taken for ours.
	StoreID [16]byte
	// ReadOnly reads without repairing; nothing can be appended.
	ReadOnly bool
	// SegmentSize is the size of a segment once the log has grown (16 MiB); the
	// first ones are smaller.
	SegmentSize int64
	// KeepAge and KeepBytes say how long TruncateBefore leaves segments that nobody
	// needs for recovery: while they are younger than KeepAge (24 h; negative: not at
	// all) and the log is smaller than KeepBytes (1 GiB).
	KeepAge   time.Duration
	KeepBytes int64
	// FlushEvery bounds how long records of durability None stay in memory (50 ms).
	FlushEvery time.Duration
	// PrepareInline makes new segments when they are needed rather than ahead of
	// time in the background. Crash sweeps use it, for a repeatable order of
	// operations.
	PrepareInline bool
	// Began is called once the first segment of a new log is on the disk, before any
	// record is written. Its error fails the write, and it is called again at the next.
	Began func() error
}

// Position is a place in the log from which Replay can start without reading what
// is before it. A checkpoint stores it. The zero Position is "unknown".
type Position struct {
	Next    LSN    // the first record at or after Offset
	Segment uint64 // number of the segment file
	Offset  int64  // in that file
}

// Stats counts since Open.
type Stats struct {
	Records    int64         // enqueued and written
	Commits    int64         // records of durability Group acknowledged
	Syncs      int64         // fdatasyncs for them
	Writes     int64         // write calls
	Bytes      int64         // written, frames included
	SyncTime   time.Duration // spent in fdatasync
	Segments   int           // on disk
	DiskBytes  int64         // of all segments
	First      LSN           // oldest record on disk, 0 for none known
	Next       LSN           // number of the next record
	Durable    LSN           // all records up to here are synced
	Poisoned   bool
	Replayed   int64 // records given to Replay's callback
	TornBytes  int64 // removed from the tail by Replay
	FailedHold bool  // a write failed and Resume was not called yet
}
