// Package server runs the real command `kadedb serve` in a process of its own, for
// what has to be measured or killed from outside:
//
//	s, err := server.Start(ctx, binary, dir)
//	rows, err := s.Client.Query(ctx, client.Request{Query: "RETURN 1"})
//	err = s.Kill() // kill -9
package server

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/client"
)

// Server is a running server without tokens on this machine's loopback.
type Server struct {
	URL    string
	Client *client.Client
	Ready  time.Duration // from the start of the process to the first yes of /readyz

	cmd  *exec.Cmd
	log  *bytes.Buffer
	done chan error
}

// Build builds the command into dir and returns its path. The working directory must
// be in this module.
func Build(ctx context.Context, dir string) (string, error) {
	path, err := filepath.Abs(filepath.Join(dir, "kadedb"))
	if err != nil {
		return "", err
	}
	cmd := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/kadedb/kadedb/cmd/kadedb")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building the server: %w\n%s", err, out)
	}
	return path, nil
}

// startTime bounds how long a server may take until it is ready.
const startTime = 2 * time.Minute

// Start serves the store in data, made where there is none, and returns when the
// server is ready.
func Start(ctx context.Context, binary, data string, flags ...string) (*Server, error) {
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	args := append([]string{"serve", "--data", data, "--listen", address, "--auth", "off", "--log-level", "warn"}, flags...)
	s := &Server{URL: "http://" + address, cmd: exec.CommandContext(ctx, binary, args...), log: &bytes.Buffer{}, done: make(chan error, 1)}
	s.cmd.Stdout, s.cmd.Stderr = s.log, s.log
	if s.Client, err = client.New(s.URL, ""); err != nil {
		return nil, err
	}
	start := time.Now()
	if err := s.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { s.done <- s.cmd.Wait() }()
	for {
		select {
		case err := <-s.done:
			return nil, fmt.Errorf("the server ended: %v\n%s", err, s.log)
		case <-time.After(2 * time.Millisecond):
		}
		if _, err := s.get("/readyz"); err == nil {
			s.Ready = time.Since(start)
			return s, nil
		}
		if time.Since(start) > startTime {
			err := s.Kill()
			return nil, fmt.Errorf("the server is not ready after %v (%v)\n%s", startTime, err, s.log)
		}
	}
}

// freeAddress returns one that nobody listens on now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}

func (s *Server) get(path string) ([]byte, error) {
	res, err := http.Get(s.URL + path)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s answers %s", path, res.Status)
	}
	return b, err
}

// Metric returns one figure of /metrics.
func (s *Server) Metric(name string) (float64, error) {
	b, err := s.get("/metrics")
	if err != nil {
		return 0, err
	}
	for _, line := range strings.Split(string(b), "\n") {
		if v, ok := strings.CutPrefix(line, name+" "); ok {
			return strconv.ParseFloat(v, 64)
		}
	}
	return 0, fmt.Errorf("/metrics has no %s", name)
}

// Pid returns the process's id.
func (s *Server) Pid() int { return s.cmd.Process.Pid }

// Kill ends the process with SIGKILL.
func (s *Server) Kill() error {
	if err := s.cmd.Process.Kill(); err != nil {
		return err
	}
	<-s.done // says that it was killed
	s.Client.Close()
	return nil
}

// Stop asks the server to end, and waits.
func (s *Server) Stop() error {
	if err := s.cmd.Process.Signal(os.Interrupt); err != nil {
		return err
	}
	err := <-s.done
	s.Client.Close()
	if err != nil {
		return fmt.Errorf("the server ended with %w\n%s", err, s.log)
	}
	return nil
}
