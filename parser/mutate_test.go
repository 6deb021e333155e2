package parser

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"runtime/metrics"
	"slices"
	"strings"
	"testing"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

var (
	inputs    = flag.Int("inputs", 20_000, "how many mutated texts TestMutatedInputs parses")
	inputSeed = flag.Uint64("seed", 1, "the seed of mutations")
)

// mutator makes texts out of a corpus, token by token.
type mutator struct {
	r     *rand.Rand
	texts []string
	parts [][]string // the tokens of each, with the space after
	kinds [][]int    // and what they are
	like  map[int][]string
	odd   []string // tokens that are nobody's
}

func newMutator(seed uint64, texts []string) *mutator {
	m := &mutator{r: rand.New(rand.NewPCG(seed, 7)), like: map[int][]string{}, odd: []string{"'", "\"", "`", "/*", "*/", "//", "\\u12", "0x", "1e", "9223372036854775808", "1e999", "\x00", "\xff", "é",
		"$", "$(", "..", ".", "->", "<-", "-", "(", ")", "[", "]", "{", "}", "|", "&", "!", "%", "::", ";", ",", "=", "\u2028", strings.Repeat("(", 150), strings.Repeat("[", 90),
		strings.Repeat("NOT ", 120), strings.Repeat("CASE WHEN ", 60)}}
	for w := range words {
		m.odd = append(m.odd, w+" ")
	}
	slices.Sort(m.odd)
	for _, text := range texts {
		tokens, err := scan(nil, text)
		if err != nil || len(tokens) < 2 {
			continue
		}
		var parts []string
		var kinds []int
		for i := range tokens[:len(tokens)-1] {
			part, kind := text[tokens[i].start:tokens[i+1].start], tokens[i].typ
			parts, kinds = append(parts, part), append(kinds, kind)
			m.like[kind] = append(m.like[kind], part)
		}
		m.texts, m.parts, m.kinds = append(m.texts, text), append(m.parts, parts), append(m.kinds, kinds)
	}
	return m
}

func (m *mutator) some() []string { return m.parts[m.r.IntN(len(m.parts))] }

// next makes a text: one of the corpus with tokens replaced by others of their kind, and
// often with some changed in other ways.
func (m *mutator) next() string {
	at := m.r.IntN(len(m.parts))
	parts := slices.Clone(m.parts[at])
	for range 1 + m.r.IntN(6) {
		i := m.r.IntN(len(parts))
		like := m.like[m.kinds[at][i]]
		parts[i] = like[m.r.IntN(len(like))]
	}
	for range m.r.IntN(4) {
		if len(parts) == 0 {
			break
		}
		i, k := m.r.IntN(len(parts)), m.r.IntN(len(parts))
		from, to := min(i, k), min(max(i, k)+1, min(i, k)+8)
		switch m.r.IntN(9) {
		case 0:
			parts = slices.Delete(parts, from, to)
		case 1:
			parts = slices.Insert(parts, k, slices.Clone(parts[from:min(to, len(parts))])...)
		case 2:
			parts[i], parts[k] = parts[k], parts[i]
		case 3:
			other := m.some()
			parts[i] = other[m.r.IntN(len(other))]
		case 4:
			other := m.some()
			at := m.r.IntN(len(other))
			parts = slices.Insert(parts, i, other[at:min(len(other), at+1+m.r.IntN(8))]...)
		case 5:
			other := m.some()
			parts = slices.Concat(parts[:i], other[m.r.IntN(len(other)):])
		case 6:
			parts[i] = m.odd[m.r.IntN(len(m.odd))]
		case 7:
			parts = slices.Insert(parts, i, m.odd[m.r.IntN(len(m.odd))])
		case 8:
			parts[i] = m.bytes(parts[i])
		}
	}
	return strings.Join(parts, "")
}

// bytes changes a byte of a token.
func (m *mutator) bytes(s string) string {
	if s == "" {
		return "`"
	}
	b := []byte(s)
	i := m.r.IntN(len(b))
	switch m.r.IntN(3) {
	case 0:
		b[i] ^= 1 << m.r.IntN(8)
	case 1:
		b = slices.Delete(b, i, i+1)
	case 2:
		b = slices.Insert(b, i, byte(m.r.IntN(256)))
	}
	return string(b)
}

