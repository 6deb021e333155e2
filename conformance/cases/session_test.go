package cases

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/query/optimize"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// setting is one way in which every file runs.
type setting struct {
	name        string
	engine      kadedb.Engine
	memory      int64 // of a query; 0: the default
	uncommitted bool  // everything in one transaction
	checkpoint  bool  // after each statement
}

var settings = []setting{
	{name: "plain"},
	{name: "row by row", engine: kadedb.Engine{BatchSize: 1, Workers: 1, NoPlanCache: true}},
	{name: "as written", engine: kadedb.Engine{Rules: optimize.Without(optimize.Rules()...)}},
	{name: "spilling", engine: kadedb.Engine{BatchSize: 3, Workers: 2}, memory: 1},
	{name: "uncommitted", uncommitted: true},
	{name: "checkpointed", checkpoint: true},
}

// session runs the blocks of a file one after the other.
type session struct {
	t      *testing.T
	set    setting
	db     *kadedb.DB
	tx     *query.Tx // opened by BEGIN
	whole  *query.Tx // of the setting "uncommitted"
	limits query.Limits
	folder string // where LOAD CSV reads
}

func newSession(t *testing.T, set setting) *session {
	s := &session{t: t, set: set, folder: "testdata/import"}
	s.reset()
	t.Cleanup(s.close)
	return s
}

func (s *session) close() {
	s.leave()
	if s.tx != nil {
		s.check(s.tx.Rollback())
		s.tx = nil
	}
	if s.db != nil {
		if used := s.db.Stats(); used.Memory.Used > used.Memory.Limit {
			s.t.Errorf("%d bytes used of %d", used.Memory.Used, used.Memory.Limit)
		}
		s.check(s.db.Close())
	}
}

func (s *session) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

