package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/wire"
)

// importRemote sends the files of an import to a server, and shows what happens there.
func (a *app) importRemote(cmd *cobra.Command, f *importFlags, spec *kadedb.ImportSpec, schema string) error {
	c, err := a.connect(f.server, f.token)
	if err != nil {
		return err
	}
	defer c.Close()
	sent, err := a.uploads(spec)
	if err != nil {
		return err
	}
	start := time.Now()
	bar := a.progress(f.silent)
	rejects := rejectFile{name: f.skipBad}
	result, err := c.Import(cmd.Context(), f.remoteSpec(spec, sent), sent.files, a.importEvents(f, sent, bar, &rejects))
	if cerr := errors.Join(rejects.sync(), rejects.close()); err == nil {
		err = cerr
	}
	bar.clear()
	var rows []badRow
	for _, b := range result.BadRows {
		rows = append(rows, badRow{file: b.File, line: b.Line, code: b.Code, reason: b.Reason})
	}
	a.badRows(result.Bad, rows, &rejects)
	sum := kadedb.ImportSummary{Nodes: result.Nodes, Relationships: result.Relationships, Updated: result.Updated, Bytes: result.Bytes}
	if err == nil && f.dryRun {
		a.wouldImport(&sum)
	}
	if err != nil || f.dryRun {
		return err
	}
	for rest := schema; rest != ""; {
		var one string
		if one, rest, _ = syntax.Cut(rest); syntax.Blank(one) {
			continue
		}
		if _, err := c.Exec(cmd.Context(), client.Request{Query: one}); err != nil {
			return status.Errorf(status.From(err).Code, "everything was imported, but `%s` failed: %w", trimmed(one), err)
		}
	}
	a.imported(&sum, time.Since(start))
	return nil
}

// importEvents shows what happens during an import.
func (a *app) importEvents(f *importFlags, u *remoteFiles, bar *progressBar, rejects *rejectFile) client.ImportEvents {
	start, last := time.Now(), time.Time{}
	e := client.ImportEvents{
		Sent: func(name string, bytes int64) {
			now := time.Now()
			if now.Sub(last) < 100*time.Millisecond {
				return
			}
			last = now
			bar.show(transfer.Progress{Stage: fmt.Sprintf("sending %s, %s", filepath.Base(name), bytesText(bytes)), Done: bytes, Total: u.size, Elapsed: now.Sub(start)})
		},
		Plan: func(sources []client.ImportSource) {
			bar.clear()
			p := &transfer.Plan{}
			for _, s := range sources {
				of := transfer.Source{Path: s.File, Relationships: s.Relationships, Name: s.Name, Rows: s.Rows, Bytes: s.Bytes}
				for _, c := range s.Columns {
					of.Columns = append(of.Columns, transfer.SourceColumn(c))
				}
				p.Sources = append(p.Sources, of)
			}
			a.planned(f, p)
		},
		Notice: func(text string) { bar.clear(); a.say("%s", printable(text)) },
		Progress: func(p client.ImportProgress) {
			bar.show(transfer.Progress{Stage: p.Stage, Rows: p.Rows, Rate: p.Rate, Done: p.Done, Total: p.Total, Elapsed: p.Elapsed})
		},
		Again: func() error {
			bar.clear()
			a.say("another commit got in the way: the import begins anew")
			return rejects.again()
		},
	}
	if f.skipBad != "" && !f.dryRun {
		e.BadRow = func(b client.BadRow) error { return rejects.add(badRow{b.File, b.Line, b.Code, b.Reason, b.Text}) }
	}
	return e
}

// remoteFiles are what an import sends.
type remoteFiles struct {
	files                []client.Upload
	nodes, relationships []string // NAME=FILE
	size                 int64    // of all of them; 0: unknown
}

// uploads returns the files of an import, each once, under the paths that were given:
// the server's errors name them so.
func (a *app) uploads(spec *kadedb.ImportSpec) (*remoteFiles, error) {
	u, have, unknown := &remoteFiles{}, map[string]bool{}, false
	for _, l := range []struct {
		to   *[]string
		list []transfer.File
	}{{&u.nodes, spec.Nodes}, {&u.relationships, spec.Relationships}} {
		expanded, err := transfer.Expand(l.list)
		if err != nil {
			return nil, err
		}
		for _, file := range expanded {
			*l.to = append(*l.to, file.Name+"="+file.Path)
			if have[file.Path] {
				if file.Path == "-" {
					return nil, status.Errorf(status.InvalidUsage, "standard input can be one file only")
				}
				continue
			}
			have[file.Path] = true
			u.files = append(u.files, client.Upload{Name: file.Path, Open: func() (io.ReadCloser, error) { return a.openUpload(file.Path) }})
			if file.Path == "-" {
				unknown = true
				continue
			}
			// What is missing is told before the others are sent.
			info, err := os.Stat(file.Path)
			if err == nil && info.IsDir() {
				err = errors.New("it is a folder")
			}
			if err != nil {
				return nil, status.Errorf(status.FileNotFound, "%s cannot be read: %w", file.Path, err)
			}
			unknown = unknown || !info.Mode().IsRegular()
			u.size += info.Size()
		}
	}
	if len(u.files) == 0 {
		return nil, status.Errorf(status.InvalidArgumentValue, "an import without files").WithHint("Name some with --nodes and --relationships.")
	}
	if unknown {
		u.size = 0
	}
	return u, nil
}

func (a *app) openUpload(path string) (io.ReadCloser, error) {
	if path == "-" {
		return io.NopCloser(a.in), nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, status.Errorf(status.FileNotFound, "%s cannot be read: %w", path, err)
	}
	return f, nil
}

// remoteSpec says the flags as a server takes them.
func (f *importFlags) remoteSpec(spec *kadedb.ImportSpec, u *remoteFiles) []byte {
	b := []byte{'{'}
	for _, l := range []struct {
		key  string
		list []string
	}{{"nodes", u.nodes}, {"relationships", u.relationships}, {"id", f.ids}, {"from", f.from}, {"to", f.to}, {"null", f.nulls}} {
		b = append(wire.AppendStrings(append(b, `"`+l.key+`":`...), l.list), ',')
	}
	if spec.Delimiter != 0 {
		b = append(wire.AppendString(append(b, `"delimiter":`...), string(spec.Delimiter)), ',')
	}
	if spec.ListDelim != 0 {
		b = append(wire.AppendString(append(b, `"array_delimiter":`...), string(spec.ListDelim)), ',')
	}
	if spec.LineLimit > 0 {
		b = append(strconv.AppendInt(append(b, `"line_limit":`...), int64(spec.LineLimit), 10), ',')
	}
	for _, x := range []struct {
		key string
		is  bool
	}{{"skip_bad", f.skipBad != ""}, {"strict", f.strict}, {"dry_run", f.dryRun}, {"update", f.update}} {
		b = append(strconv.AppendBool(append(b, `"`+x.key+`":`...), x.is), ',')
	}
	b[len(b)-1] = '}'
	return b
}
