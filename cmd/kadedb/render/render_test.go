package render_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/rivo/uniseg"

	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// fixed are rows that are there.
type fixed struct {
	columns []string
	rows    [][]value.Value
	err     error
	at      int
}

func (f *fixed) Columns() []string     { return f.columns }
func (f *fixed) Next() bool            { f.at++; return f.at <= len(f.rows) }
func (f *fixed) Values() []value.Value { return f.rows[f.at-1] }
func (f *fixed) Close() error          { return f.err }

func text(t *testing.T, o render.Options, results ...*fixed) string {
	t.Helper()
	var b bytes.Buffer
	w, err := render.New(&b, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if n, err := w.Write(r); err != nil || n != int64(len(r.rows)) {
			t.Fatalf("%d rows of %d, %v", n, len(r.rows), err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func sample() *fixed {
	return &fixed{columns: []string{"n", "a|b"}, rows: [][]value.Value{
		{value.Int(1), value.Null},
		{value.Int(20), value.String("")},
		{value.Null, value.String("x,\"y\"\nz")},
		{value.Float(1.5), value.List(value.Int(1), value.String("t"))},
	}}
}

func TestFormats(t *testing.T) {
	for _, c := range []struct {
		o    render.Options
		want string
	}{
		{render.Options{Format: "table"}, `
   n │ a|b
─────┼───────────
   1 │ null
  20 │ 
null │ x,"y"\nz
 1.5 │ [1, 't']
`},
		{render.Options{Format: "box"}, `
┌──────┬──────────┐
│    n │ a|b      │
├──────┼──────────┤
│    1 │ null     │
│   20 │          │
│ null │ x,"y"\nz │
│  1.5 │ [1, 't'] │
└──────┴──────────┘
`},
		{render.Options{Format: "box", Width: 80, ASCII: true}, `
+------+----------+
|    n | a|b      |
+------+----------+
|    1 | null     |
|   20 |          |
| null | x,"y"\nz |
|  1.5 | [1, 't'] |
+------+----------+
`},
		{render.Options{Format: "line"}, `
── row 1 ───────────────────────────────
  n │ 1
a|b │ null
── row 2 ───────────────────────────────
  n │ 20
a|b │ 
── row 3 ───────────────────────────────
  n │ null
a|b │ x,"y"\nz
── row 4 ───────────────────────────────
  n │ 1.5
a|b │ [1, 't']
`},
		{render.Options{Format: "markdown"}, `
| n | a\|b |
| ---: | --- |
| 1 |  |
| 20 |  |
|  | x,"y"<br>z |
| 1.5 | \[1, 't'\] |
`},
		{render.Options{Format: "csv"}, "\nn,a|b\n1,\n20,\"\"\n,\"x,\"\"y\"\"\nz\"\n1.5,\"[1,\"\"t\"\"]\"\n"},
		{render.Options{Format: "tsv"}, "\nn\ta|b\n1\t\n20\t\"\"\n\t\"x,\"\"y\"\"\nz\"\n1.5\t\"[1,\"\"t\"\"]\"\n"},
		{render.Options{Format: "ndjson"}, "\n{\"n\":1,\"a|b\":null}\n{\"n\":20,\"a|b\":\"\"}\n{\"n\":null,\"a|b\":\"x,\\\"y\\\"\\nz\"}\n{\"n\":1.5,\"a|b\":[1,\"t\"]}\n"},
	} {
		want := strings.TrimPrefix(c.want, "\n")
		if c.o.Format == "table" {
			want = strings.Replace(want, "───────────\n", "─────────\n", 1) // drawn wide to read well here
		}
		if got := text(t, c.o, sample()); got != want {
			t.Errorf("%s:\n%s--- want\n%s", c.o.Format, got, want)
		}
	}
}

// Several statements are one document of json.
func TestSeveralResults(t *testing.T) {
	none := &fixed{}
	empty := &fixed{columns: []string{"c"}}
	for _, c := range []struct {
		results []*fixed
		want    string
	}{
		{[]*fixed{sample()}, "4"},
		{[]*fixed{empty}, "0"},
		{[]*fixed{sample(), none, empty, sample()}, "4 0 0 4"},
		{[]*fixed{none, none}, "0 0"},
	} {
		for _, r := range c.results {
			r.at = 0
		}
		got := text(t, render.Options{Format: "json", Results: len(c.results)}, c.results...)
		var lists [][]map[string]any
		if len(c.results) == 1 {
			lists = make([][]map[string]any, 1)
			if err := json.Unmarshal([]byte(got), &lists[0]); err != nil {
				t.Fatalf("%v in %s", err, got)
			}
		} else if err := json.Unmarshal([]byte(got), &lists); err != nil {
			t.Fatalf("%v in %s", err, got)
		}
		var counts []string
		for _, l := range lists {
			counts = append(counts, string(rune('0'+len(l))))
		}
		if strings.Join(counts, " ") != c.want {
			t.Errorf("%s is not %s", got, c.want)
		}
	}
	if got := text(t, render.Options{Format: "csv"}, &fixed{columns: []string{"a"}}, none, &fixed{columns: []string{"b"}}); got != "a\n\nb\n" {
		t.Errorf("two tables are %q", got)
	}
}

// No line is wider than the terminal, and no character is lost, whatever the cells.
func TestFold(t *testing.T) {
	long := strings.Repeat("日本語 text é ", 12)
	for _, format := range []string{"table", "box", "line"} {
		for _, columns := range []int{1, 2, 3, 5, 8, 30} {
			for _, width := range []int{20, 40, 80, 200} {
				r := &fixed{}
				row := make([]value.Value, columns)
				for i := range columns {
					r.columns = append(r.columns, "c")
					row[i] = value.String(long)
					if i%3 == 2 {
						row[i] = value.Int(1234567)
					}
				}
				short := make([]value.Value, columns)
				for i := range short {
					short[i] = value.Int(1)
				}
				r.rows = append([][]value.Value{row}, short)
				got := text(t, render.Options{Format: format, Width: width}, r)
				for line := range strings.SplitSeq(strings.TrimRight(got, "\n"), "\n") {
					if w := uniseg.StringWidth(line); w > width {
						t.Fatalf("%s of %d columns in %d: a line of %d\n%s", format, columns, width, w, got)
					}
				}
				if n := strings.Count(got, "日"); n != 12*(columns-columns/3) && !strings.Contains(got, "…") {
					t.Fatalf("%s of %d columns in %d: %d characters\n%s", format, columns, width, n, got)
				}
			}
		}
	}
}

// In a pipe later rows are whole, however wide.
func TestNothingIsCutInAPipe(t *testing.T) {
	r := &fixed{columns: []string{"n", "text", "end"}}
	for i := range 1500 {
		s := "x"
		if i > 1200 {
			s = strings.Repeat("wide ", 50)
		}
		r.rows = append(r.rows, []value.Value{value.Int(int64(i)), value.String(s), value.Bool(true)})
	}
	got := text(t, render.Options{Format: "table"}, r)
	if n := strings.Count(got, "wide"); n != 50*299 || strings.Contains(got, "…") {
		t.Errorf("%d pieces came through", n)
	}
}

func TestPrintable(t *testing.T) {
	for in, want := range map[string]string{"a\x1b[31mb": "a�[31mb", "a\nb": "a\nb", "\u202eevil": "�evil", "é日": "é日", "\u0085": "�"} {
		if got := render.Printable(in); got != want {
			t.Errorf("%q is printed as %q", in, got)
		}
	}
}

func TestErrors(t *testing.T) {
	if _, err := render.New(nil, render.Options{Format: "xml"}); status.CodeOf(err) != status.InvalidUsage {
		t.Errorf("xml gives %v", err)
	}
	failed := status.Errorf(status.DivisionByZero, "x")
	for _, f := range render.Formats() {
		var b bytes.Buffer
		w, err := render.New(&b, render.Options{Format: f})
		if err != nil {
			t.Fatal(err)
		}
		r := sample()
		r.err = failed
		if _, err := w.Write(r); err != failed {
			t.Errorf("%s: %v", f, err)
		}
		if f == "json" && json.Valid(b.Bytes()) {
			t.Errorf("rows that ended early are whole json: %s", &b)
		}
	}
}
