package main

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/transfer"
)

// importFlags are what the flags of import say, as given.
type importFlags struct {
	data, folder, server, token    string
	nodes, ids, rels, from, to     []string
	nulls                          []string
	delimiter, listDelim, skipBad  string
	lineLimit                      int
	strict, update, dryRun, silent bool
}

func (a *app) importCommand() *cobra.Command {
	var f importFlags
	cmd := &cobra.Command{
		Use:   "import --data DIR --nodes LABEL=FILE … --relationships TYPE=FILE …",
		Short: "Fill a store from files of CSV, JSON Lines, Parquet, Arrow and GraphML",
		Long: `Reads files of CSV, JSON Lines, Parquet, Arrow and GraphML, texts also packed by gzip or zstd, into a store, which is
made where there is none and which no server may hold. A FILE may be a pattern in quotes, such as 'people-*.csv',
and - for standard input. Everything counts at once at the end; after an error or Ctrl-C the store is as it was.

Columns are found by name: --id LABEL:COLUMN is the id of the nodes with a label and gets a key constraint,
--from and --to TYPE:LABEL:COLUMN hold ids of the nodes at both ends of relationships. Files with Neo4j's
headers (:ID(space), :LABEL, :START_ID(space), :END_ID(space), :TYPE, name:int, name:string[]) need none of them.
Every other column becomes a property; types are inferred and shown first. An empty field is no property.

Nodes that are in the store already are an error unless --update, which gives them the file's properties.
Relationships are never merged: each row is one.`,
		Example: `  kadedb import --data flights --nodes Airport=airports.csv --id Airport:iata \
    --relationships FLIGHT=flights.parquet --from FLIGHT:Airport:origin --to FLIGHT:Airport:destination`,
		Args: exactly(0, 0),
	}
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "folder of the store (KADEDB_DATA)")
	fl.StringVar(&f.server, "server", "", "address of a running server that takes the files, instead of --data")
	fl.StringVar(&f.token, "token", "", "token for the server (KADEDB_TOKEN)")
	fl.StringVar(&f.folder, "folder", "", "folder that 'kadedb export' wrote: its files, indexes and constraints")
	fl.StringArrayVar(&f.nodes, "nodes", nil, "LABEL=FILE, LABEL:LABEL=FILE, or FILE with a column :LABEL; may be repeated")
	fl.StringArrayVar(&f.ids, "id", nil, "LABEL:COLUMN that identifies nodes; may be repeated")
	fl.StringArrayVar(&f.rels, "relationships", nil, "TYPE=FILE, or FILE with a column :TYPE; may be repeated")
	fl.StringArrayVar(&f.from, "from", nil, "TYPE:LABEL:COLUMN with ids of start nodes; may be repeated")
	fl.StringArrayVar(&f.to, "to", nil, "TYPE:LABEL:COLUMN with ids of end nodes; may be repeated")
	fl.StringVar(&f.delimiter, "delimiter", "", "between the fields of CSV, \"tab\" too (found in the header)")
	fl.StringVar(&f.listDelim, "array-delimiter", ";", "between the elements of a list in a field, and between labels")
	fl.IntVar(&f.lineLimit, "line-limit", defaultLineLimit, "most bytes of one CSV record")
	fl.StringArrayVar(&f.nulls, "null", nil, "what else an unquoted field of CSV holds that is no property, such as NA; may be repeated")
	fl.StringVar(&f.skipBad, "skip-bad", "", "FILE for bad rows, a JSON object a line; the other rows are imported")
	fl.BoolVar(&f.strict, "strict", false, "stop at the first bad row; one shorter than the header is bad too")
	fl.BoolVar(&f.update, "update", false, "give nodes that exist the properties of their rows")
	fl.BoolVar(&f.dryRun, "dry-run", false, "read and check everything, and show what would be imported")
	fl.BoolVar(&f.silent, "quiet", false, "show neither the plan nor progress")
	settingFlags(cmd, storeSettings...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return a.runImport(cmd, &f) }
	return cmd
}

