package exec

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/value"
)

// collector ends a lane: it keeps what it is given.
type collector struct {
	rows  []int64
	mult  int64
	calls int
	fail  func(calls int) error
	pause *sync.WaitGroup // the first call waits for it
}

func (c *collector) push(b *column.Batch) error {
	c.calls++
	if c.pause != nil && c.calls == 1 {
		c.pause.Done()
		c.pause.Wait()
	}
	if c.fail != nil {
		if err := c.fail(c.calls); err != nil {
			return err
		}
	}
	for _, r := range b.Selection() {
		if b.Cols[1].Value(int(r)).AsString() != "same" {
			return errors.New("the constant column is lost")
		}
		c.rows = append(c.rows, b.Cols[0].Ints[r])
		c.mult += b.Mult[r]
	}
	return nil
}

func (c *collector) finish() error { return nil }

// feedLanes makes n batches in lane 0, of which every other row is selected, and passes them on
// as an operator does that offers.
func feedLanes(x *exchange, out []*collector, n int) error {
	lanes := make([]lane, len(out))
	for i := range out {
		w := newWorker(&Program{plan: &plan.Plan{}})
		w.x = &Context{Ctx: context.Background()}
		lanes[i] = lane{w: w, out: out[i]}
	}
	x.stages = [][]lane{lanes}
	o := offers{x: x}
	return x.run(lanes, 1, func(int) error {
		for k := range n {
			b := &column.Batch{Len: column.BatchSize, Cols: []*column.Vector{{Type: column.Int}, column.Const(value.String("same")), nil}}
			for i := range int64(column.BatchSize) {
				b.Cols[0].Ints = append(b.Cols[0].Ints, int64(k)*column.BatchSize+i)
				b.Mult = append(b.Mult, 2)
				if i%2 == 0 {
					b.Sel = append(b.Sel, int32(i))
				}
			}
			taken := o.taken(b)
			if !taken {
				if err := out[0].push(b); err != nil {
					return err
				}
			}
			// Whoever offers goes on to use its memory.
			for i := range b.Cols[0].Ints {
				b.Cols[0].Ints[i] = -1
			}
		}
		return nil
	})
}

func TestExchangeSharesBatches(t *testing.T) {
	x := newExchange()
	x.quiet = 0
	for range 3 { // as runs of a program do
		out := []*collector{{}, {}, {}}
		var busy sync.WaitGroup
		busy.Add(2) // the other two lanes go on only together
		out[1].pause, out[2].pause = &busy, &busy
		const batches = 200
		if err := feedLanes(x, out, batches); err != nil {
			t.Fatal(err)
		}
		var rows []int64
		mult := int64(0)
		for i, c := range out {
			if c.calls == 0 {
				t.Errorf("lane %d was given nothing", i)
			}
			rows, mult = append(rows, c.rows...), mult+c.mult
		}
		slices.Sort(rows)
		if len(rows) != batches*column.BatchSize/2 || mult != 2*int64(len(rows)) {
			t.Fatalf("%d rows, of weight %d", len(rows), mult)
		}
		for i, r := range rows {
			if r != int64(2*i) {
				t.Fatalf("row %d is %d", i, r)
			}
		}
	}
}

func TestQuickRunsShareNothing(t *testing.T) {
	out := []*collector{{}, {}}
	x := newExchange()
	x.quiet = time.Hour
	if err := feedLanes(x, out, 100); err != nil {
		t.Fatal(err)
	}
	if out[1].calls > 0 {
		t.Error("a second goroutine was started")
	}
}

func TestExchangeEndsWithErrors(t *testing.T) {
	broken := errors.New("broken")
	for name, c := range map[string]struct {
		fail func(int) error
		want string
	}{
		"error": {func(int) error { return broken }, "broken"},
		"panic": {func(int) error { panic("oh") }, "panic: oh"},
		"stop":  {func(int) error { return errStop }, ""},
	} {
		for failing := range 3 {
			out := []*collector{{}, {}, {}}
			var reached atomic.Bool
			out[failing].fail = func(n int) error {
				reached.Store(true)
				return c.fail(n)
			}
			x := newExchange()
			x.quiet = 0
			err := feedLanes(x, out, 300)
			if !reached.Load() {
				continue // this lane was given nothing
			}
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s in lane %d: %v", name, failing, err)
			}
		}
	}
}
