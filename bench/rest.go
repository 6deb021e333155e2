package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb/bench/server"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/value"
)

// overREST measures the real server on the store, which must be closed here.
func (c *contest) overREST(ctx context.Context, binary string, reads int, length time.Duration) (_ []figure, err error) {
	s, err := server.Start(ctx, binary, c.dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Stop()) }()
	out := []figure{{Name: "the server's start until it is ready", Value: ms(s.Ready), Unit: "ms"}}
	names := c.g.Label("Person").Column("name").Strs
	var took []time.Duration
	for i := range reads {
		id := (i*7919)%len(names) + 1
		start := time.Now()
		rows, err := s.Client.Query(ctx, client.Request{Query: "MATCH (p:Person {id: $id}) RETURN p.name AS name, p.age AS age",
			Params: map[string]value.Value{"id": value.Int(int64(id))}})
		if err != nil {
			return nil, err
		}
		name := ""
		for rows.Next() {
			name = rows.Values()[0].AsString()
		}
		if err := rows.Close(); err != nil {
			return nil, err
		}
		took = append(took, time.Since(start))
		if name != names[id-1] {
			return nil, fmt.Errorf("person %d over REST is %q instead of %q", id, name, names[id-1])
		}
	}
	took = took[len(took)/10:]
	out = append(out, figure{Name: "point read over REST on loopback, p50", Value: micros(median(took)), Unit: "µs", Aim: 120},
		figure{Name: "point read over REST on loopback, p99", Value: micros(quantile(took, 0.99)), Unit: "µs"})
	many, err := c.throughDoors(ctx, s, length)
	if out = append(out, many...); err != nil {
		return out, err
	}
	idle, err := idleConnections(ctx, s, reads)
	if out = append(out, idle); err != nil {
		return out, err
	}
	writes, err := c.restWriters(ctx, s, length)
	return append(out, writes...), err
}

// restWriters has twelve clients commit at once.
func (c *contest) restWriters(ctx context.Context, s *server.Server, length time.Duration) ([]figure, error) {
	const clients = 12
	before, err := s.Metric("kadedb_log_syncs_total")
	if err != nil {
		return nil, err
	}
	var done atomic.Int64
	errs := make([]error, clients)
	var wait sync.WaitGroup
	start := time.Now()
	people := int64(c.g.Label("Person").N)
	for k := range int64(clients) {
		wait.Go(func() {
			for i := k; time.Since(start) < length; i += clients {
				_, err := s.Client.Exec(ctx, client.Request{Query: "MATCH (a:Person {id: $a}), (b:Person {id: $b}) CREATE (a)-[:KNOWS]->(b)",
					Params: map[string]value.Value{"a": value.Int(i%people + 1), "b": value.Int((i*7)%people + 1)}})
				if err != nil && i != k {
					continue // a conflict: the next
				}
				if errs[k] = err; err != nil {
					return
				}
				done.Add(1)
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	after, err := s.Metric("kadedb_log_syncs_total")
	if err != nil {
		return nil, err
	}
	return []figure{
		{Name: "durable writes over REST, 12 clients", Value: float64(done.Load()) / took.Seconds(), Unit: "1/s"},
		{Name: "commits a sync over REST, 12 clients", Value: float64(done.Load()) / (after - before), Unit: "", Aim: 3, Least: true},
	}, nil
}