// What one text may take: allocated bytes and tokens looked at, for each token.
const (
	bytesPerToken = 1 << 10
	looksPerToken = 64
	bytesAlways   = 1 << 20
	bytesLearning = 16 << 20 // while prediction meets what it has not met before, and keeps it
	looksAlways   = 1 << 12
)

// TestMutatedInputs parses texts of the corpus that were changed: none crashes the parser, errors
// are of the language and lie in the text, what parses can be printed and lifted, and memory is
// in proportion to the text. `go test ./parser -run MutatedInputs -inputs 1000000` is a million.
func TestMutatedInputs(t *testing.T) {
	n := *inputs
	if testing.Short() {
		n /= 8
	}
	m := newMutator(*inputSeed, everyText(t))
	var good, most uint64
	longest, worst := 0, ""
	before := live()
	for i := range n {
		text := m.next()
		longest = max(longest, len(text))
		a := allocated()
		st, err := parseOne(t, i, text)
		if err != nil {
			checkError(t, text, err)
		}
		if took := allocated() - a; took > most {
			most, worst = took, text
		}
		if tokens, serr := scan(nil, text); serr == nil && allocated()-a > uint64(bytesLearning+bytesPerToken*len(tokens)) && i > 2000 {
			t.Errorf("%q: %d bytes allocated for %d tokens", text, allocated()-a, len(tokens))
		}
		if st != nil {
			good++
			roundTrip(t, text)
			checkLifted(t, text, st)
		}
	}
	after := live()
	t.Logf("%d texts of at most %d bytes from %d of the corpus: %d parse; at most %d KiB allocated, by %.80q; the heap went from %d to %d MiB",
		n, longest, len(m.texts), good, most>>10, worst, before>>20, after>>20)
	if after > before+256<<20 {
		t.Errorf("the heap grew from %d to %d MiB", before>>20, after>>20)
	}
}

func parseOne(t *testing.T, i int, text string) (st ast.Statement, err error) {
	defer func() {
		if r := recover(); r != nil {
			t.Fatalf("text %d, seed %d: %q: panic: %v", i, *inputSeed, text, r)
		}
	}()
	return Parse(text)
}

// checkError wants an error of the language, at a place in the text.
func checkError(t *testing.T, text string, err error) {
	t.Helper()
	var e *status.Error
	switch {
	case !errors.As(err, &e):
		t.Fatalf("%q: %v is no error of ours", text, err)
	case e.Code == status.Internal || e.Code.Info().Name == "":
		t.Fatalf("%q: %v", text, err)
	case e.Code != status.TooLong && (e.Pos.Line < 1 || e.Pos.Column < 1 || e.Pos.Offset < 0 || int(e.Pos.Offset) > len(text)):
		t.Fatalf("%q: the error is at %+v", text, e.Pos)
	}
}

func checkLifted(t *testing.T, text string, st ast.Statement) {
	t.Helper()
	l, ok := Lift(text)
	if !ok {
		return
	}
	lifted, err := ParseLifted(text, l.Offsets)
	if err != nil || len(columns(st)) != len(columns(lifted)) {
		t.Fatalf("%q: lifted: %v", text, err)
	}
}

var allocs = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

// allocated gives the bytes allocated so far, but for what is in allocators' caches.
func allocated() uint64 {
	metrics.Read(allocs)
	return allocs[0].Value.Uint64()
}

func live() uint64 {
	var s runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&s)
	return s.HeapAlloc
}

// looking counts the tokens that prediction looks at.
type looking struct {
	stream
	looks int
}

func (l *looking) LA(k int) int         { l.looks++; return l.stream.LA(k) }
func (l *looking) LT(k int) antlr.Token { l.looks++; return l.stream.LT(k) }

func looks(text string) (looks, tokens int) {
	list, err := scan(nil, text)
	if err != nil {
		return 0, 0
	}
	locate(list)
	if checkDepth(list) != nil {
		return 0, 0
	}
	s := &looking{stream: stream{tokens: list}}
	p := gen.NewKadeQLParser(s)
	p.RemoveErrorListeners()
	p.GetInterpreter().SetPredictionMode(antlr.PredictionModeSLL)
	p.SetErrorHandler(strategy{antlr.NewDefaultErrorStrategy()})
	defer func() {
		if r := recover(); r != nil {
			if _, ok := r.(bail); !ok {
				panic(r)
			}
			looks, tokens = s.looks, len(list)
		}
	}()
	p.Statement()
	return s.looks, len(list)
}

