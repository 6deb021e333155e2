package oracle

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/value"
)

var (
	seedFlag = flag.Uint64("seed", 0, "the first seed")
	keep     = flag.Bool("keep", false, "write the reduced case of a failure to testdata/regress")
	rounds   = flag.Int("rounds", 0, "how many times the usual rounds; or KADEDB_ROUNDS")
)

// seeds gives the seeds of a test: n of them, unless a flag asks for others.
func seeds(n int) []uint64 {
	times := *rounds
	if times == 0 {
		times, _ = strconv.Atoi(os.Getenv("KADEDB_ROUNDS"))
	}
	switch {
	case *seedFlag > 0 && times <= 1:
		n = 1
	case times > 1:
		n *= times
	case testing.Short():
		n = max(n/8, 1)
	}
	out := make([]uint64, n)
	for i := range out {
		out[i] = *seedFlag + uint64(i)
	}
	return out
}

// setting is one way of running a store.
type setting struct {
	name  string
	o     kadedb.Options
	index []string // and constraints
	at    stage    // asDrawn: the model's
}

var plain = setting{name: "plain", at: asDrawn}

// indexedByTwo has indexes of several properties, of which some nodes lack some.
var indexedByTwo = setting{name: "indexed by two properties", at: asDrawn, index: []string{"INDEX FOR (n:A) ON (n.v, n.k)", "INDEX FOR (n:B) ON (n.s, n.v, n.d)",
	"INDEX FOR ()-[r:T]-() ON (r.id, r.w)"}}

// manners are the settings in which a query may run in another way.
func manners() []setting {
	engine := func(e kadedb.Engine) kadedb.Options { return kadedb.Options{Engine: e} }
	out := []setting{
		plain,
		{name: "rows one by one", o: engine(kadedb.Engine{BatchSize: 1, Workers: 1})},
		{name: "no plan cache", o: engine(kadedb.Engine{NoPlanCache: true})},
		{name: "one worker", o: engine(kadedb.Engine{Workers: 1})},
		{name: "four workers", o: engine(kadedb.Engine{BatchSize: 3, Workers: 4})},
		{name: "spilling", o: kadedb.Options{Engine: kadedb.Engine{BatchSize: 2}, Limits: kadedb.Limits{Memory: 1}}},
		{name: "indexed", index: []string{"INDEX FOR (n:A) ON (n.v)", "INDEX FOR (n:B) ON (n.s)", "INDEX FOR ()-[r:T]-() ON (r.w)",
			"CONSTRAINT FOR (n:A) REQUIRE n.id IS UNIQUE"}},
		indexedByTwo,
		{name: "no rules", o: engine(kadedb.Engine{Rules: optimize.Without(optimize.Rules()...), NoPlanCache: true})},
		{name: "no rules, rows one by one", o: engine(kadedb.Engine{Rules: optimize.Without(optimize.Rules()...), BatchSize: 1, Workers: 1})},
	}
	for _, r := range optimize.Rules() {
		out = append(out, setting{name: "without " + string(r), o: engine(kadedb.Engine{Rules: optimize.Without(r)})})
	}
	for i := range out {
		out[i].at = asDrawn
	}
	return out
}

// places are the settings in which the data lies in another place.
func places() []setting {
	names := [...]string{"written at once", "not committed", "not committed, over a checkpoint", "committed", "committed over a checkpoint",
		"checkpointed", "restarted after a checkpoint", "a checkpoint between changes", "restarted"}
	var out []setting
	for at, name := range names {
		out = append(out, setting{name: name, at: stage(at)})
	}
	return out
}

// asker runs statements: a store or an open transaction.
type asker interface {
	Query(ctx context.Context, text string, params kadedb.Params) (*kadedb.Rows, error)
}

// world is a store in a setting.
type world struct {
	set setting
	dir string
	db  *kadedb.DB
	tx  *kadedb.Tx

	past [][]step // what was played before: statistics and names stay
}

// pastKept is how much of the past a reduction may need.
const pastKept = 12

var empty = step{verbDo, "MATCH (n) DETACH DELETE n"}

func newWorld(set setting) (*world, error) {
	dir, err := os.MkdirTemp("", "oracle-")
	if err != nil {
		return nil, err
	}
	w := &world{set: set, dir: dir}
	quiet(&w.set.o)
	if err := w.open(); err != nil {
		return nil, err
	}
	for _, text := range set.index {
		if _, err := answer(w.db, "CREATE "+text, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", text, err)
		}
	}
	return w, nil
}

func (w *world) open() (err error) {
	w.db, err = kadedb.Open(w.dir, &w.set.o)
	return err
}

