// Package peer drives LadybugDB, the engine that bench compares with, in one Node
// process. It installs itself from npm into a folder given, once.
//
//	p, err := peer.Start(ctx, "bench/.cache")
//	r, err := p.Query("social", "MATCH (p:Person) RETURN count(*) AS n", nil)
//	fmt.Println(r.Rows, r.Elapsed)
//
// Times are measured inside the process, around the call alone. A store is in memory,
// and made when it is first named.
package peer

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// Package is the npm package and the version compared with.
const Package = "@ladybugdb/core@0.19.1"

//go:embed driver.js
var driver []byte

// Peer is a running process. It answers one question at a time.
type Peer struct {
	Version string

	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// Start installs the package below dir where it is not, and starts the process.
func Start(ctx context.Context, dir string) (*Peer, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := install(ctx, dir); err != nil {
		return nil, err
	}
	script := filepath.Join(dir, "driver.js")
	if err := os.WriteFile(script, driver, 0o644); err != nil {
		return nil, err
	}
	p := &Peer{cmd: exec.CommandContext(ctx, "node", script)}
	p.cmd.Dir, p.cmd.Stderr = dir, os.Stderr
	if p.in, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.out = bufio.NewReaderSize(out, 1<<20)
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("node does not start: %w", err)
	}
	a, err := p.ask(request{Version: true})
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.Version = a.Version
	return p, nil
}

func install(ctx context.Context, dir string) error {
	if _, err := os.Stat(filepath.Join(dir, "node_modules", "@ladybugdb", "core", "package.json")); err == nil {
		return nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "package.json"), []byte(`{"private": true}`), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--loglevel=error", Package)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install %s in %s: %w\n%s", Package, dir, err, out)
	}
	return nil
}

type request struct {
	Store   string         `json:"store,omitempty"`
	Path    string         `json:"path,omitempty"`
	Text    string         `json:"text,omitempty"`
	Params  map[string]any `json:"params,omitempty"`
	Prepare bool           `json:"prepare,omitempty"`
	Many    []int64        `json:"many,omitempty"`
	Close   bool           `json:"close,omitempty"`
	Version bool           `json:"version,omitempty"`
	RSS     bool           `json:"rss,omitempty"`
}

type answer struct {
	Columns []string  `json:"columns"`
	Rows    [][]any   `json:"rows"`
	MS      float64   `json:"ms"`
	Times   []float64 `json:"times"`
	Version string    `json:"version"`
	RSS     int64     `json:"rss"`
	Error   string    `json:"error"`
}

// Result is an answer. Numbers are float64.
type Result struct {
	Columns []string
	Rows    [][]any
	Elapsed time.Duration
}

func (p *Peer) ask(r request) (*answer, error) {
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	if _, err := p.in.Write(append(b, '\n')); err != nil {
		return nil, fmt.Errorf("the peer ended: %w", err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, fmt.Errorf("the peer ended: %w", err)
	}
	var a answer
	if err := json.Unmarshal(line, &a); err != nil {
		return nil, fmt.Errorf("the peer's answer %q: %w", line, err)
	}
	if a.Error != "" {
		return nil, fmt.Errorf("the peer refuses: %s", a.Error)
	}
	return &a, nil
}

func (p *Peer) result(r request) (Result, error) {
	a, err := p.ask(r)
	if err != nil {
		return Result{}, err
	}
	return Result{a.Columns, a.Rows, time.Duration(a.MS * float64(time.Millisecond))}, nil
}

// Exec runs a text as it stands.
func (p *Peer) Exec(store, text string) (Result, error) {
	return p.result(request{Store: store, Text: text})
}

// Query runs a statement that is prepared once: the time is that of its run alone.
func (p *Peer) Query(store, text string, params map[string]any) (Result, error) {
	return p.result(request{Store: store, Text: text, Params: params, Prepare: true})
}

// Many runs a prepared statement once for each value of $id, and returns the times.
func (p *Peer) Many(store, text string, ids []int64) ([]time.Duration, error) {
	a, err := p.ask(request{Store: store, Text: text, Many: ids})
	if err != nil {
		return nil, err
	}
	out := make([]time.Duration, len(a.Times))
	for i, t := range a.Times {
		out[i] = time.Duration(t * float64(time.Millisecond))
	}
	return out, nil
}

// Open opens the store in the file at path, made where it is not, and asks it: the
// time is that of both.
func (p *Peer) Open(store, path, text string) (Result, error) {
	return p.result(request{Store: store, Path: path, Text: text})
}

// CloseStore closes a store.
func (p *Peer) CloseStore(store string) error {
	_, err := p.ask(request{Store: store, Close: true})
	return err
}

// Resident returns the resident bytes of the process.
func (p *Peer) Resident() (int64, error) {
	a, err := p.ask(request{RSS: true})
	if err != nil {
		return 0, err
	}
	return a.RSS, nil
}

// Close ends the process.
func (p *Peer) Close() error {
	if err := p.in.Close(); err != nil {
		return err
	}
	return p.cmd.Wait()
}