// nested are texts in which every token opens a choice that only a later one decides.
var nested = []func(n int) string{
	func(n int) string { return "RETURN [" + strings.Repeat("1, ", n) + "1]" },
	func(n int) string { return "RETURN [" + strings.Repeat("{a: 1}, ", n) + "1]" },
	func(n int) string { return "CREATE " + strings.Repeat("(a:B {x: 'y'})-[:T]->(), ", n) + "()" },
	func(n int) string { return "WITH 1 AS x" + strings.Repeat(" WITH x", n) + " RETURN x" },
	func(n int) string { return "RETURN 1 AS x" + strings.Repeat(" UNION RETURN 1 AS x", n) },
	func(n int) string { return "RETURN [" + strings.Repeat(around("(", "a", ")", 150)+", ", n/100) + "1]" },
	func(n int) string {
		return "RETURN [" + strings.Repeat(around("(", "a)-(b", ")", 150)+", ", n/100) + "1]"
	},
	func(n int) string { return "RETURN [" + strings.Repeat(around("[", "a", "]", 150)+", ", n/100) + "1]" },
	func(n int) string {
		return "RETURN [" + strings.Repeat(around("[x IN ", "a", "]", 40)+", ", n/100) + "1]"
	},
	func(n int) string {
		return "RETURN [" + strings.Repeat(around("{a: ", "1", "}", 150)+", ", n/100) + "1]"
	},
	func(n int) string { return "MATCH " + strings.Repeat("((a)-[:T]->(b))+ ", n) + " RETURN 1" },
	func(n int) string {
		return "MATCH (a) WHERE " + strings.Repeat("(a)-[:T]->(b) AND ", min(n, 1000)) + " true RETURN 1"
	},
	func(n int) string {
		return "MATCH (a) WHERE " + strings.Repeat("(a)<-(b) < (c)-", min(n, 500)) + "(d) RETURN 1"
	},
	func(n int) string { return "MATCH (a:" + strings.Repeat("A|B&", n) + "C) RETURN 1" },
	func(n int) string {
		return "RETURN [" + strings.Repeat(around("EXISTS { MATCH (a) WHERE ", "true", " }", 60)+", ", n/100) + "1]"
	},
	func(n int) string {
		return "RETURN [" + strings.Repeat(around("CASE WHEN ", "true", " THEN 1 END", 60)+", ", n/100) + "1]"
	},
	func(n int) string { return "RETURN " + strings.Repeat("a.b(", 150) + strings.Repeat(")", 150) },
}

func around(open, mid, close string, n int) string {
	return strings.Repeat(open, n) + mid + strings.Repeat(close, n)
}

// TestParsingIsLinear: a text takes memory and looks at tokens in proportion to its length,
// however it is made.
func TestParsingIsLinear(t *testing.T) {
	texts := everyText(t)
	for _, f := range nested {
		texts = append(texts, f(3000), f(6000))
	}
	m := newMutator(2, texts[:len(texts)-2*len(nested)])
	for range 4000 {
		texts = append(texts, m.next())
	}
	var most float64
	var worst string
	for _, text := range texts {
		n, tokens := looks(text)
		if n > looksAlways+looksPerToken*tokens {
			t.Errorf("%.100q: %d looks at %d tokens", text, n, tokens)
		}
		if tokens > 200 && float64(n)/float64(tokens) > most {
			most, worst = float64(n)/float64(tokens), text
		}
		if tokens < 1000 {
			continue
		}
		before := allocated()
		_, err := Parse(text)
		if took := allocated() - before; took > uint64(bytesAlways+bytesPerToken*tokens) {
			t.Errorf("%.100q: %d bytes allocated for %d tokens (%v)", text, took, tokens, err)
		}
	}
	t.Logf("%d texts; at most %.1f looks at a token, in %.80q", len(texts), most, worst)
	if testing.Verbose() {
		for _, f := range nested {
			n, tokens := looks(f(6000))
			fmt.Printf("%8d tokens %6.1f looks each  %.60q\n", tokens, float64(n)/float64(max(tokens, 1)), f(6000))
		}
	}
}
