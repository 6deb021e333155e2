package main

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/value"
)

// named is a name with what is to be known about it.
type named struct{ name, doc string }

// names are what a store's statements may name.
type names struct {
	labels, types, keys   []string
	functions, procedures []named
	params                []string // of the shell
}

// catalogue keeps the names of a store for completion. They are read beside the shell's
// statements and outside its transaction, when completion wants them after something has
// changed; a store that answers slowly gives older names. Safe from several goroutines.
type catalogue struct {
	s      session
	ctx    context.Context // until close
	cancel context.CancelFunc
	mu     sync.Mutex
	now    names
	stale  bool
	coming chan struct{} // closed when the read that runs has ended; nil where none does
	keys   map[string]*keysOf
	reads  sync.WaitGroup
}

// keysOf are the properties of a label or type, once done is closed.
type keysOf struct {
	done chan struct{}
	keys []string
}

func newCatalogue(s session) *catalogue {
	ctx, cancel := context.WithCancel(context.Background())
	return &catalogue{s: s, ctx: ctx, cancel: cancel, stale: true}
}

// close ends a read that runs, so that the session can be closed.
func (c *catalogue) close() {
	c.cancel()
	c.reads.Wait()
}

const (
	// namesWait is how long a completion waits for names, all in all.
	namesWait = 300 * time.Millisecond
	// namesTime bounds one read of them.
	namesTime = 10 * time.Second
	// mostNames bounds each list.
	mostNames = 10_000
)

// spoil makes the next completion read the names again.
func (c *catalogue) spoil() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stale, c.keys = true, nil
}

func (c *catalogue) setParams(list []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now.params = list
}

// refresh begins to read the names, if they are stale and nobody reads them already. It
// returns a channel that is closed at the end, nil where there is nothing to wait for.
func (c *catalogue) refresh() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.stale || c.coming != nil {
		return c.coming
	}
	c.stale, c.coming = false, make(chan struct{})
	c.reads.Add(1)
	go c.read(c.coming)
	return c.coming
}

// get returns the names, waiting until the deadline for those that changed.
func (c *catalogue) get(deadline time.Time) names {
	if coming := c.refresh(); coming != nil {
		waitUntil(deadline, coming)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// waitUntil waits until done is closed or the time has come, and reports which.
func waitUntil(deadline time.Time, done <-chan struct{}) bool {
	wait := time.NewTimer(time.Until(deadline))
	defer wait.Stop()
	select {
	case <-done:
		return true
	case <-wait.C:
		return false
	}
}

// keysSample is how many nodes or relationships are looked at for their properties.
const keysSample = 200

// keysOf returns the properties that nodes with a label have, or relationships of a type,
// as far as a few of them tell; nil where that is not known by the deadline.
func (c *catalogue) keysOf(name string, deadline time.Time) []string {
	c.mu.Lock()
	pattern := ""
	switch {
	case slices.Contains(c.now.labels, name):
		pattern = "(n:" + syntax.Quote(name) + ")"
	case slices.Contains(c.now.types, name):
		pattern = "()-[n:" + syntax.Quote(name) + "]->()"
	default:
		c.mu.Unlock()
		return nil
	}
	k := c.keys[name]
	if k == nil {
		if c.keys == nil {
			c.keys = map[string]*keysOf{}
		}
		k = &keysOf{done: make(chan struct{})}
		c.keys[name] = k
		c.reads.Add(1)
		go c.readKeys(k, fmt.Sprintf("MATCH %s WITH n LIMIT %d UNWIND keys(n) AS k RETURN DISTINCT k", pattern, keysSample))
	}
	c.mu.Unlock()
	if !waitUntil(deadline, k.done) {
		return nil
	}
	return k.keys
}

func (c *catalogue) readKeys(k *keysOf, text string) {
	defer c.reads.Done()
	defer close(k.done)
	ctx, cancel := context.WithTimeout(c.ctx, namesTime)
	defer cancel()
	rows, err := c.lookup(ctx, text)
	if err != nil {
		return // all keys are proposed then
	}
	for _, row := range rows {
		k.keys = append(k.keys, row[0])
	}
}

// read reads the names. What fails keeps its older names, and is read again next time.
func (c *catalogue) read(done chan struct{}) {
	defer c.reads.Done()
	ctx, cancel := context.WithTimeout(c.ctx, namesTime)
	defer cancel()
	var got names
	failed := false
	list := func(to *[]string, text string) {
		rows, err := c.lookup(ctx, text)
		if err != nil {
			failed = true
			return
		}
		*to = make([]string, 0, len(rows))
		for _, row := range rows {
			*to = append(*to, row[0])
		}
	}
	described := func(to *[]named, text string) {
		rows, err := c.lookup(ctx, text)
		if err != nil {
			failed = true
			return
		}
		for _, row := range rows {
			*to = append(*to, named{row[0], row[1]})
		}
	}
	list(&got.labels, "CALL db.labels() YIELD label")
	list(&got.types, "CALL db.relationshipTypes() YIELD relationshipType")
	list(&got.keys, "CALL db.propertyKeys() YIELD propertyKey")
	c.mu.Lock()
	first := c.now.functions == nil
	c.mu.Unlock()
	if first { // these never change while a store is open
		described(&got.functions, "SHOW FUNCTIONS YIELD name, signature")
		described(&got.procedures, "SHOW PROCEDURES YIELD name, description")
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for to, from := range map[*[]string][]string{&c.now.labels: got.labels, &c.now.types: got.types, &c.now.keys: got.keys} {
		if from != nil {
			*to = from
		}
	}
	if first {
		c.now.functions, c.now.procedures = got.functions, got.procedures
	}
	c.stale = c.stale || failed
	c.coming = nil
	close(done)
}

// lookup returns the rows of a statement, as text.
func (c *catalogue) lookup(ctx context.Context, text string) (rows [][]string, err error) {
	ans, err := c.s.Lookup(ctx, text)
	if err != nil {
		return nil, err
	}
	for len(rows) < mostNames && ans.Next() {
		row := make([]string, 0, 2)
		for _, v := range ans.Values() {
			text := ""
			if v.Kind() == value.KindString {
				text = string([]byte(v.AsString())) // of its own: the row is used again
			}
			row = append(row, text)
		}
		rows = append(rows, row)
	}
	if err := ans.Close(); err != nil && len(rows) < mostNames {
		return nil, err
	}
	slices.SortFunc(rows, slices.Compare)
	return rows, nil
}
