package oracle

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// relation is what is true of the answers to the texts of a claim.
type relation string

const (
	same     relation = "same"     // all texts have the same rows
	alike    relation = "alike"    // the same, but which of two equal values stands for both is open
	order    relation = "order"    // the same, in the same order
	parts    relation = "parts"    // the first one's rows are those of the others together
	distinct relation = "distinct" // the same, none of the first one's twice
	fold     relation = "fold"     // the first one's columns are put together from the others', as the claim's folds say
	most     relation = "most"     // the first one's number is at most the second's
	rows     relation = "rows"     // the text has just the rows that are written down
	among    relation = "among"    // the text has only such rows, none more often
	anywhere relation = "anywhere" // the text has the same rows in every setting
	effect   relation = "effect"   // all texts leave the same graph behind
)

// claim is something that is true of every graph, or, with want, of one whose model says what.
type claim struct {
	name     string
	relation relation
	texts    []string
	params   map[string]string // as literals
	folds    []string          // of columns: key, +, ~, min, max, bag, set, avg
	want     func(*model) []string
}

// failure is a claim that is not true in a setting.
type failure struct {
	set  setting
	kind string // what must stay the same while a failure is made smaller
	text string
}

// verdict is what comes of a claim in a setting.
type verdict struct {
	kind, text string // "": it is true
	dropped    bool   // a text gives an error of the language, which an equal one may give or not
	rows       int
}

// wrong is the verdict that answers are not what they must be.
func wrong(format string, args ...any) verdict {
	return verdict{kind: "wrong answer", text: fmt.Sprintf(format, args...)}
}

// failed is the verdict of an error: bugs, and what says that the text itself is rubbish.
func (c *claim) failed(w *world, text string, err error) verdict {
	switch code := status.CodeOf(err); code {
	case status.QueryMemoryLimit:
		if w.set.o.Limits.Memory == 1 { // not everything spills; but nothing else may come of it
			return verdict{dropped: true}
		}
		fallthrough
	case status.Internal, status.NotYet, status.UnexpectedSyntax, status.UndefinedVariable:
		return verdict{kind: code.String(), text: fmt.Sprintf("%s\n%v\n%s", text, err, plan(w.on(), text))}
	}
	if c.relation == rows || c.relation == among || c.relation == most {
		return verdict{kind: status.CodeOf(err).String(), text: fmt.Sprintf("%s\n%v\n", text, err)}
	}
	return verdict{dropped: true}
}

// check asks the texts of a claim. answers are those of the claim's first world where
// relation is anywhere, nil to get them.
func (c *claim) check(w *world, want []string, answers *[]string) verdict {
	if c.relation == effect {
		return c.checkEffect(w, answers)
	}
	params, err := w.params(c.params)
	if err != nil {
		return verdict{kind: "parameter", text: err.Error()}
	}
	var all [][][]value.Value
	for _, text := range c.texts {
		got, err := table(w.on(), text, params)
		if err != nil {
			return c.failed(w, text, err)
		}
		all = append(all, got)
	}
	v := c.compare(all, want, answers)
	if v.kind != "" {
		for _, text := range c.texts {
			v.text += "\n" + plan(w.on(), text)
		}
	}
	v.rows = len(all[0])
	return v
}

func (c *claim) compare(all [][][]value.Value, want []string, answers *[]string) verdict {
	switch c.relation {
	case fold:
		return c.checkFolds(all)
	case most:
		if a, b := all[0][0][0].AsInt(), all[1][0][0].AsInt(); a > b {
			return wrong("%d, which is more than %d", a, b)
		}
		return verdict{}
	}
	show := value.Value.String
	if c.relation == anywhere || c.relation == distinct || c.relation == alike {
		show = loosely
	}
	var bags [][]string
	for _, t := range all {
		bags = append(bags, lines(t, show, c.relation != order))
	}
	switch c.relation {
	case parts, distinct:
		want = slices.Concat(bags[1:]...)
		slices.Sort(want)
		if c.relation == distinct {
			want = slices.Compact(want)
		}
	case anywhere:
		if *answers == nil {
			*answers = append([]string{}, bags[0]...)
		}
		want = *answers
	case same, alike, order:
		for _, b := range bags[1:] {
			if !slices.Equal(bags[0], b) {
				return wrong("%s", differ(b, bags[0]))
			}
		}
		return verdict{}
	case among:
		return checkAmong(bags[0], want)
	}
	if !slices.Equal(bags[0], want) {
		return wrong("%s", differ(bags[0], want))
	}
	return verdict{}
}

func lines(t [][]value.Value, show func(value.Value) string, sorted bool) []string {
	out := make([]string, len(t))
	for i, row := range t {
		out[i] = line(row, show)
	}
	if sorted {
		slices.Sort(out)
	}
	return out
}

