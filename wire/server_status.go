package wire

import (
	"encoding/json"

	"github.com/kadedb/kadedb/status"
)

// ServerStatus is the answer of GET /v1/status. Sizes are in bytes.
type ServerStatus struct {
	Status        string           `json:"status"` // ready; as /readyz says it
	Version       string           `json:"version"`
	UptimeSeconds float64          `json:"uptime_seconds"`
	Store         StoreStatus      `json:"store"`
	Memory        MemoryStatus     `json:"memory"`
	Open          OpenStatus       `json:"open"`
	Checkpoint    CheckpointStatus `json:"checkpoint"`
	Tokens        map[string]int   `json:"tokens,omitempty"` // how many of each role
}

// StoreStatus is what the store holds.
type StoreStatus struct {
	Nodes              int64 `json:"nodes"`
	Relationships      int64 `json:"relationships"`
	Commits            int64 `json:"commits"`
	FileBytes          int64 `json:"file_bytes"`
	FreeBytes          int64 `json:"free_bytes"`
	LogBytes           int64 `json:"log_bytes"`
	LogSinceCheckpoint int64 `json:"log_since_checkpoint_bytes"`
	Writable           bool  `json:"writable"`
}

// MemoryStatus is who uses how much of the budget.
type MemoryStatus struct {
	UsedBytes  int64            `json:"used_bytes"`
	PeakBytes  int64            `json:"peak_bytes"`
	LimitBytes int64            `json:"limit_bytes"`
	Accounts   map[string]int64 `json:"accounts"`
}

// OpenStatus is what is under way.
type OpenStatus struct {
	Transactions  int     `json:"transactions"`
	Statements    int     `json:"statements"`
	OldestSeconds float64 `json:"oldest_seconds"`
	Requests      int     `json:"requests"`
	Connections   int     `json:"connections"`
}

// CheckpointStatus is of the checkpoints since the store was opened.
type CheckpointStatus struct {
	Count       int64   `json:"count"`
	Running     bool    `json:"running"`
	AgeSeconds  float64 `json:"age_seconds"` // of the last, or since the store was opened
	LastSeconds float64 `json:"last_seconds"`
	LastBytes   int64   `json:"last_bytes"`
}

// Append writes the status as JSON.
func (s *ServerStatus) Append(dst []byte) ([]byte, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return dst, status.Errorf(status.Internal, "the status cannot be written: %w", err)
	}
	return append(dst, b...), nil
}

// DecodeServerStatus reads what Append wrote.
func DecodeServerStatus(b []byte) (s ServerStatus, err error) {
	if err := json.Unmarshal(b, &s); err != nil || s.Version == "" {
		return s, status.Errorf(status.Unreachable, "that is not the status of a KadeDB server")
	}
	return s, nil
}