// spec reads the flags.
func (f *importFlags) spec() (kadedb.ImportSpec, error) {
	s := kadedb.ImportSpec{SkipBad: f.skipBad != "", Strict: f.strict, Nulls: f.nulls, Update: f.update, LineLimit: f.lineLimit}
	if _, err := os.Lstat(f.skipBad); f.skipBad != "" && err == nil {
		return s, rejectsThere(f.skipBad)
	}
	if f.strict && f.skipBad != "" {
		return s, status.Errorf(status.InvalidUsage, "--strict and --skip-bad say opposite things")
	}
	if err := parseAll(&s.Nodes, f.nodes, transfer.ParseFile); err != nil {
		return s, err
	}
	if err := parseAll(&s.Relationships, f.rels, transfer.ParseFile); err != nil {
		return s, err
	}
	if err := parseAll(&s.IDs, f.ids, transfer.ParseID); err != nil {
		return s, err
	}
	if err := parseAll(&s.From, f.from, transfer.ParseEnd); err != nil {
		return s, err
	}
	if err := parseAll(&s.To, f.to, transfer.ParseEnd); err != nil {
		return s, err
	}
	for _, d := range []struct {
		flag, text string
		to         *byte
	}{{"delimiter", f.delimiter, &s.Delimiter}, {"array-delimiter", f.listDelim, &s.ListDelim}} {
		text := d.text
		if strings.EqualFold(text, "tab") || text == `\t` {
			text = "\t"
		}
		if len(text) > 1 || text == "\"" || text == "\n" || len(text) == 1 && text[0] > 126 {
			return s, status.Errorf(status.InvalidUsage, "--%s takes one ASCII character, not %q", d.flag, d.text)
		}
		if text != "" {
			*d.to = text[0]
		}
	}
	return s, nil
}

func parseAll[T any](to *[]T, texts []string, parse func(string) (T, error)) error {
	for _, t := range texts {
		x, err := parse(t)
		if err != nil {
			return err
		}
		*to = append(*to, x)
	}
	return nil
}

const defaultLineLimit = 4 << 20

func (a *app) runImport(cmd *cobra.Command, f *importFlags) error {
	spec, err := f.spec()
	if err != nil {
		return err
	}
	schema := ""
	if f.folder != "" {
		if schema, err = spec.Folder(f.folder); err != nil {
			return err
		}
	}
	if f.server != "" {
		if f.data != "" {
			return status.Errorf(status.InvalidUsage, "give either --data DIR or --server URL")
		}
		return a.importRemote(cmd, f, &spec, schema)
	}
	if f.data == "" {
		f.data = a.env("KADEDB_DATA")
	}
	if f.data == "" {
		return status.Errorf(status.InvalidUsage, "no store is named").WithHint("give --data DIR, or --server URL")
	}
	set, err := a.settings(cmd)
	if err != nil {
		return err
	}
	before := folderBefore(f.data)
	db, err := kadedb.Open(f.data, storeOptions(set, a.logger(set)))
	if e := status.From(err); e != nil && e.Code == status.StoreLocked {
		return heldHint(e)
	}
	if err != nil {
		return err
	}
	memory.Govern(cmd.Context(), db.Budget())
	start := time.Now()
	sum, err := a.importFiles(cmd.Context(), db, f, &spec)
	if err == nil && !f.dryRun {
		err = makeSchema(cmd.Context(), db, schema)
	}
	counts := !f.dryRun && (err == nil || sum.Nodes+sum.Relationships > 0)
	if cerr := db.Close(); err == nil {
		err = cerr
	}
	if !counts {
		if rerr := before.restore(); rerr != nil {
			a.say("the empty store in %s could not be removed: %v", printable(f.data), rerr)
		}
	}
	if err == nil && f.dryRun {
		a.wouldImport(&sum)
		return nil
	}
	if err == nil {
		a.imported(&sum, time.Since(start))
	}
	return err
}

// importFiles imports into an open store, and shows how far it is.
func (a *app) importFiles(ctx context.Context, db *kadedb.DB, f *importFlags, spec *kadedb.ImportSpec) (kadedb.ImportSummary, error) {
	bar := a.progress(f.silent)
	spec.Planned = func(p *transfer.Plan) error {
		bar.clear()
		a.planned(f, p)
		return nil
	}
	spec.DryRun = f.dryRun
	spec.Notice = func(text string) { bar.clear(); a.say("%s", printable(text)) }
	spec.Progress = bar.show
	spec.Stdin = a.in
	rejects := rejectFile{name: f.skipBad}
	if f.skipBad != "" && !f.dryRun {
		spec.BadRow = func(b transfer.BadRow) error { return rejects.add(badRowOf(b)) }
		spec.Looked = rejects.sync
	}
	sum, err := db.Import(ctx, *spec)
	if cerr := rejects.close(); err == nil {
		err = cerr
	}
	bar.clear()
	rows := make([]badRow, len(sum.Bad.First))
	for i, b := range sum.Bad.First {
		rows[i] = badRowOf(b)
	}
	a.badRows(sum.Bad.Count, rows, &rejects)
	return sum, err
}

