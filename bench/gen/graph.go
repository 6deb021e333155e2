// Package gen makes the graphs that bench asks about, from seeds, as plain arrays:
//
//	g := gen.Social(100_000, 1)
//	g.Type("FOLLOWS").Out[7] // who the eighth person follows
//
// The arrays are what answers are checked against, so nothing of the engine is in
// here. Both graphs have a few self-loops and parallel relationships: trails and walks
// differ on them.
package gen

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
)

// Graph is a property graph in memory. It is for one goroutine while it changes.
type Graph struct {
	Name   string
	Labels []*Label
	Types  []*Type
}

// Label holds all nodes of one label, column by column; a node is its index.
type Label struct {
	Name    string
	N       int
	Columns []*Column
}

// Column is one property of all nodes of a label: Ints or Strs has N entries.
type Column struct {
	Name string
	Kind Kind
	Ints []int64
	Strs []string
}

// Kind is what a column holds. Dates and Booleans are kept as their text.
type Kind string

// The kinds, by the names that peers with typed tables give them.
const (
	Int    Kind = "INT64"
	String Kind = "STRING"
	Date   Kind = "DATE"
	Bool   Kind = "BOOLEAN"
)

// Type holds all relationships of one type, from one label to one label.
type Type struct {
	Name     string
	From, To *Label
	Src, Dst []uint32
	Out, In  [][]Half // by node
}

// Half is a relationship as one of its ends sees it.
type Half struct {
	Node uint32 // the other end
	Rel  uint32 // the relationship, an index into Src and Dst
}

// Label returns the label of that name; it must exist.
func (g *Graph) Label(name string) *Label {
	for _, l := range g.Labels {
		if l.Name == name {
			return l
		}
	}
	panic("gen: no label " + name)
}

// Type returns the type of that name; it must exist.
func (g *Graph) Type(name string) *Type {
	for _, t := range g.Types {
		if t.Name == name {
			return t
		}
	}
	panic("gen: no type " + name)
}

// Column returns the property of that name; it must exist.
func (l *Label) Column(name string) *Column {
	for _, c := range l.Columns {
		if c.Name == name {
			return c
		}
	}
	panic("gen: no property " + l.Name + "." + name)
}

// Int returns an integer property of all nodes.
func (l *Label) Int(name string) []int64 { return l.Column(name).Ints }

func (l *Label) ints(name string, f func(i int) int64) {
	c := &Column{Name: name, Kind: Int, Ints: make([]int64, l.N)}
	for i := range c.Ints {
		c.Ints[i] = f(i)
	}
	l.Columns = append(l.Columns, c)
}

func (l *Label) texts(name string, kind Kind, f func(i int) string) {
	c := &Column{Name: name, Kind: kind, Strs: make([]string, l.N)}
	for i := range c.Strs {
		c.Strs[i] = f(i)
	}
	l.Columns = append(l.Columns, c)
}

// Add appends a relationship.
func (t *Type) Add(src, dst uint32) {
	rel := uint32(len(t.Src))
	t.Src, t.Dst = append(t.Src, src), append(t.Dst, dst)
	t.Out[src] = append(t.Out[src], Half{dst, rel})
	t.In[dst] = append(t.In[dst], Half{src, rel})
}

// Edges returns the number of all relationships.
func (g *Graph) Edges() (n int) {
	for _, t := range g.Types {
		n += len(t.Src)
	}
	return n
}

func (g *Graph) label(name string, n int) *Label {
	l := &Label{Name: name, N: n}
	g.Labels = append(g.Labels, l)
	return l
}

func (g *Graph) typ(name string, from, to *Label) *Type {
	t := &Type{Name: name, From: from, To: to, Out: make([][]Half, from.N), In: make([][]Half, to.N)}
	g.Types = append(g.Types, t)
	return t
}

// WriteCSV writes each label to dir/Label.csv and each type to dir/TYPE.csv, whose
// columns from and to hold ids, with a header line each. It returns the bytes written.
func (g *Graph) WriteCSV(dir string) (size int64, err error) {
	for _, l := range g.Labels {
		n, err := writeLines(filepath.Join(dir, l.Name+".csv"), l.N+1, l.appendCSV)
		if err != nil {
			return 0, err
		}
		size += n
	}
	for _, t := range g.Types {
		from, to := t.From.Int("id"), t.To.Int("id")
		n, err := writeLines(filepath.Join(dir, t.Name+".csv"), len(t.Src)+1, func(b []byte, line int) []byte {
			if line == 0 {
				return append(b, "from,to"...)
			}
			b = strconv.AppendInt(b, from[t.Src[line-1]], 10)
			return strconv.AppendInt(append(b, ','), to[t.Dst[line-1]], 10)
		})
		if err != nil {
			return 0, err
		}
		size += n
	}
	return size, nil
}

func (l *Label) appendCSV(b []byte, line int) []byte {
	for i, c := range l.Columns {
		if i > 0 {
			b = append(b, ',')
		}
		switch {
		case line == 0:
			b = append(b, c.Name...)
		case c.Kind == Int:
			b = strconv.AppendInt(b, c.Ints[line-1], 10)
		default:
			b = append(b, c.Strs[line-1]...)
		}
	}
	return b
}

func writeLines(path string, lines int, appendLine func(b []byte, line int) []byte) (size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	var b []byte
	for i := range lines {
		b = append(appendLine(b[:0], i), '\n')
		n, err := w.Write(b)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", path, err)
		}
		size += int64(n)
	}
	return size, w.Flush()
}
