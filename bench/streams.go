package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/kadedb/kadedb/bench/gen"
	"github.com/kadedb/kadedb/bench/server"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
)

// All sales as five columns through every door: rows for each second that the server
// computed, and what it holds meanwhile.

const saleColumns = "MATCH (s:Sale) RETURN s.id AS id, s.buyer AS buyer, s.price AS price, s.day AS day, s.city AS city"

const arrowStream = "application/vnd.apache.arrow.stream"

// checksum is of rows in any order, as NDJSON has them.
type checksum struct {
	rows int64
	sum  uint64
	line []byte
}

var checksumSeed = maphash.MakeSeed()

func (c *checksum) add(line []byte) {
	c.rows++
	c.sum += maphash.Bytes(checksumSeed, line)
}

func (c *checksum) row(id, buyer, price, day, city value.Value) {
	r := gen.SaleRow{ID: id.AsInt(), Buyer: buyer.AsString(), Price: price.AsFloat(), Day: day.Days(), City: city.AsString()}
	c.line = r.AppendAnswer(c.line[:0])
	c.add(c.line)
}

// is compares with what was wanted.
func (c *checksum) is(want *checksum) error {
	if c.rows != want.rows || c.sum != want.sum {
		return fmt.Errorf("%d rows that sum up to %x instead of %d and %x", c.rows, c.sum, want.rows, want.sum)
	}
	return nil
}

func (s *sales) checksum() *checksum {
	c := &checksum{}
	for i := range s.N {
		r := s.Row(i)
		c.line = r.AppendAnswer(c.line[:0])
		c.add(c.line)
	}
	return c
}

// stream is a way for many rows.
type stream struct {
	name string
	aim  float64
	// read reads the whole answer, and returns what is left to do with it: that is not timed.
	read func(ctx context.Context, s *server.Server, sum *checksum) (later func() error, err error)
}

var streams = []stream{
	{"NDJSON", 1e6, readLines},
	{"Arrow", 5e6, readArrow},
	{"WebSocket, CBOR", 0, readWebSocket},
}

// ask sends the query over HTTP, without compression.
func ask(ctx context.Context, s *server.Server, accept string) (io.ReadCloser, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.URL+"/v1/query", strings.NewReader(`{"query":"`+saleColumns+`"}`))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", accept)
	req.Header.Set("Accept-Encoding", "identity")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the server answers %s", res.Status), res.Body.Close())
	}
	return res.Body, nil
}

func nothing() error { return nil }

func readLines(ctx context.Context, s *server.Server, sum *checksum) (later func() error, err error) {
	body, err := ask(ctx, s, "application/x-ndjson")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, body.Close()) }()
	buf, have := make([]byte, 1<<18), 0
	var last []byte
	for {
		n, err := body.Read(buf[have:])
		have += n
		from := 0
		for {
			end := bytes.IndexByte(buf[from:have], '\n')
			if end < 0 {
				break
			}
			if line := buf[from : from+end]; line[0] == '[' {
				sum.add(line)
			} else {
				last = append(last[:0], line...)
			}
			from += end + 1
		}
		have = copy(buf, buf[from:have])
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if have > 0 || !bytes.Contains(last, []byte(`"stats"`)) {
		return nil, fmt.Errorf("the answer ends with %q", last)
	}
	return nothing, nil
}

func readArrow(ctx context.Context, s *server.Server, sum *checksum) (later func() error, err error) {
	body, err := ask(ctx, s, arrowStream)
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(body)
	if err = errors.Join(err, body.Close()); err != nil {
		return nil, err
	}
	return func() error {
		return tabular.ReadRowStream(bytes.NewReader(b), func(c []column.Vector, n int) error {
			for r := range n {
				sum.row(c[0].Value(r), c[1].Value(r), c[2].Value(r), c[3].Value(r), c[4].Value(r))
			}
			return nil
		})
	}, nil
}

func readWebSocket(ctx context.Context, s *server.Server, sum *checksum) (later func() error, err error) {
	conn, err := s.Client.Dial(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	rows, err := conn.Query(ctx, client.StreamRequest{Request: client.Request{Query: saleColumns}, Credit: 1 << 16})
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		v := rows.Values()
		sum.row(v[0], v[1], v[2], v[3], v[4])
	}
	return nothing, rows.Close()
}

