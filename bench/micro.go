package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// figure is a measured number that is not a query's time.
type figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"`
	Peer  float64 `json:"peer,omitempty"`
	Aim   float64 `json:"aim,omitempty"`
	Least bool    `json:"at_least,omitempty"` // the aim is a lower bound
	Note  string  `json:"note,omitempty"`
}

func (f figure) String() string {
	number := func(x float64) string {
		switch {
		case x >= 1000:
			return fmt.Sprintf("%.0f", x)
		}
		return fmt.Sprintf("%.3g", x)
	}
	aim, peer, mark := "-", "-", ""
	if f.Peer > 0 {
		peer = number(f.Peer)
	}
	if f.Aim > 0 {
		aim = "≤ " + number(f.Aim)
		if f.Least {
			aim = "≥ " + number(f.Aim)
		}
		if f.Least && f.Value < f.Aim || !f.Least && f.Value > f.Aim {
			mark = "misses its aim "
		}
	}
	return fmt.Sprintf("%-52s %10s %-12s %10s %10s  %s%s", f.Name, number(f.Value), f.Unit, peer, aim, mark, f.Note)
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }

// pointReads times reads by the indexed id: prepared, and by text with a parameter.
func (c *contest) pointReads(ctx context.Context, n int) ([]figure, error) {
	const text = readPerson
	p, err := c.db.Prepare(text)
	if err != nil {
		return nil, err
	}
	ids := c.someIDs(n)
	prepared, err := c.timeReads(ids, func(params kadedb.Params) (*kadedb.Rows, error) { return p.Query(ctx, params) })
	if err != nil {
		return nil, err
	}
	byText, err := c.timeReads(ids, func(params kadedb.Params) (*kadedb.Rows, error) { return c.db.Query(ctx, text, params) })
	if err != nil {
		return nil, err
	}
	c.byText = micros(median(byText))
	out := []figure{
		{Name: "point read, prepared, p50", Value: micros(median(prepared)), Unit: "µs", Aim: 2},
		{Name: "point read, prepared, p99", Value: micros(quantile(prepared, 0.99)), Unit: "µs"},
		{Name: "point reads a second, one client", Value: float64(n) / sum(prepared).Seconds(), Unit: "1/s", Aim: 350_000, Least: true},
		{Name: "the same text again, plan cached, p50", Value: micros(median(byText)), Unit: "µs", Aim: 3},
	}
	if c.peer != nil {
		theirs, err := c.peer.Many(c.g.Name, text, ids[:min(n, 2000)])
		if err != nil {
			return nil, err
		}
		out[0].Peer, out[1].Peer = micros(median(theirs)), micros(quantile(theirs, 0.99))
		out[2].Peer = float64(len(theirs)) / sum(theirs).Seconds()
	}
	return out, nil
}

func (c *contest) someIDs(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = int64(c.r.IntN(c.g.Label("Person").N)) + 1
	}
	return ids
}

// ownReads times reads by text alone, to compare those through a door with.
func (c *contest) ownReads(ctx context.Context, n int) error {
	took, err := c.timeReads(c.someIDs(n), func(params kadedb.Params) (*kadedb.Rows, error) { return c.db.Query(ctx, readPerson, params) })
	if err == nil {
		c.byText = micros(median(took))
	}
	return err
}

func sum(d []time.Duration) (s time.Duration) {
	for _, x := range d {
		s += x
	}
	return s
}

func (c *contest) timeReads(ids []int64, read func(kadedb.Params) (*kadedb.Rows, error)) ([]time.Duration, error) {
	person := c.g.Label("Person")
	names, ages := person.Column("name").Strs, person.Int("age")
	took := make([]time.Duration, len(ids))
	for i, id := range ids {
		params := kadedb.Params{"id": id}
		start := time.Now()
		rows, err := read(params)
		if err != nil {
			return nil, err
		}
		if !rows.Next() {
			return nil, errors.Join(fmt.Errorf("no person %d", id), rows.Close())
		}
		name, age := rows.Values()[0].AsString(), rows.Values()[1].AsInt()
		more := rows.Next()
		if err := rows.Close(); err != nil {
			return nil, err
		}
		took[i] = time.Since(start)
		if more || name != names[id-1] || age != ages[id-1] {
			return nil, fmt.Errorf("person %d is %q, %d (more: %v)", id, name, age, more)
		}
	}
	return took, nil
}