func checkAmong(got, want []string) verdict {
	left := map[string]int{}
	for _, s := range want {
		left[s]++
	}
	for _, s := range got {
		if left[s]--; left[s] < 0 {
			return wrong("%s is no match, or comes too often; matches are\n%s", s, strings.Join(want, "\n"))
		}
	}
	return verdict{}
}

// checkFolds compares groups of the whole with groups put together from the parts.
func (c *claim) checkFolds(all [][][]value.Value) verdict {
	key := func(row []value.Value) string {
		k := ""
		for i, f := range c.folds {
			if f == "key" {
				k += loosely(row[i]) + " | "
			}
		}
		return k
	}
	groups := map[string][][]value.Value{}
	for _, row := range slices.Concat(all[1:]...) {
		groups[key(row)] = append(groups[key(row)], row)
	}
	if len(groups) != len(all[0]) {
		return wrong("%d groups, %d in the parts", len(all[0]), len(groups))
	}
	for _, row := range all[0] {
		k := key(row)
		for i, f := range c.folds {
			var cells []value.Value
			for _, part := range groups[k] {
				cells = append(cells, part[i])
			}
			if f != "key" && !agrees(f, row[i], cells) {
				return wrong("%scolumn %d is %s, but %v in the parts", k, i+1, row[i], cells)
			}
		}
	}
	return verdict{}
}

// agrees reports whether an aggregate of the whole is what those of the parts give.
func agrees(how string, whole value.Value, parts []value.Value) bool {
	switch how {
	case "+":
		sum := int64(0)
		for _, p := range parts {
			sum += p.AsInt()
		}
		return whole.AsInt() == sum
	case "~":
		sum := 0.0
		for _, p := range parts {
			sum += float(p)
		}
		return near(float(whole), sum)
	case "avg": // of the parts: [sum, count]
		sum, count := 0.0, int64(0)
		for _, p := range parts {
			sum, count = sum+float(p.Elems()[0]), count+p.Elems()[1].AsInt()
		}
		if count == 0 {
			return whole.IsNull()
		}
		return !whole.IsNull() && near(float(whole), sum/float64(count))
	case "min", "max":
		parts = slices.DeleteFunc(slices.Clone(parts), value.Value.IsNull)
		if len(parts) == 0 {
			return whole.IsNull()
		}
		slices.SortFunc(parts, value.Order)
		end := parts[0]
		if how == "max" {
			end = parts[len(parts)-1]
		}
		return loosely(whole) == loosely(end)
	}
	elems := func(list ...value.Value) []string {
		var out []string
		for _, v := range list {
			for _, e := range v.Elems() {
				out = append(out, loosely(e))
			}
		}
		slices.Sort(out)
		if how == "set" {
			out = slices.Compact(out)
		}
		return out
	}
	return slices.Equal(elems(whole), elems(parts...)) && (how != "set" || len(whole.Elems()) == len(elems(whole)))
}

func float(v value.Value) float64 {
	if v.Kind() == value.KindFloat {
		return v.AsFloat()
	}
	return float64(v.AsInt())
}

func near(a, b float64) bool {
	return cmp.Compare(a, b) == 0 || math.Abs(a-b) <= 1e-9*max(math.Abs(a), math.Abs(b))
}

// checkEffect runs every text in a transaction of its own, which ends without a commit.
func (c *claim) checkEffect(w *world, answers *[]string) verdict {
	for _, text := range c.texts {
		tx, err := w.db.Begin(context.Background(), kadedb.TxOptions{})
		if err != nil {
			return verdict{kind: "begin", text: err.Error()}
		}
		_, err = answer(tx, text, nil)
		var graph []string
		if err == nil {
			graph, err = dump(tx)
		}
		if e := tx.Rollback(); err == nil && e != nil {
			return verdict{kind: "rollback", text: e.Error()}
		}
		if err != nil {
			return c.failed(w, text, err)
		}
		if *answers == nil {
			*answers = append([]string{}, graph...)
		}
		if !slices.Equal(graph, *answers) {
			return wrong("%s\nleaves another graph\n%s%s", text, differ(graph, *answers), plan(w.on(), text))
		}
	}
	return verdict{}
}

// dump writes all that there is, by properties and labels: which ids new things get is open.
func dump(on asker) ([]string, error) {
	const labels, props = "COLLECT { UNWIND labels(n) AS l RETURN l ORDER BY l }", "COLLECT { UNWIND keys(%[1]s) AS k RETURN [k, %[1]s[k]] ORDER BY k }"
	nodes, err := bag(on, "MATCH (n) RETURN "+labels+" AS l, "+fmt.Sprintf(props, "n")+" AS p", nil)
	if err != nil {
		return nil, err
	}
	rels, err := bag(on, "MATCH (a)-[r]->(b) RETURN type(r) AS t, "+fmt.Sprintf(props, "a")+" AS a, "+fmt.Sprintf(props, "r")+" AS p, "+fmt.Sprintf(props, "b")+" AS b", nil)
	return append(nodes, rels...), err
}