// streamed measures the streams, and readers that are slow.
func (s *sales) streamed(ctx context.Context, length time.Duration) (out []figure, err error) {
	srv, err := server.Start(ctx, s.binary, s.store)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, srv.Stop()) }()
	w := watch(srv.Pid())
	defer w.end()
	idle := w.take()
	want := s.checksum()
	for _, d := range streams {
		f, err := s.one(ctx, srv, d, want)
		if err != nil {
			return out, fmt.Errorf("%s: %w", d.name, err)
		}
		out = append(out, f)
	}
	m, err := memoryAbove(srv, w, idle, "while they streamed")
	if out = append(out, m); err != nil {
		return out, err
	}
	if err := slowReaders(ctx, srv, length); err != nil {
		return out, err
	}
	m, err = memoryAbove(srv, w, idle, fmt.Sprintf("with %d readers of 1 KiB a second", 3*slowOfEach))
	return append(out, m), err
}

const streamRuns = 5

// one measures one stream, after a run that warms up.
func (s *sales) one(ctx context.Context, srv *server.Server, d stream, want *checksum) (f figure, err error) {
	const metric = "process_cpu_seconds_total"
	cpu, wall := 0.0, time.Duration(0)
	for i := range streamRuns + 1 {
		before, err := srv.Metric(metric)
		if err != nil {
			return f, err
		}
		var sum checksum
		start := time.Now()
		later, err := d.read(ctx, srv, &sum)
		if err != nil {
			return f, err
		}
		took := time.Since(start)
		after, err := srv.Metric(metric)
		if err == nil {
			err = later()
		}
		if err == nil {
			err = sum.is(want)
		}
		if err != nil {
			return f, err
		}
		if i > 0 {
			cpu, wall = cpu+after-before, wall+took
		}
	}
	cpu = max(cpu, 0.01)
	return figure{Name: fmt.Sprintf("%d rows of five columns, %s", s.N, d.name), Value: streamRuns * float64(s.N) / cpu, Unit: "rows/s/core", Aim: d.aim, Least: true,
		Note: fmt.Sprintf("%.2f s computed by the server each time, %.2f s passed", cpu/streamRuns, wall.Seconds()/streamRuns)}, nil
}

// memoryAbove returns what the server held at most since it was asked last, beyond what
// it held before any work and the blocks that it has cached since.
func memoryAbove(srv *server.Server, w *watcher, idle int64, when string) (figure, error) {
	cached, err := srv.Metric("kadedb_block_cache_bytes")
	peak := w.take()
	return figure{Name: "memory above idle " + when, Value: (float64(peak-idle) - cached) / (1 << 20), Unit: "MiB", Aim: 32,
		Note: fmt.Sprintf("%.1f MiB at most, %.1f idle, %.1f of cached blocks", float64(peak)/(1<<20), float64(idle)/(1<<20), cached/(1<<20))}, err
}

const slowOfEach = 4

// slowReaders has readers of each kind take 1 KiB a second for some time.
func slowReaders(ctx context.Context, srv *server.Server, length time.Duration) error {
	host := strings.TrimPrefix(srv.URL, "http://")
	body := `{"query":"` + saleColumns + `"}`
	post := func(accept string) []byte {
		return fmt.Appendf(nil, "POST /v1/query HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nAccept: %s\r\nContent-Length: %d\r\n\r\n%s",
			host, accept, len(body), body)
	}
	messages := frame(frame(nil, `{"type":"init"}`), `{"type":"query","id":1,"query":"`+saleColumns+`"}`)
	var wait sync.WaitGroup
	asks := [][2][]byte{{post("application/x-ndjson")}, {post(arrowStream)}, {upgrade(host), messages}}
	errs := make([]error, slowOfEach*len(asks))
	for k := range errs {
		wait.Go(func() { errs[k] = readSlowly(ctx, host, asks[k%len(asks)], length) })
	}
	wait.Wait()
	return errors.Join(errs...)
}

// readSlowly sends the first text and, if there is one, the second once the first was answered.
func readSlowly(ctx context.Context, host string, ask [2][]byte, length time.Duration) (err error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", host)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if _, err := conn.Write(ask[0]); err != nil {
		return err
	}
	part := make([]byte, 1<<10)
	if ask[1] != nil {
		n, err := conn.Read(part)
		if err == nil && !bytes.HasSuffix(part[:n], []byte("\r\n\r\n")) {
			err = fmt.Errorf("the server answers %q", part[:n])
		}
		if err == nil {
			_, err = conn.Write(ask[1])
		}
		if err != nil {
			return err
		}
	}
	for start := time.Now(); time.Since(start) < length; time.Sleep(min(time.Second, length/4)) {
		if _, err := io.ReadFull(conn, part); err != nil {
			return err
		}
	}
	return nil
}
