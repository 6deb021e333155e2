package main

import (
	"errors"
	"os"
	"path/filepath"
	"time"
)

// bareSync times 4 KiB writes with fdatasync into a file that is as long already: the
// floor under every durable commit.
func bareSync(dir string, length time.Duration) (_ []figure, err error) {
	f, err := os.Create(filepath.Join(dir, "bare"))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close(), os.Remove(f.Name())) }()
	const size = 32 << 20
	if _, err := f.Write(make([]byte, size)); err != nil {
		return nil, err
	}
	if err := f.Sync(); err != nil {
		return nil, err
	}
	var took []time.Duration
	page := make([]byte, 4096)
	for start := time.Now(); time.Since(start) < length; {
		page[0]++
		at := time.Now()
		if _, err := f.WriteAt(page, int64(len(took)*len(page)%size)); err != nil {
			return nil, err
		}
		if err := syncData(f); err != nil {
			return nil, err
		}
		took = append(took, time.Since(at))
	}
	return []figure{
		{Name: "bare preallocated 4 KiB write + fdatasync, p50", Value: micros(median(took)), Unit: "µs"},
		{Name: "bare preallocated 4 KiB write + fdatasync, p99", Value: micros(quantile(took, 0.99)), Unit: "µs"},
	}, nil
}
