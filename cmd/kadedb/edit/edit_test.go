package edit

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
)

// vt is a terminal that knows what the editor sends.
type vt struct {
	t             *testing.T
	columns, rows int
	cells         [][]string
	row, column   int // column may be columns: the next character wraps
}

func newVT(t *testing.T, columns, rows int) *vt {
	v := &vt{t: t, columns: columns, rows: rows}
	for range rows {
		v.cells = append(v.cells, make([]string, columns))
	}
	return v
}

func (v *vt) Write(b []byte) (int, error) {
	for s := string(b); s != ""; {
		switch {
		case s[0] == '\r':
			v.column, s = 0, s[1:]
		case s[0] == '\n':
			v.line()
			s = s[1:]
		case strings.HasPrefix(s, "\x1b["):
			n := 2
			for s[n] < '@' || s[n] > '~' {
				n++
			}
			v.control(s[2:n], s[n])
			s = s[n+1:]
		case s[0] < ' ':
			v.t.Fatalf("a control character %q", s[0])
		default:
			c, w := cluster(s)
			s = s[len(c):]
			if v.column+w > v.columns {
				v.t.Fatalf("%q does not fit its row, at %d", c, v.column)
			}
			if w == 0 { // it joins the character before
				continue
			}
			v.cells[v.row][v.column] = c
			for i := 1; i < w; i++ {
				v.cells[v.row][v.column+i] = "\x00"
			}
			v.column += w
		}
	}
	return len(b), nil
}

func (v *vt) line() {
	if v.row++; v.row == v.rows {
		v.row--
		v.cells = append(v.cells[1:], make([]string, v.columns))
	}
}

func (v *vt) control(args string, final byte) {
	n, err := strconv.Atoi(args)
	if err != nil {
		n = 1
	}
	switch final {
	case 'A':
		if v.row -= n; v.row < 0 {
			v.t.Fatalf("above the screen")
		}
	case 'C':
		if v.column += n; v.column >= v.columns {
			v.t.Fatalf("beyond the screen")
		}
	case 'J':
		if args == "2" {
			for i := range v.cells {
				clear(v.cells[i])
			}
			return
		}
		clear(v.cells[v.row][min(v.column, v.columns):])
		for i := v.row + 1; i < v.rows; i++ {
			clear(v.cells[i])
		}
	case 'H':
		v.row, v.column = 0, 0
	case 'm', 'h', 'l':
	default:
		v.t.Fatalf("ESC [ %s %c", args, final)
	}
}

