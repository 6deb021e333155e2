package exec

import (
	"io"

	"github.com/kadedb/kadedb/column"
	"github.com/kadedb/kadedb/query/expr"
	"github.com/kadedb/kadedb/query/plan"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// loadCSV gives a row for each record of a file. An empty field is null.
type loadCSV struct {
	plan *plan.LoadCSV
	spread
	expr *expr.Context
	recs column.Builder
}

func (c *loadCSV) push(b *column.Batch) error {
	c.expr.Reset()
	from, err := expr.Eval(c.expr, c.plan.From, b)
	if err != nil {
		return err
	}
	c.begin(b)
	for _, r := range b.Selection() {
		v := from.Value(int(r))
		if v.Kind() != value.KindString {
			return status.Errorf(status.RuntimeTypeMismatch, "LOAD CSV FROM takes a string, not a value of type %s", v.Kind()).At(c.plan.Pos)
		}
		if err := c.load(r, v.AsString()); err != nil {
			return err
		}
	}
	return c.flush()
}

func (c *loadCSV) load(r int32, from string) (err error) {
	x := c.w.x
	if x.OpenCSV == nil {
		return loadRefused().At(c.plan.Pos)
	}
	sep := c.plan.Terminator
	if sep == 0 {
		sep = ','
	}
	file, err := x.OpenCSV(x.context(), from, sep)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := file.Close(); cerr != nil && (err == nil || err == errStop) {
			err = cerr
		}
	}()
	var header []string
	var at []int // of the columns with a name
	if c.plan.Headers {
		rec, err := file.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		// Delimiters at the end of lines make columns without a name.
		for i, name := range rec {
			if name != "" {
				header, at = append(header, name), append(at, i)
			}
		}
		if twice := repeated(header); twice != "" {
			return status.Errorf(status.MalformedFile, "%s:1: two columns are named %q, so that a row's map cannot hold both", from, twice).
				WithHint("rename one, or read the file without HEADERS, as lists").In(status.Runtime).At(c.plan.Pos)
		}
	}
	for {
		rec, err := file.Next()
		if err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := c.add(r, c.record(header, at, rec)); err != nil {
			return err
		}
	}
}

// repeated returns a name that is there twice, or "".
func repeated(names []string) string {
	seen := make(map[string]bool, len(names))
	for _, n := range names {
		if seen[n] {
			return n
		}
		seen[n] = true
	}
	return ""
}

func (c *loadCSV) record(header []string, at []int, rec []string) value.Value {
	field := func(i int) value.Value {
		if i >= len(rec) || rec[i] == "" {
			return value.Null
		}
		return value.String(rec[i])
	}
	if !c.plan.Headers {
		vals := make([]value.Value, len(rec))
		for i := range rec {
			vals[i] = field(i)
		}
		return value.List(vals...)
	}
	m := &value.Map{Keys: header, Vals: make([]value.Value, len(header))}
	for i := range header {
		m.Vals[i] = field(at[i])
	}
	return value.FromMap(m)
}

func (c *loadCSV) add(r int32, rec value.Value) error {
	c.recs.Append(rec)
	if c.idx = append(c.idx, r); len(c.idx) < c.w.x.batchSize() {
		return nil
	}
	return c.flush()
}

func (c *loadCSV) flush() error {
	if len(c.idx) == 0 {
		return nil
	}
	c.setOwn(c.plan.Slot, c.recs.Vector())
	err := c.spread.push(len(c.idx), c.idx, nil)
	c.idx = c.idx[:0]
	c.recs.Reset()
	return err
}

func (b *builder) loadCSV(n *plan.LoadCSV, lanes []lane) (runner, error) {
	return b.input(n.Input, each(lanes, func(l lane) operator {
		c := &loadCSV{plan: n, spread: newSpread(l, n.Live, n.Slot), expr: l.w.newExpr()}
		b.scope.onReset(c.recs.Reset)
		return c
	}))
}
