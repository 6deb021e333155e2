package nodews_test

import (
	"bufio"
	"context"
	"errors"
	"log/slog"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/server/ws"
)

// A client that was written from the page alone agrees with the server.
func TestConformance(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("SKIPPED, NOT PASSED: node is not installed, so that nothing of the protocol was checked from outside")
	}
	log := slog.New(slog.DiscardHandler)
	f, err := front.New(front.Config{Listen: "127.0.0.1:0", Auth: true, BodySize: 1 << 20, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	rest.Register(f)
	ws.Register(f, ws.Options{})
	if err := f.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve() }()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 256 << 20, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	_, admin, err := db.Tokens().Create("", auth.Admin)
	if err != nil {
		t.Fatal(err)
	}
	_, reader, err := db.Tokens().Create("", auth.Reader)
	if err != nil {
		t.Fatal(err)
	}
	f.Ready(db)
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, node, "conformance.mjs", "ws"+strings.TrimPrefix(f.URL(), "http")+"/v1/ws", admin, reader, "--drain")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	checks, drained := 0, make(chan error, 1)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		switch {
		case line == "drain":
			go func() { drained <- f.Drain(2 * time.Second) }()
		case strings.HasPrefix(line, "ok "):
			checks++
		default:
			t.Log(line)
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("node: %v", err)
		go func() { drained <- f.Drain(2 * time.Second) }()
	}
	if checks < 25 && !t.Failed() {
		t.Errorf("only %d checks", checks)
	}
	if err := errors.Join(<-drained, <-served, db.Close()); err != nil {
		t.Error(err)
	}
}