// String returns the screen, with | for the cursor.
func (v *vt) String() string {
	var b strings.Builder
	for r, cells := range v.cells {
		var line strings.Builder
		for c, s := range cells {
			if r == v.row && c == v.column {
				line.WriteByte('|')
			}
			switch s {
			case "":
				line.WriteByte(' ')
			case "\x00":
			default:
				line.WriteString(s)
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n")
}

// list is a history.
type list []string

func (l *list) Len() int        { return len(*l) }
func (l *list) At(i int) string { return (*l)[i] }
func (l *list) Add(s string)    { *l = append(*l, s) }

// typed is an editor into which keys were typed, which then reads on.
func typed(t *testing.T, v *vt, o Options, keys string) (*Editor, string, error) {
	t.Helper()
	if o.Prompt == nil {
		o.Prompt = func() string { return "> " }
		o.More = "- "
	}
	if o.Complete == nil {
		o.Complete = func(s string) bool { return strings.HasSuffix(strings.TrimSpace(s), ";") }
	}
	// A key at a time, so that each is drawn.
	e := newEditor(nil, v, o)
	e.keys.in.Reset(&slowly{s: keys})
	e.keys.waits = func() bool { return true }
	e.raw = func() (func() error, error) { return func() error { return nil }, nil }
	e.size = func() (int, int) { return v.columns, v.rows }
	text, err := e.Read()
	return e, text, err
}

type slowly struct{ s string }

func (r *slowly) Read(b []byte) (int, error) {
	if r.s == "" {
		return 0, io.EOF
	}
	n := 1
	for n < len(r.s) && r.s[n]&0xc0 == 0x80 {
		n++
	}
	copy(b, r.s[:n])
	r.s = r.s[n:]
	return n, nil
}

const (
	up, down, right, left = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
	wordLeft, wordRight   = "\x1b[1;5D", "\x1b[1;5C"
	alt                   = "\x1b"
)

func TestKeys(t *testing.T) {
	for keys, want := range map[string]string{
		"ab;\r":                                      "ab;",
		"ab\rc;\r":                                   "ab\nc;",
		"ab;" + left + "\x7f\x7fx\r":                 "x;",
		"abc;\x01x\x05y;\r":                          "xabc;y;",
		"one two;" + wordLeft + "x\r":                "one xtwo;",
		"one two;\x01" + wordRight + "x\r":           "onex two;",
		"one two\x17\x19\x19;\r":                     "one twotwo;",
		"one two\x01\x0bx\x19;\r":                    "xone two;",
		"one\ntwo" + up + "x" + down + "y;\r":        "onex\ntwoy;",
		"long line\rx" + up + "\x05" + down + "y;\r": "long line\nxy;",
		"é日本" + left + left + "x" + "\x05;\r":        "éx日本;",
		"e\u0301x" + left + "\x7f\x05;\r":            "x;",
		"ab" + alt + "\r;" + "\r":                    "ab\n;",
		"\x1b[200~a;\r\nb\x1b[31m\tc\x1b[201~;\r":    "a;\nb[31m\tc;",
		"abc\x15x;\r":                                "x;",
		"a bc\x1f;\x1f\x1f;\r":                       ";",
		"abc\x1b[1;9Zd;\r":                           "abcd;",
		"one two" + alt + "\x7fx;\r":                 "one x;",
		"abc" + left + left + "\x04\x1b[3~;\r":       "a;",
		"one\ntwo\x1b[5~x\x1b[6~;\r":                 "xone\ntwo;",
		"a\nb" + up + "\x05\x0b\x05;\r":              "ab;",
		strings.Repeat("x", 100) + ";" + "\r":        strings.Repeat("x", 100) + ";",
		"\xff\xfea;\r":                               "��a;",
		"one two\x01" + alt + "d\x05;\r":             " two;",
	} {
		_, text, err := typed(t, newVT(t, 20, 8), Options{}, keys)
		if err != nil || text != want {
			t.Errorf("%q gives %q, not %q (%v)", keys, text, want, err)
		}
	}
}

func TestEnds(t *testing.T) {
	for keys, want := range map[string]error{"\x04": io.EOF, "ab\x03": ErrInterrupted, "ab": io.EOF} {
		if _, text, err := typed(t, newVT(t, 20, 5), Options{}, keys); !errors.Is(err, want) || text != "" {
			t.Errorf("%q gives %q, %v", keys, text, err)
		}
	}
}

func TestHistory(t *testing.T) {
	for keys, want := range map[string]string{
		up + "\r":                          "three;",
		up + up + "\r":                     "two\nlines;",
		up + up + up + "\r":                "two\nlines;", // to its first line
		up + up + up + up + "\r":           "one;",
		up + up + down + "\r":              "three;",
		"new" + up + down + ";\r":          "new;",
		"\x12wo\r":                         "two\nlines;",
		"\x12e\x12\r":                      "two\nlines;",
		"\x12three\x12\x12\r":              "three;",
		"x;\x12nosuch\x1b\x1b[D\x1b[C\r":   "x;",
		"\x12THREE" + "\x1b[F\x7f!;\r":     "three!;",
		"\x12on\x7f\x7ftwo\r":              "two\nlines;",
		"\x10\x10\x0e\r":                   "three;",
		up + "\x7f2;\r":                    "three2;",
		"a" + up + "\x15" + "b;\r":         "b;",
		up + up + up + up + up + up + "\r": "one;",
	} {
		h := list{"one;", "two\nlines;", "three;"}
		_, text, err := typed(t, newVT(t, 30, 8), Options{History: &h}, keys)
		if err != nil || text != want {
			t.Errorf("%q gives %q, not %q (%v)", keys, text, want, err)
		}
		if h[len(h)-1] != text {
			t.Errorf("%q adds %q", text, h[len(h)-1])
		}
	}
}

func propose(text string) (int, []Proposal) {
	at := strings.LastIndexAny(text, " \n") + 1
	var found []Proposal
	for _, p := range []Proposal{{"Airport", ""}, {"Airline", ""}, {"City", "a place"}} {
		if strings.HasPrefix(strings.ToLower(p.Text), strings.ToLower(text[at:])) {
			found = append(found, p)
		}
	}
	return at, found
}

func TestComplete(t *testing.T) {
	for keys, want := range map[string]string{
		"n ci\t;\r":               "n City;",
		"n ai\t;\r":               "n Air;",
		"n air\t\t;\r":            "n Airport;",
		"n air\t\t\t;\r":          "n Airline;",
		"n air\t\t\t\t;\r":        "n Air;",
		"n air\t\t\r;\r":          "n Airport;",
		"n air\t\t\x1b\x1b[C;\r":  "n Air;",
		"n air\t\x1b[Z;\r":        "n Airline;",
		"n x\t;\r":                "n x;",
		"n ci;\x1b[D\t\x05\r":     "n City;",
		"\t\t\t\t;\r":             "City;",
		"n air\t" + down + "b;\r": "n Airportb;",
		"n air\t" + "\x7f\x7f;\r": "n A;",
	} {
		_, text, err := typed(t, newVT(t, 30, 8), Options{Propose: propose}, keys)
		if err != nil || text != want {
			t.Errorf("%q gives %q, not %q (%v)", keys, text, want, err)
		}
	}
}

// shows runs until the keys are used up, and returns the screen before that is noticed.
func shows(t *testing.T, v *vt, o Options, keys string) string {
	t.Helper()
	e := newEditor(nil, v, o)
	e.o.Prompt = func() string { return "> " }
	e.o.More, e.prompt = "- ", "> "
	e.size = func() (int, int) { return v.columns, v.rows }
	e.at = e.o.History.Len()
	e.keys.in.Reset(strings.NewReader(keys))
	e.keys.waits = func() bool { return false }
	if err := e.draw(); err != nil {
		t.Fatal(err)
	}
	for {
		k, err := e.keys.next()
		if err != nil {
			break
		}
		if _, err := e.press(k); err != nil {
			t.Fatal(err)
		}
		if err := e.draw(); err != nil {
			t.Fatal(err)
		}
	}
	return v.String()
}

func TestScreen(t *testing.T) {
	never := func(string) bool { return false }
	for _, c := range []struct {
		columns, rows int
		keys, want    string
	}{
		{10, 4, "", "> |"},
		{10, 4, "abc" + left, "> ab|c"},
		{10, 4, "a\rb", "> a\n- b|"},
		{10, 4, "12345678", "> 12345678\n|"},
		{10, 4, "123456789", "> 12345678\n9|"},
		{10, 4, "12345678" + left, "> 1234567|8"},
		{10, 5, "12345678\rx", "> 12345678\n\n- x|"},
		{10, 4, "1234567日", "> 1234567\n日|"},
		{10, 3, "a\rb\rc\rd", "- b\n- c\n- d|"},
		{10, 3, "a\rb\rc\rd" + up + up + up, "> a|\n- b\n- c"},
		{10, 3, "a\rb\rc\rd" + up + up + up + down + down + down, "- b\n- c\n- d|"},
		{12, 4, "ai\t", "> Air|\nAirport\nAirline"},
		{20, 4, "ai\t\t", "> Airport|\nAirport  Airline"},
		{30, 5, "\t", "> |\nAirport\nAirline\nCity     a place"},
		{30, 5, "\tx", "> x|"},
		{30, 3, "\x12ol", "> |old;\nsearch: ol"},
		{30, 3, "\x12nosuch", "> |\nnothing older has: nosuch"},
	} {
		h := list{"old;"}
		got := shows(t, newVT(t, c.columns, c.rows), Options{Complete: never, Propose: propose, History: &h}, c.keys)
		if got != c.want {
			t.Errorf("%q in %dx%d shows\n%s\n--- not\n%s", c.keys, c.columns, c.rows, got, c.want)
		}
	}
}

// After any keys the screen shows what a fresh terminal would.
func TestScreenAfterAnyKeys(t *testing.T) {
	keys := []string{"a", "word ", "日", "é", "\r", "\r", left, right, up, down, "\x7f", "\x01", "\x05", "\x0b", "\x15", "\x17", "\x19", "\t", "\x1b[Z", "\x1f",
		"\x1b[200~pasted\ntext that is long enough\x1b[201~", wordLeft, "\x0c", "\x12", "\x1b[3~"}
	paint := func(s string) string { return strings.ReplaceAll(s, "a", "\x1b[31ma\x1b[0m") }
	for seed := range uint64(60) {
		r := rand.New(rand.NewPCG(seed, 7))
		columns, rows := 8+r.IntN(30), 4+r.IntN(10)
		v := newVT(t, columns, rows)
		h := list{"one;", "two\nlines;"}
		e := newEditor(nil, v, Options{Complete: func(string) bool { return false }, Propose: propose, Paint: paint, History: &h, More: "- "})
		e.prompt = "> "
		e.size = func() (int, int) { return columns, rows }
		e.at = h.Len()
		log := fmt.Sprintf("seed %d, %dx%d:", seed, columns, rows)
		for range 150 {
			k := keys[r.IntN(len(keys))]
			log += fmt.Sprintf(" %q", k)
			e.keys.in.Reset(strings.NewReader(k))
			pressed, err := e.keys.next()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := e.press(pressed); err != nil {
				t.Fatal(err)
			}
			if e.cursor < 0 || e.cursor > len(e.text) {
				t.Fatalf("%s: the cursor is at %d of %q", log, e.cursor, e.text)
			}
			if err := e.draw(); err != nil {
				t.Fatal(err)
			}
			if r.IntN(4) > 0 {
				continue // drawn over several keys
			}
			fresh := newVT(t, columns, rows)
			state := e.screen
			e.out, e.screen = fresh, drawn{top: state.top}
			if err := e.draw(); err != nil {
				t.Fatal(err)
			}
			if e.screen != state {
				t.Fatalf("%s: drawn again it is %v, not %v", log, e.screen, state)
			}
			e.out = v
			want, got := fresh.String(), v.String()
			if !strings.HasSuffix("\n"+got, "\n"+want) {
				t.Fatalf("%s\nshows\n%s\n--- not\n%s", log, got, want)
			}
		}
	}
}

func TestLongMenu(t *testing.T) {
	var many []Proposal
	for i := range 300 {
		many = append(many, Proposal{Text: fmt.Sprintf("name%03d", i)})
	}
	o := Options{Propose: func(string) (int, []Proposal) { return 0, many }}
	got := shows(t, newVT(t, 40, 24), o, "\t"+strings.Repeat("\t", 60))
	if !strings.HasPrefix(got, "> name059|\n") || !strings.Contains(got, "name056  name057  name058  name059\n") || !strings.HasSuffix(got, "more") {
		t.Errorf("it shows\n%s", got)
	}
}

// Whatever a terminal sends, the cursor stays in the text, and the text on the screen.
func FuzzKeys(f *testing.F) {
	for _, seed := range []string{"ab\r", "\x1b[A\x1b[200~x\x1b[201~", "\x1b", "\x1b[", "\xff\x1bO", "\t\t\r", "\x12a\x12\x7f", "日\x1b[D\x7f", "0000000000000000\x06\x03"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, keys string) {
		if len(keys) > 4096 {
			return
		}
		h := list{"one;", "two\nlines;"}
		v := newVT(t, 20, 6)
		e, text, err := typed(t, v, Options{History: &h, Propose: propose}, keys)
		if err == nil && !strings.HasSuffix(strings.TrimSpace(text), ";") {
			t.Fatalf("%q is taken for whole", text)
		}
		if e.cursor < 0 || e.cursor > len(e.text) {
			t.Fatalf("the cursor is at %d of %q", e.cursor, e.text)
		}
	})
}