// planned shows what an import is going to do.
func (a *app) planned(f *importFlags, p *transfer.Plan) {
	if !f.silent || f.dryRun {
		a.say("%s", strings.TrimRight(printable(p.String()), "\n"))
	}
}

func (a *app) wouldImport(sum *kadedb.ImportSummary) {
	a.say("dry run: %s and %s would be imported%s; nothing was written", plural(sum.Nodes, "node"), plural(sum.Relationships, "relationship"), updated(sum))
}

// imported tells what an import did.
func (a *app) imported(sum *kadedb.ImportSummary, took time.Duration) {
	a.say("%s, %s%s in %.2f s (%s rows/s); %s written", plural(sum.Nodes, "node"), plural(sum.Relationships, "relationship"), updated(sum), took.Seconds(),
		grouped(int64(float64(sum.Nodes+sum.Relationships)/took.Seconds())), bytesText(sum.Bytes))
	if sum.Spilled > 0 {
		a.say("%s were sorted in temporary files", bytesText(sum.Spilled))
	}
}

// makeSchema makes the indexes and constraints of an export.
func makeSchema(ctx context.Context, db *kadedb.DB, text string) error {
	for text != "" {
		var one string
		one, text, _ = syntax.Cut(text)
		if syntax.Blank(one) {
			continue
		}
		if syntax.FirstWord(one) != "CREATE" {
			return status.Errorf(status.MalformedFile, "%s holds other statements than CREATE INDEX and CREATE CONSTRAINT", transfer.SchemaFile)
		}
		if _, err := db.Exec(ctx, one, nil); err != nil {
			return status.Errorf(status.From(err).Code, "everything was imported, but `%s` failed: %w", trimmed(one), err)
		}
	}
	return nil
}

func trimmed(statement string) string { return strings.TrimSuffix(strings.TrimSpace(statement), ";") }

// madeFolder is the folder of a store that an import makes.
type madeFolder struct {
	dir             string
	existed, filled bool
	cutOff          bool // it holds a store that another import made, and did not come to fill
}

// folderBefore looks at a store's folder before it is opened.
func folderBefore(dir string) madeFolder {
	entries, err := os.ReadDir(dir)
	m := madeFolder{dir: dir, existed: !errors.Is(err, fs.ErrNotExist), filled: len(entries) > 0 || err != nil && !errors.Is(err, fs.ErrNotExist)}
	if _, err := os.Stat(filepath.Join(dir, "IMPORT")); err != nil {
		return m
	}
	db, err := kadedb.OpenReadOnly(dir, &kadedb.Options{Logger: slog.New(slog.DiscardHandler), Memory: 64 << 20})
	if err == nil {
		err = db.Close()
	}
	m.cutOff = status.CodeOf(err) == status.NotAStore
	return m
}

// storeFiles are what a store's folder holds beside the lock.
var storeFiles = []string{"blocks.db", "wal", "tmp", "IMPORT"}

// restore removes the empty store of an import that was refused, where there was none
// before. It holds the store's lock: what another process opened meanwhile stays.
func (m madeFolder) restore() error {
	if m.filled && !m.cutOff {
		return nil
	}
	const lockName = "LOCK"
	lock, err := vfs.OS.Lock(path.Join(filepath.ToSlash(m.dir), lockName), "import")
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(m.dir)
	for _, e := range entries {
		if e.Name() != lockName && (!m.cutOff || slices.Contains(storeFiles, e.Name())) {
			err = errors.Join(err, os.RemoveAll(filepath.Join(m.dir, e.Name())))
		}
	}
	// Some systems remove no file that is open.
	err = errors.Join(err, lock.Close(), os.Remove(filepath.Join(m.dir, lockName)))
	if !m.existed {
		err = errors.Join(err, os.Remove(m.dir))
	}
	return err
}

func updated(s *kadedb.ImportSummary) string {
	if s.Updated == 0 {
		return ""
	}
	return ", " + plural(s.Updated, "node") + " updated"
}

// mostBadRows is how many bad rows are shown: the others fail alike, most likely.
const mostBadRows = 10

// badRows tells of the rows that were left out.
func (a *app) badRows(count int64, first []badRow, kept *rejectFile) {
	if count == 0 {
		return
	}
	shown := first[:min(len(first), mostBadRows)]
	for _, b := range shown {
		a.say("%s:%d: %s: %s", printable(b.file), b.line, b.code, printable(b.reason))
	}
	if more := count - int64(len(shown)); more > 0 {
		a.say("… and %s more", grouped(more))
	}
	text := plural(count, "bad row")
	if kept.f != nil {
		text += ", kept in " + printable(kept.name)
	}
	a.say("%s", text)
}
