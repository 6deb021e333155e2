package main

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/setting"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
)

// A request that cannot be stopped bounds the stop by the drain time, is told of, and
// leaves no folder of the demo behind.
func TestStopIsBounded(t *testing.T) {
	set := setting.New()
	if err := set.Load(setting.FromFlag, map[string]string{"drain-time": "200ms"}); err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	v := &served{a: &app{}, set: set, demo: true, log: slog.New(slog.NewTextHandler(&log, nil))}
	var err error
	if v.front, err = front.New(front.Config{Listen: "127.0.0.1:0", Logger: v.log}); err != nil {
		t.Fatal(err)
	}
	entered, leave, left := make(chan struct{}), make(chan struct{}), make(chan struct{})
	v.front.Handle("GET", "/stuck", front.ForReaders, func(*front.Call) error {
		defer close(left)
		close(entered)
		<-leave
		return nil
	})
	if err := v.front.Listen(); err != nil {
		t.Fatal(err)
	}
	if v.db, err = kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, Logger: slog.New(slog.DiscardHandler)}); err != nil {
		t.Fatal(err)
	}
	v.front.Ready(v.db)
	served, asked := make(chan error, 1), make(chan struct{})
	go func() { served <- v.front.Serve() }()
	go func() {
		defer close(asked)
		if res, err := http.Get(v.front.URL() + "/stuck"); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	at := time.Now()
	if err := v.stop(nil); status.CodeOf(err) != status.Draining || exitCode(err) != exitUnavailable {
		t.Errorf("it ends with %v", err)
	}
	if took := time.Since(at); took > 20*time.Second {
		t.Errorf("stopping took %v", took)
	}
	if !strings.Contains(log.String(), "without closing the store") {
		t.Errorf("the log is %s", &log)
	}
	if _, err := os.Stat(v.db.Dir()); !os.IsNotExist(err) {
		t.Errorf("the demo's folder is there: %v", err)
	}
	close(leave)
	<-left
	<-asked
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := v.db.Close(); err != nil {
		t.Log("closing what is gone:", err)
	}
}

// Two signals at once are one, and the demo's folder goes.
func TestTwoSignalsAtOnce(t *testing.T) {
	dir := t.TempDir()
	cmd := run{args: []string{"serve", "--demo", "--listen", "127.0.0.1:0", "--memory", "200MiB"}, env: []string{"TMPDIR=" + dir}}.command()
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for range 200 {
		if found, err := filepath.Glob(filepath.Join(dir, "kadedb-*", "wal")); err == nil && len(found) > 0 {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	for range 3 {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			break // it has ended
		}
		time.Sleep(2 * time.Millisecond)
	}
	err := cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code == exitInterrupted && !strings.Contains(errs.String(), "KDB-4009") {
		t.Errorf("it ends with %v: %s", err, &errs)
	}
	left, err := filepath.Glob(filepath.Join(dir, "kadedb-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
