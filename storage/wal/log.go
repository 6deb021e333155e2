package wal

import (
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

// Log is an open log. Enqueue, Wait and the rest may be called from several
// goroutines; Replay comes first and once.
type Log struct{}

// Ticket is a record on its way to the disk.
type Ticket struct {
	LSN LSN
}

// Open opens the log in dir, making the folder where it is missing. It reads
// nothing but names; Replay comes next.
func Open(fs vfs.FS, dir string, o Options) (*Log, error) { return nil, status.New(status.NotYet) }

// Replay reads the records from from on and calls fn for each, in order; payload
// is valid until fn returns. Then it cuts a torn tail off, and the log takes
// records. hint is where reading may start, as stored by the checkpoint.
//
// A bad frame, or a missing record, is a torn tail only if no valid frame follows
// that was written when the bad one was already synced. Otherwise Replay fails
// with Corruption, naming file and offset, and changes nothing.
func (l *Log) Replay(from LSN, hint Position, fn func(lsn LSN, payload []byte) error) error {
	return nil
}

// Enqueue puts a record at the end of the log, copying payload, and returns at
// once. Errors come from Ticket.Wait.
func (l *Log) Enqueue(payload []byte, d Durability) *Ticket { return nil }

// Wait returns when the record is as durable as was asked for, or says why it is
// not in the log: DiskFull (nothing of it is there; see Resume), StorePoisoned,
// StoreClosed, DiskError.
func (t *Ticket) Wait() error { return nil }

// Append is Enqueue and Wait.
func (l *Log) Append(payload []byte, d Durability) (LSN, error) { return 0, nil }

// Resume ends the hold after a failed write. When a write fails with DiskFull, all
// records not yet acknowledged fail with it, and so do later ones, because they
// may build upon those. The caller drops whatever it derived from failed records
// and calls Resume, which cuts their remains off and lets the log go on; numbers
// of failed records are used again. Without a failed write it does nothing.
func (l *Log) Resume() error { return nil }

// Sync makes everything enqueued so far durable.
func (l *Log) Sync() error { return nil }

// Next returns the number that the next record gets.
func (l *Log) Next() LSN { return 0 }

// PositionOf returns a place from which replay of record lsn and later ones can
// start.
func (l *Log) PositionOf(lsn LSN) Position { return Position{} }

// TruncateBefore removes segments that hold only records before lsn, as far as
// the keep policy allows. Only call it once a checkpoint that covers them is
// synced.
func (l *Log) TruncateBefore(lsn LSN) error { return nil }

// Read calls fn for the records from from on that are in the log and durable, for
// the change feed. It may run beside appends.
func (l *Log) Read(from LSN, fn func(lsn LSN, payload []byte) error) error { return nil }

// Stats returns counts.
func (l *Log) Stats() Stats { return Stats{} }

// Close writes and syncs what is pending, and closes the log.
func (l *Log) Close() error { return nil }
