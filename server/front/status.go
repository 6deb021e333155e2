package front

import (
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/wire"
)

// StatusOfStore says how an open store is.
func StatusOfStore(db *kadedb.DB) *wire.ServerStatus {
	t, now := db.Stats(), time.Now()
	at := reading{Stats: t, now: now}
	s := &wire.ServerStatus{Status: "ready", Version: kadedb.Version, UptimeSeconds: at.since(t.Opened)}
	s.Store = wire.StoreStatus{Nodes: t.Nodes, Relationships: t.Rels, Commits: t.Store.Commits,
		FileBytes: t.Store.KV.FileSize, FreeBytes: t.Store.KV.FreeBytes, LogBytes: t.Store.WAL.DiskBytes,
		LogSinceCheckpoint: t.Store.LogSinceCheckpoint, Writable: !t.Store.WAL.Poisoned}
	s.Memory = wire.MemoryStatus{UsedBytes: t.Memory.Used, PeakBytes: t.Memory.Peak, LimitBytes: t.Memory.Limit, Accounts: map[string]int64{}}
	for _, a := range t.Accounts {
		s.Memory.Accounts[a.Name] = a.Used
	}
	s.Open = wire.OpenStatus{Transactions: t.Open.Transactions, Statements: t.Open.Statements, OldestSeconds: at.since(t.Open.Oldest)}
	last := t.Store.LastCheckpoint
	s.Checkpoint = wire.CheckpointStatus{Count: t.Store.Checkpoints, Running: t.Store.CheckpointRunning,
		AgeSeconds: at.since(at.folded()), LastSeconds: last.Took.Seconds(), LastBytes: last.Bytes}
	return s
}

func (s *Server) status(c *Call) error {
	report := StatusOfStore(c.DB)
	if s.draining.Load() {
		report.Status = "draining"
	} else if !report.Store.Writable {
		report.Status = "failed"
	}
	report.Open.Requests, report.Open.Connections = s.calls.running(), s.sessions.count()
	if s.cfg.Auth {
		report.Tokens = map[string]int{}
		for r := auth.Reader; r <= auth.Admin; r++ {
			report.Tokens[r.String()] = 0
		}
		for _, t := range c.DB.Tokens().List() {
			report.Tokens[t.Role.String()]++
		}
	}
	body, err := report.Append(nil)
	if err != nil {
		return err
	}
	c.Reply(append(body, '\n'))
	return nil
}