// expand times one hop over all relationships of FOLLOWS where nothing but ids is
// needed, and with a filter of one property beside, and checks both with the numbers
// that the store gave to people.
func (c *contest) expand(ctx context.Context, runs int) ([]figure, error) {
	numbers, err := c.ask(ctx, "MATCH (p:Person) RETURN p.id AS id, id(p) AS number", nil)
	if err != nil {
		return nil, err
	}
	number := make([]int64, len(numbers.rows)+1)
	for _, r := range numbers.rows {
		number[r[0].(int64)] = r[1].(int64)
	}
	ids := figure{Name: "one-hop expand, ids only", Unit: "ns/edge/core", Aim: 1.5}
	ids.Value, err = c.expandWhere(ctx, runs, number, "", 0)
	if err != nil {
		return nil, err
	}
	filtered := figure{Name: "one-hop expand, one property filter", Unit: "ns/edge/core", Aim: 4}
	filtered.Value, err = c.expandWhere(ctx, runs, number, " AND b.age > $age", 35)
	return []figure{ids, filtered}, err
}

// expandWhere returns the time an edge of one hop whose ends are in the order of their
// numbers and whose far end is older than age, where filter says that.
func (c *contest) expandWhere(ctx context.Context, runs int, number []int64, filter string, age int64) (float64, error) {
	ages := c.g.Label("Person").Int("age")
	var took []time.Duration
	for i := range warmUps + runs {
		if err := c.write(ctx, follow); err != nil {
			return 0, err
		}
		t, want, older := c.g.Type("FOLLOWS"), int64(0), age+int64(i%20)
		for i := range t.Src {
			if number[t.Src[i]+1] < number[t.Dst[i]+1] && (filter == "" || ages[t.Dst[i]] > older) {
				want++
			}
		}
		params := kadedb.Params{}
		if filter != "" {
			params["age"] = older
		}
		a, err := c.ask(ctx, "MATCH (a:Person)-[:FOLLOWS]->(b:Person) WHERE id(a) < id(b)"+filter+" RETURN count(*) AS n", params)
		if err != nil {
			return 0, err
		}
		if d := difference(a.rows, [][]any{{want}}); d != "" {
			return 0, fmt.Errorf("expand%s: %s", filter, d)
		}
		took = append(took, a.elapsed)
	}
	return c.perEdge(median(took[warmUps:]), "FOLLOWS"), nil
}

func (c *contest) perEdge(d time.Duration, typ string) float64 {
	return float64(d.Nanoseconds()) * float64(c.workers()) / float64(len(c.g.Type(typ).Src))
}

// durableWrites times commits of one relationship each by clients at once, and counts
// how many shared a sync.
func (c *contest) durableWrites(ctx context.Context, clients int, length time.Duration) ([]figure, error) {
	p, err := c.db.Prepare("MATCH (a:Person {id: $a}), (b:Person {id: $b}) CREATE (a)-[:KNOWS]->(b)")
	if err != nil {
		return nil, err
	}
	people := int64(c.g.Label("Person").N)
	before := c.db.Stats().Store.WAL
	var done, conflicts atomic.Int64
	errs := make([]error, clients)
	var wait sync.WaitGroup
	start := time.Now()
	for k := range clients {
		wait.Go(func() {
			for i := int64(0); time.Since(start) < length; i++ {
				// Each client has people of its own: nobody waits for another's node.
				a := (i*31+int64(k)*7919)%people + 1
				_, err := p.Exec(ctx, kadedb.Params{"a": a, "b": (a+int64(k)*97)%people + 1})
				switch {
				case err == nil:
					done.Add(1)
				case status.From(err).Code == status.WriteConflict:
					conflicts.Add(1)
				default:
					errs[k] = err
					return
				}
			}
		})
	}
	wait.Wait()
	took := time.Since(start)
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	after := c.db.Stats().Store.WAL
	if got := after.Commits - before.Commits; got < done.Load() {
		return nil, fmt.Errorf("%d writes were acknowledged and %d synced", done.Load(), got)
	}
	aim := 5000.0
	if clients > 1 {
		aim = 25_000
	}
	c.added += done.Load()
	return []figure{
		{Name: fmt.Sprintf("durable writes of one edge, %d clients", clients), Value: float64(done.Load()) / took.Seconds(), Unit: "1/s", Aim: aim, Least: true,
			Note: fmt.Sprintf("%d conflicts", conflicts.Load())},
		{Name: fmt.Sprintf("commits a sync, %d clients", clients), Value: float64(done.Load()) / float64(after.Syncs-before.Syncs), Unit: ""},
	}, nil
}