// on is what questions are asked of.
func (w *world) on() asker {
	if w.tx != nil {
		return w.tx
	}
	return w.db
}

// play makes the store empty, then what a script says.
func (w *world) play(steps []step) error {
	if err := w.rollback(); err != nil {
		return err
	}
	if len(w.past) == pastKept {
		w.past = w.past[1:]
	}
	w.past = append(w.past, steps)
	for _, s := range append([]step{empty}, steps...) {
		err := error(nil)
		switch s.verb {
		case verbDo:
			_, err = answer(w.on(), s.text, nil)
		case verbBegin:
			w.tx, err = w.db.Begin(context.Background(), kadedb.TxOptions{})
		case verbEnd:
			err = w.rollback()
		case verbCheckpoint:
			err = w.db.Checkpoint(context.Background())
		case verbRestart:
			if err = w.db.Close(); err == nil {
				err = w.open()
			}
		default:
			err = fmt.Errorf("unknown step %q", s.verb)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", s.verb, s.text, err)
		}
	}
	return nil
}

func (w *world) rollback() error {
	if w.tx == nil {
		return nil
	}
	tx := w.tx
	w.tx = nil
	return tx.Rollback()
}

func (w *world) close() error {
	err := w.rollback()
	if e := w.db.Close(); err == nil {
		err = e
	}
	if e := os.RemoveAll(w.dir); err == nil {
		err = e
	}
	return err
}

// openStore opens an empty store for tests that write it themselves.
func openStore(t testing.TB, o kadedb.Options) *kadedb.DB {
	t.Helper()
	w, err := newWorld(setting{o: o})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
	})
	return w.db
}

func quiet(o *kadedb.Options) {
	o.Durability, o.CheckpointBytes, o.Memory = kadedb.DurableNone, -1, 256<<20
	o.Logger = slog.New(slog.NewTextHandler(io.Discard, nil))
}

func do(t testing.TB, on asker, text string, params kadedb.Params) {
	t.Helper()
	if _, err := answer(on, text, params); err != nil {
		t.Fatal(text, err)
	}
}

// params gives the values of literals.
func (w *world) params(literals map[string]string) (kadedb.Params, error) {
	if literals == nil {
		return nil, nil
	}
	out := kadedb.Params{}
	for name, text := range literals {
		got, err := table(w.on(), "RETURN "+text, nil)
		if err != nil {
			return nil, err
		}
		out[name] = got[0][0]
	}
	return out, nil
}

// table asks a query for its rows.
func table(on asker, text string, params kadedb.Params) ([][]value.Value, error) {
	var out [][]value.Value
	err := each(on, text, params, func(row []value.Value) { out = append(out, slices.Clone(row)) })
	return out, err
}

// answer gives a query's rows as text, in order.
func answer(on asker, text string, params kadedb.Params) ([]string, error) {
	var out []string
	err := each(on, text, params, func(row []value.Value) { out = append(out, line(row, value.Value.String)) })
	return out, err
}

func line(row []value.Value, show func(value.Value) string) string {
	parts := make([]string, len(row))
	for i, v := range row {
		parts[i] = show(v)
	}
	return strings.Join(parts, " | ")
}

// loosely writes a float as the integer that it equals: which of two equal values stands for
// both after DISTINCT, or comes first, is open.
func loosely(v value.Value) string {
	if f, ok := v, v.Kind() == value.KindFloat; ok && f.AsFloat() == math.Trunc(f.AsFloat()) && math.Abs(f.AsFloat()) < 1e15 {
		v = value.Int(int64(f.AsFloat()))
	}
	return v.String()
}

// bag is answer with the rows sorted.
func bag(on asker, text string, params kadedb.Params) ([]string, error) {
	out, err := answer(on, text, params)
	slices.Sort(out)
	return out, err
}

func each(on asker, text string, params kadedb.Params, f func([]value.Value)) error {
	rows, err := on.Query(context.Background(), text, params)
	if err != nil {
		return err
	}
	for rows.Next() {
		f(rows.Values())
	}
	return rows.Close()
}

func plan(on asker, text string) string {
	lines, err := answer(on, "EXPLAIN "+text, nil)
	if err != nil {
		return err.Error()
	}
	return strings.Join(lines, "\n")
}

// differ describes two bags that are not equal.
func differ(got, want []string) string {
	count := map[string]int{}
	for _, s := range got {
		count[s]++
	}
	for _, s := range want {
		count[s]--
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d rows, want %d\n", len(got), len(want))
	lines := 0
	for _, s := range sorted(count) {
		if n := count[s]; n != 0 && lines < 10 {
			fmt.Fprintf(&b, "%+d × %s\n", n, s)
			lines++
		}
	}
	return b.String()
}