func (s *session) reset() {
	s.close()
	db, err := kadedb.OpenTemporary(&kadedb.Options{Engine: s.set.engine, CheckpointBytes: -1, Durability: kadedb.DurableNone,
		Memory: 256 << 20, ImportDir: s.folder, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
	s.check(err)
	s.db, s.limits = db, query.Limits{Memory: s.set.memory}
}

// leave commits the setting's own transaction.
func (s *session) leave() {
	if s.whole != nil {
		s.check(s.whole.Commit(context.Background()))
		s.whole = nil
	}
}

// configure follows a directive.
func (s *session) configure(text string) {
	words := strings.Fields(text)
	switch words[0] {
	case "!reset", "!no-import":
		s.folder = ""
		if words[0] == "!reset" {
			s.folder = "testdata/import"
		}
		s.reset()
	case "!limits":
		s.limits = query.Limits{Memory: s.set.memory}
		for _, w := range words[1:] {
			name, number, _ := strings.Cut(w, "=")
			n, err := strconv.ParseInt(number, 10, 64)
			s.check(err)
			switch name {
			case "rows":
				s.limits.Rows = n
			case "path-rows":
				s.limits.PathRows = n
			case "path-length":
				s.limits.PathLength = int(n)
			case "memory":
				s.limits.Memory = n
			case "milliseconds":
				s.limits.Time = time.Duration(n) * time.Millisecond
			default:
				s.t.Fatalf("no limit %s", name)
			}
		}
	default:
		s.t.Fatalf("unknown directive %s", text)
	}
}

var (
	explain = regexp.MustCompile(`(?i)^\s*EXPLAIN\b`)
	// estimates matches rows and cost at the end of a plan's line.
	estimates       = regexp.MustCompile(` +([0-9.]+[KMG]?|Estimated rows) +(0|[0-9.]+[nµm]?s|Cost)$`)
	commitWord      = regexp.MustCompile(`(?i)^\s*COMMIT\b`)
	inUse           = regexp.MustCompile(`\d+ bytes more do not fit the memory of query: \d+ of \d+ bytes are in use`)
	transactionID   = regexp.MustCompile(`\b[0-9a-f]{32}\b`)
	transactionWord = regexp.MustCompile(`(?i)^\s*(BEGIN|START|COMMIT|ROLLBACK)\b`)
	schemaWord      = regexp.MustCompile(`(?i)^\s*(CREATE|DROP)\s+(RANGE\s+|TEXT\s+|FULLTEXT\s+|VECTOR\s+|POINT\s+|LOOKUP\s+|BTREE\s+)?(INDEX|CONSTRAINT)\b`)
)

// run gives what a block gives.
func (s *session) run(b *block) string {
	ctx := context.Background()
	params := map[string]value.Value{}
	for _, line := range b.params {
		name, literal, ok := strings.Cut(line[1:], " = ")
		if !ok {
			s.t.Fatalf("no $name = value: %s", line)
		}
		params[name] = s.constant(literal)
	}
	own := b.mark == "committed" || transactionWord.MatchString(b.text) || schemaWord.MatchString(b.text)
	if own {
		s.leave()
	} else if s.set.uncommitted && s.tx == nil && s.whole == nil {
		var err error
		s.whole, err = s.db.EngineOf().Begin(ctx, query.TxOptions{})
		s.check(err)
	}
	in := s.tx
	if in == nil {
		in = s.whole
	}
	req := query.Request{Text: b.text, Params: params, Limits: &s.limits, Tx: in}
	out := s.ask(ctx, req, b.mark == "in order")
	if s.limits.Memory == s.set.memory && strings.HasPrefix(out, "error: QueryMemoryLimit\n") {
		// What does not spill may be refused, but must not give anything else.
		roomy := s.limits
		roomy.Memory = 0
		req.Limits = &roomy
		out = s.ask(ctx, req, b.mark == "in order")
	}
	if s.set.checkpoint {
		s.check(s.db.Checkpoint(ctx))
	}
	return out
}

func (s *session) constant(literal string) value.Value {
	s.t.Helper()
	rows, err := s.db.Query(context.Background(), "RETURN "+literal, nil)
	s.check(err)
	if !rows.Next() {
		s.t.Fatal(literal, rows.Close())
	}
	v := rows.Values()[0]
	s.check(rows.Close())
	return v
}

func (s *session) ask(ctx context.Context, req query.Request, ordered bool) string {
	r, err := s.db.EngineOf().Run(ctx, req)
	if err != nil {
		if commitWord.MatchString(req.Text) {
			s.tx = nil // a COMMIT that fails ends the transaction too
		}
		return errorText(err)
	}
	var lines []string
	for r.Next() {
		cells := make([]string, len(r.Columns()))
		for i, v := range r.Values() {
			cells[i] = v.String()
		}
		lines = append(lines, strings.Join(cells, " | "))
	}
	columns := strings.Join(r.Columns(), " | ")
	if err := r.Close(); err != nil {
		return errorText(err)
	}
	switch {
	case explain.MatchString(req.Text):
		for i := range lines {
			lines[i] = estimates.ReplaceAllString(strings.Trim(lines[i], "'"), "")
		}
	case !ordered:
		slices.Sort(lines)
	}
	if columns != "" {
		lines = append([]string{columns}, lines...)
	}
	sum := r.Summary()
	s.follow(req, sum.Tx)
	return strings.Join(append(lines, effects(sum)...), "\n")
}

// follow keeps track of the open transaction.
func (s *session) follow(req query.Request, opened *query.Tx) {
	switch {
	case opened != nil:
		s.tx = opened
	case transactionWord.MatchString(req.Text):
		s.tx = nil
	}
}

func effects(sum query.Summary) []string {
	var parts, lines []string
	for _, p := range []struct {
		name  string
		n, by int64
	}{
		{"nodes", sum.NodesCreated, 1}, {"nodes", sum.NodesDeleted, -1},
		{"relationships", sum.RelationshipsCreated, 1}, {"relationships", sum.RelationshipsDeleted, -1},
		{"properties", sum.PropertiesSet, 1}, {"labels", sum.LabelsAdded, 1}, {"labels", sum.LabelsRemoved, -1},
		{"indexes", sum.IndexesAdded, 1}, {"indexes", sum.IndexesRemoved, -1},
		{"constraints", sum.ConstraintsAdded, 1}, {"constraints", sum.ConstraintsRemoved, -1},
	} {
		if p.n != 0 {
			parts = append(parts, fmt.Sprintf("%s %+d", p.name, p.n*p.by))
		}
	}
	if parts != nil {
		lines = append(lines, "effects: "+strings.Join(parts, ", "))
	}
	for _, n := range sum.Notices {
		lines = append(lines, "notice: "+n)
	}
	return lines
}

func errorText(err error) string {
	e := status.From(err)
	i := e.Code.Info()
	line := "error: " + i.Name
	if i.Type != "" {
		line += ", " + i.Type
	}
	if p := e.When(); p != 0 {
		line += ", " + p.String()
	}
	if e.Pos.IsValid() {
		line += fmt.Sprintf(", %d:%d", e.Pos.Line, e.Pos.Column)
	}
	line += "\n" + e.Msg
	if e.Hint != "" {
		line += "\nhint: " + e.Hint
	}
	return inUse.ReplaceAllString(transactionID.ReplaceAllString(line, "<id>"), "some bytes more do not fit the memory of query")
}
