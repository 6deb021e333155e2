package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/kadedb/kadedb/bench/server"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/value"
)

const readPerson = "MATCH (p:Person {id: $id}) RETURN p.name AS name, p.age AS age"

// reader asks for one person's name.
type reader func(ctx context.Context, id int64) (string, error)

// door is a way to ask the server.
type door struct {
	name string
	open func(context.Context) (reader, func() error, error)
}

func doors(s *server.Server) []door {
	params := func(id int64) map[string]value.Value { return map[string]value.Value{"id": value.Int(id)} }
	return []door{
		{"WebSocket", func(ctx context.Context) (reader, func() error, error) {
			conn, err := s.Client.Dial(ctx)
			if err != nil {
				return nil, nil, err
			}
			return func(ctx context.Context, id int64) (name string, err error) {
				rows, err := conn.Query(ctx, client.StreamRequest{Request: client.Request{Query: readPerson, Params: params(id)}})
				if err != nil {
					return "", err
				}
				for rows.Next() {
					name = rows.Values()[0].AsString()
				}
				return name, rows.Close()
			}, conn.Close, nil
		}},
		{"REST", func(context.Context) (reader, func() error, error) {
			return func(ctx context.Context, id int64) (name string, err error) {
				rows, err := s.Client.Query(ctx, client.Request{Query: readPerson, Params: params(id)})
				if err != nil {
					return "", err
				}
				for rows.Next() {
					name = rows.Values()[0].AsString()
				}
				return name, rows.Close()
			}, func() error { return nil }, nil
		}},
	}
}

// throughDoors measures point reads by 1, 8 and 64 clients over WebSocket and REST.
// Clients and server share the machine: what the server itself can is requests for
// each second that it computed.
func (c *contest) throughDoors(ctx context.Context, s *server.Server, length time.Duration) (out []figure, err error) {
	if out, err = c.overhead(ctx, s, length); err != nil {
		return out, err
	}
	for _, clients := range []int{1, 8, 64} {
		for _, d := range doors(s) {
			took, cpu, err := c.readers(ctx, s, d, clients, length)
			if err != nil {
				return out, fmt.Errorf("%d clients over %s: %w", clients, d.name, err)
			}
			name := fmt.Sprintf("point read over %s, %d clients", d.name, clients)
			p50 := figure{Name: name + ", p50", Value: micros(median(took)), Unit: "µs"}
			core := figure{Name: name + ", a core", Value: float64(len(took)) / cpu, Unit: "1/s"}
			if clients == 1 {
				p50.Aim = 120
			}
			if d.name == "WebSocket" && clients == 64 {
				core.Aim, core.Least = 20_000, true
			}
			out = append(out, p50, figure{Name: name + ", p99", Value: micros(quantile(took, 0.99)), Unit: "µs"}, core)
		}
	}
	return out, nil
}

// overhead measures what the server adds to reads of one client.
func (c *contest) overhead(ctx context.Context, s *server.Server, length time.Duration) ([]figure, error) {
	bare, err := bareExchange(ctx, 5_000)
	if err != nil {
		return nil, err
	}
	exchange := micros(median(bare))
	out := []figure{{Name: fmt.Sprintf("bare exchange of %d bytes between two processes, p50", echoAsked), Value: exchange, Unit: "µs"}}
	for _, d := range bareDoors(s) {
		took, _, err := c.readers(ctx, s, d, 1, length)
		if err != nil {
			return out, fmt.Errorf("a bare client over %s: %w", d.name, err)
		}
		p50 := micros(median(took))
		if c.byText > 0 {
			out = append(out, figure{Name: "added over " + d.name + " to the same read in the process", Value: p50 - c.byText, Unit: "µs", Aim: 60,
				Note: fmt.Sprintf("p50 of a bare client %.1f, in the process %.1f; %.1f beyond the bare exchange", p50, c.byText, p50-c.byText-exchange)})
		}
	}
	return out, nil
}

// readers has clients read at once, and returns each read's time and the seconds that
// the server computed meanwhile.
func (c *contest) readers(ctx context.Context, s *server.Server, d door, clients int, length time.Duration) (all []time.Duration, cpu float64, err error) {
	names := c.g.Label("Person").Column("name").Strs
	took, errs := make([][]time.Duration, clients), make([]error, clients)
	asks := make([]reader, clients)
	for k := range asks {
		ask, end, err := d.open(ctx)
		if err != nil {
			return nil, 0, err
		}
		defer func() { err = errors.Join(err, end()) }()
		asks[k] = ask
	}
	before, err := s.Metric("process_cpu_seconds_total")
	if err != nil {
		return nil, 0, err
	}
	var wait sync.WaitGroup
	began := time.Now()
	for k := range clients {
		wait.Go(func() {
			for i := k; time.Since(began) < length; i += clients {
				id, start := (i*7919)%len(names)+1, time.Now()
				name, err := asks[k](ctx, int64(id))
				if err == nil && name != names[id-1] {
					err = fmt.Errorf("person %d is %q instead of %q", id, name, names[id-1])
				}
				if errs[k] = err; err != nil {
					return
				}
				took[k] = append(took[k], time.Since(start))
			}
		})
	}
	wait.Wait()
	after, err := s.Metric("process_cpu_seconds_total")
	if err != nil {
		return nil, 0, err
	}
	count := 0
	for _, t := range took {
		count += len(t)
		all = append(all, t[len(t)/10:]...)
	}
	if err := errors.Join(errs...); err != nil || count == 0 {
		return nil, 0, err
	}
	return all, max(after-before, 0.01) * float64(len(all)) / float64(count), nil
}

// idleConnections measures the memory that connections take which do nothing.
func idleConnections(ctx context.Context, s *server.Server, n int) (f figure, err error) {
	const metric = "process_resident_memory_bytes"
	before, err := s.Metric(metric)
	if err != nil {
		return f, err
	}
	conns := make([]*client.Conn, n)
	defer func() {
		var ends []error
		for _, conn := range conns {
			if conn != nil {
				ends = append(ends, conn.Close())
			}
		}
		err = errors.Join(append(ends, err)...)
	}()
	for i := range conns {
		if conns[i], err = s.Client.Dial(ctx); err != nil {
			return f, fmt.Errorf("connection %d: %w", i, err)
		}
	}
	after, err := s.Metric(metric)
	return figure{Name: fmt.Sprintf("memory of %d idle WebSockets", n), Value: (after - before) / (1 << 20), Unit: "MiB",
		Aim: 1024 * float64(n) / 10_000, Note: fmt.Sprintf("%.1f KiB each", (after-before)/1024/float64(n))}, err
}
