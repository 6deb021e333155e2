package expr

import "github.com/kadedb/kadedb/column"

// A test of a dictionary column against a constant is decided once for each
// entry of the dictionary instead of once a row, as soon as the rows seen are as many as
// the entries. What was decided lasts for the Context's life, since a constant or
// parameter keeps its value that long.

type dictKey struct {
	e    Expr
	dict *column.Dict
	arg  string
}

type dictTable struct {
	seen  int
	holds []bool // by code; nil = not worth it yet
}

// maxDictTables bounds the tables kept; a store has one dictionary a column and group.
const maxDictTables = 256

// dictTest tests the strings of v, of type String with a dictionary, or returns nil while
// testing row by row costs less.
func (c *Context) dictTest(e Expr, v *column.Vector, b *column.Batch, arg string, test func(string) bool) *column.Vector {
	holds := c.dictHolds(e, v, b.Rows(), arg, test)
	if holds == nil || v.Const {
		return nil
	}
	out := c.result(column.Bool, b, false)
	out.Nulls = v.Nulls
	if v.Nulls == nil {
		for _, r := range b.Selection() {
			out.Bools[r] = holds[v.Codes[r]]
		}
		return out
	}
	for _, r := range b.Selection() {
		if !v.Nulls.Get(int(r)) {
			out.Bools[r] = holds[v.Codes[r]]
		}
	}
	return out
}

func (c *Context) dictHolds(e Expr, v *column.Vector, rows int, arg string, test func(string) bool) []bool {
	key := dictKey{e, v.Dict, arg}
	t := c.dicts[key]
	if t == nil {
		if c.dicts == nil || len(c.dicts) >= maxDictTables {
			c.dicts = make(map[dictKey]*dictTable)
		}
		t = &dictTable{}
		c.dicts[key] = t
	}
	if t.holds != nil {
		return t.holds
	}
	t.seen += rows
	if t.seen < len(v.Dict.Strings) {
		return nil
	}
	t.holds = make([]bool, len(v.Dict.Strings))
	for i, s := range v.Dict.Strings {
		t.holds[i] = test(s)
	}
	return t.holds
}
