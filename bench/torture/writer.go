package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"

	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

var schema = []string{
	"CREATE CONSTRAINT FOR (g:Group) REQUIRE g.key IS UNIQUE",
	"CREATE CONSTRAINT FOR (c:Counter) REQUIRE c.client IS UNIQUE",
	"CREATE INDEX FOR (i:Item) ON (i.value)",
}

// group is what a client knows of one of its groups.
type group struct{ items, version int64 }

// model is a client's part of the store.
type model struct {
	counter int64
	groups  map[int64]group // by number
}

// op is one write.
type op struct {
	kind    string // create, change, remove
	number  int64
	group   group
	counter int64
}

func (o *op) apply(m model) model {
	m = model{o.counter, maps.Clone(m.groups)}
	if o.kind == "remove" {
		delete(m.groups, o.number)
	} else {
		m.groups[o.number] = o.group
	}
	return m
}

// writer is one client. It waits for each answer, so at most one write is unknown.
type writer struct {
	client       int64
	r            *rand.Rand
	known        model
	next         int64
	pending      *op // may have happened
	acknowledged int
	failed       error // what no kill explains
}

func newWriter(client int64, seed uint64) *writer {
	return &writer{client: client, r: rand.New(rand.NewPCG(seed, uint64(client)+100)), known: model{groups: map[int64]group{}}}
}

func (w *writer) params(o *op) map[string]value.Value {
	p := map[string]value.Value{"client": value.Int(w.client)}
	if o != nil {
		p["number"], p["key"] = value.Int(o.number), value.Int(w.client<<40|o.number)
		p["items"], p["version"], p["counter"] = value.Int(o.group.items), value.Int(o.group.version), value.Int(o.counter)
	}
	return p
}

// statements are the two steps of each write; together they are one, too.
var statements = map[string][2]string{
	"create": {"MATCH (c:Counter {client: $client}) SET c.n = $counter",
		`CREATE (g:Group {key: $key, client: $client, number: $number, items: $items, version: $version})
WITH g UNWIND range(1, $items) AS i CREATE (g)-[:HAS {value: i}]->(:Item {value: $version * 100 + i})`},
	"change": {"MATCH (c:Counter {client: $client}) SET c.n = $counter",
		`MATCH (g:Group {key: $key}) SET g.version = $version
WITH g MATCH (g)-[h:HAS]->(i:Item) SET i.value = $version * 100 + h.value`},
	"remove": {"MATCH (c:Counter {client: $client}) SET c.n = $counter",
		"MATCH (g:Group {key: $key})-[:HAS]->(i:Item) DETACH DELETE g, i"},
}

// together joins the steps of a write into one statement.
func together(steps [2]string) string { return steps[0] + "\nWITH c\n" + steps[1] }

func (w *writer) choose() *op {
	o := &op{kind: "create", number: w.next, counter: w.known.counter + 1}
	o.group = group{items: int64(1 + w.r.IntN(5)), version: o.counter}
	if len(w.known.groups) > 3 {
		switch n := w.r.IntN(10); {
		case n < 3:
			o.kind = "change"
		case n < 5:
			o.kind = "remove"
		}
	}
	if o.kind == "create" {
		w.next++
		return o
	}
	// The smallest number at or after a random one: the same for one seed.
	at := w.r.Int64N(w.next)
	best := int64(-1)
	for n := range w.known.groups {
		if best < 0 || (n-at+w.next)%w.next < (best-at+w.next)%w.next {
			best = n
		}
	}
	o.number = best
	o.group.items = w.known.groups[best].items
	return o
}

// work writes until the server is gone.
func (w *writer) work(ctx context.Context, c *client.Client) {
	for {
		o := w.choose()
		var err error
		if w.r.IntN(4) == 0 {
			err = w.explicit(ctx, c, o)
		} else {
			w.pending = o
			err = exec1(ctx, c, together(statements[o.kind]), w.params(o))
		}
		if err == nil {
			w.known, w.pending = o.apply(w.known), nil
			w.acknowledged++
			continue
		}
		if status.From(err).Code != status.Unreachable {
			w.failed = fmt.Errorf("client %d, %s of group %d: %w", w.client, o.kind, o.number, err)
		}
		return
	}
}

