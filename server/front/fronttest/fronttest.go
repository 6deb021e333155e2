// Package fronttest serves a store of its own for the tests of a front end:
//
//	s := fronttest.Start(t, front.Config{BodySize: 1 << 20}, kadedb.Options{Memory: 256 << 20}, rest.Register)
//	// s.URL is asked with s.Token[auth.Reader]; the log is s.Log
//
// It is not for programs.
package fronttest

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
)

// Server is a served store, with a token of each role. It ends with the test.
type Server struct {
	Front     *front.Server
	DB        *kadedb.DB
	URL, Host string
	Token     map[auth.Role]string
	ID        map[auth.Role]string
	Log       *Log
	// Closing is the error that closing the store has to give, where it has to.
	Closing status.Code
}

// Log keeps what was logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write is part of io.Writer.
func (l *Log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// Start serves at a free port of this machine.
func Start(t testing.TB, c front.Config, o kadedb.Options, register func(*front.Server)) *Server {
	t.Helper()
	s := &Server{Log: &Log{}, Token: map[auth.Role]string{}, ID: map[auth.Role]string{}}
	log := slog.New(slog.NewTextHandler(s.Log, nil))
	c.Listen, c.Logger, o.Logger = "127.0.0.1:0", log, log
	var err error
	if s.Front, err = front.New(c); err != nil {
		t.Fatal(err)
	}
	register(s.Front)
	if err := s.Front.Listen(); err != nil {
		t.Fatal(err)
	}
	s.URL = s.Front.URL()
	_, s.Host, _ = strings.Cut(s.URL, "://")
	served := make(chan error, 1)
	go func() { served <- s.Front.Serve() }()
	if s.DB, err = kadedb.OpenTemporary(&o); err != nil {
		t.Fatal(err)
	}
	for r := auth.Reader; r <= auth.Admin; r++ {
		token, secret, err := s.DB.Tokens().Create(r.String(), r)
		if err != nil {
			t.Fatal(err)
		}
		s.Token[r], s.ID[r] = secret, token.ID
	}
	s.Front.Ready(s.DB)
	t.Cleanup(func() {
		if err := s.Front.Drain(5 * time.Second); err != nil {
			t.Errorf("draining: %v", err)
		}
		if err := <-served; err != nil {
			t.Errorf("serving: %v", err)
		}
		if err := s.DB.Close(); err != nil && status.CodeOf(err) != s.Closing {
			t.Errorf("closing: %v", err)
		}
	})
	return s
}

// Eventually waits until cond holds.
func Eventually(t testing.TB, what string, cond func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !cond(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("not within 10 s: %s", what)
		}
	}
}