// checkKnows compares the number of relationships with what was acknowledged.
func (c *contest) checkKnows(ctx context.Context) error {
	a, err := c.ask(ctx, "MATCH (:Person)-[r:KNOWS]->(:Person) RETURN count(r) AS n", nil)
	if err != nil {
		return err
	}
	if d := difference(a.rows, [][]any{{int64(len(c.g.Type("KNOWS").Src)) + c.added}}); d != "" {
		return fmt.Errorf("after durable writes: %s", d)
	}
	return nil
}

// checkpointOfFew changes a thousand relationships and says what a checkpoint wrote,
// which may be no more than the blocks that the changes touch: their places are
// looked up one by one in the store as it was.
func (c *contest) checkpointOfFew(ctx context.Context) ([]figure, error) {
	const changed = 1000
	if err := c.db.Checkpoint(ctx); err != nil {
		return nil, err
	}
	before := c.db.Stats().Store
	var ids []uint64
	for range changed {
		id, err := c.addFollow(ctx)
		if err != nil {
			return nil, err
		}
		ids = append(ids, id)
	}
	touched, err := c.touched(ids)
	if err != nil {
		return nil, err
	}
	if err := c.db.Checkpoint(ctx); err != nil {
		return nil, err
	}
	after := c.db.Stats().Store
	blocks, bytes := after.BlocksWritten-before.BlocksWritten, float64(after.BytesWritten-before.BytesWritten)/1e6
	if blocks > int64(touched) || blocks == 0 {
		return nil, fmt.Errorf("a checkpoint after %d changed edges wrote %d blocks, the edges touch %d", changed, blocks, touched)
	}
	size := float64(after.KV.FileSize) / 1e6
	return []figure{
		{Name: "checkpoint after 1,000 changed edges: blocks written", Value: float64(blocks), Unit: "blocks",
			Note: fmt.Sprintf("checked: the edges touch %d", touched)},
		{Name: "checkpoint after 1,000 changed edges: bytes written", Value: bytes, Unit: "MB",
			Note: fmt.Sprintf("%.0f KB a block, of a store of %.1f MB in a file of %.1f MB", 1000*bytes/float64(blocks), size-float64(after.KV.FreeBytes)/1e6, size)},
	}, nil
}

// addFollow commits one relationship in all three shapes and returns its id in ours.
func (c *contest) addFollow(ctx context.Context) (uint64, error) {
	t := c.g.Type(follow.typ)
	src, dst := uint32(c.r.IntN(t.From.N)), uint32(c.r.IntN(t.To.N))
	t.Add(src, dst)
	text := fmt.Sprintf("MATCH (a:%s {id: %d}), (b:%s {id: %d}) CREATE (a)-[r:%s]->(b)", t.From.Name, t.From.Int("id")[src],
		t.To.Name, t.To.Int("id")[dst], follow.typ)
	a, err := c.ask(ctx, text+" RETURN id(r) AS id", nil)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", text, err)
	}
	if len(a.rows) != 1 {
		return 0, fmt.Errorf("%s created %d relationships", text, len(a.rows))
	}
	if c.peer != nil {
		if _, err := c.peer.Exec(c.g.Name, text); err != nil {
			return 0, fmt.Errorf("%s: %w", text, err)
		}
	}
	return uint64(a.rows[0][0].(int64)), nil
}

// touched counts the blocks that hold the places of new relationships.
func (c *contest) touched(ids []uint64) (int, error) {
	r, err := c.db.Snapshot()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	t := r.Touched()
	for _, id := range ids {
		ref, ok, err := r.RelByID(id)
		if err == nil && !ok {
			err = fmt.Errorf("relationship %d is not there", id)
		}
		if err == nil {
			err = t.Rel(ref)
		}
		if err != nil {
			return 0, err
		}
	}
	return t.Blocks(), nil
}