// explicit does the write in a transaction; only once its commit is asked for may it
// have happened.
func (w *writer) explicit(ctx context.Context, c *client.Client, o *op) error {
	tx, err := c.Begin(ctx, false)
	if err != nil {
		return err
	}
	for _, text := range statements[o.kind] {
		if _, err := c.Exec(ctx, client.Request{Query: text, Params: w.params(o), Tx: tx}); err != nil {
			return err
		}
	}
	w.pending = o
	return c.Commit(ctx, tx)
}

func exec1(ctx context.Context, c *client.Client, text string, params map[string]value.Value) error {
	_, err := c.Exec(ctx, client.Request{Query: text, Params: params})
	return err
}

// settle compares what was found with what is known, and with what is known and the
// write under way. It takes over which of the two is true.
func (w *writer) settle(found model) (happened bool, err error) {
	d := w.known.difference(found)
	if d == "" {
		return false, nil
	}
	if w.pending != nil {
		after := w.pending.apply(w.known)
		p := after.difference(found)
		if p == "" {
			w.known = after
			return true, nil
		}
		d = fmt.Sprintf("%s; with the %s of group %d that was under way: %s", d, w.pending.kind, w.pending.number, p)
	}
	return false, fmt.Errorf("client %d: %s", w.client, d)
}

// difference says how found differs; "": it does not.
func (m model) difference(found model) string {
	if m.counter != found.counter {
		return fmt.Sprintf("the counter is %d, not %d", found.counter, m.counter)
	}
	for n, g := range m.groups {
		if f, ok := found.groups[n]; !ok {
			return fmt.Sprintf("group %d is lost", n)
		} else if f != g {
			return fmt.Sprintf("group %d is %+v, not %+v", n, f, g)
		}
	}
	for n := range found.groups {
		if _, ok := m.groups[n]; !ok {
			return fmt.Sprintf("group %d is there", n)
		}
	}
	return ""
}

// readAll reads the store, and fails on anything that belongs to nobody or is half.
func readAll(ctx context.Context, c *client.Client) (map[int64]model, error) {
	out := map[int64]model{}
	err := each(ctx, c, "MATCH (c:Counter) RETURN c.client, c.n", func(r []int64) error {
		if _, twice := out[r[0]]; twice {
			return fmt.Errorf("two counters of client %d", r[0])
		}
		out[r[0]] = model{counter: r[1], groups: map[int64]group{}}
		return nil
	})
	if err != nil {
		return nil, err
	}
	var items int64
	err = each(ctx, c, `MATCH (g:Group) OPTIONAL MATCH (g)-[h:HAS]->(i:Item)
RETURN g.client, g.number, g.items, g.version, count(i), coalesce(sum(i.value), 0), coalesce(sum(h.value), 0), g.key`, func(r []int64) error {
		who, number, n, version := r[0], r[1], r[2], r[3]
		steps := n * (n + 1) / 2
		if r[4] != n || r[5] != version*100*n+steps || r[6] != steps || r[7] != who<<40|number {
			return fmt.Errorf("half a write: client %d, group %d: %v", who, number, r)
		}
		m, ok := out[who]
		if !ok {
			return fmt.Errorf("a group of client %d, who has no counter", who)
		}
		if _, twice := m.groups[number]; twice {
			return fmt.Errorf("client %d has two groups %d", who, number)
		}
		m.groups[number] = group{n, version}
		items += n
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = each(ctx, c, "MATCH (i:Item) RETURN count(i)", func(r []int64) error {
		if r[0] != items {
			return fmt.Errorf("%d items, %d of them in groups", r[0], items)
		}
		return nil
	})
	return out, err
}

func each(ctx context.Context, c *client.Client, text string, f func(r []int64) error) (err error) {
	rows, err := c.Query(ctx, client.Request{Query: text})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		r := make([]int64, len(rows.Values()))
		for i, v := range rows.Values() {
			if v.Kind() != value.KindInt {
				return fmt.Errorf("%s: column %d is %v", text, i, v)
			}
			r[i] = v.AsInt()
		}
		if err := f(r); err != nil {
			return err
		}
	}
	return nil
}
