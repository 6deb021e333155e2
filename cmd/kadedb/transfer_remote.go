package main

import (
	"archive/zip"
	"errors"
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
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// importRemote sends the files of an import to a server.
func (a *app) importRemote(cmd *cobra.Command, f *importFlags, spec *kadedb.ImportSpec, schema string) error {
	if f.skipBad != "" || f.dryRun || spec.Delimiter != 0 || spec.LineLimit != defaultLineLimit {
		return status.Errorf(status.InvalidUsage, "--skip-bad FILE, --dry-run, --delimiter and --line-limit are for imports with --data")
	}
	if f.token == "" {
		f.token = a.env("KADEDB_TOKEN")
	}
	c, err := a.connect(f.server, f.token)
	if err != nil {
		return err
	}
	defer c.Close()
	lists := map[string][]string{"id": f.ids, "from": f.from, "to": f.to, "null": f.nulls}
	files, err := a.uploads(spec, lists)
	if err != nil {
		return err
	}
	body := []byte{'{'}
	for _, key := range []string{"nodes", "relationships", "id", "from", "to", "null"} {
		body = append(wire.AppendStrings(append(body, `"`+key+`":`...), lists[key]), ',')
	}
	body = strconv.AppendBool(append(body, `"strict":`...), f.strict)
	body = append(strconv.AppendBool(append(body, `,"update":`...), f.update), '}')
	start := time.Now()
	m, err := c.Import(cmd.Context(), body, files)
	if err != nil {
		return err
	}
	for rest := schema; rest != ""; {
		var one string
		if one, rest, _ = syntax.Cut(rest); syntax.Blank(one) {
			continue
		}
		if _, err := c.Exec(cmd.Context(), client.Request{Query: one}); err != nil {
			return err
		}
	}
	if notices, ok := m.Get("notices"); ok && notices.Kind() == value.KindList && !f.silent {
		for _, n := range notices.Elems() {
			if n.Kind() == value.KindString {
				a.say("%s", printable(n.AsString()))
			}
		}
	}
	count := func(key string) int64 {
		if v, ok := m.Get(key); ok && v.Kind() == value.KindInt {
			return v.AsInt()
		}
		return 0
	}
	sum := kadedb.ImportSummary{Nodes: count("nodes"), Relationships: count("relationships"), Updated: count("updated")}
	a.say("%d nodes, %d relationships%s in %.2f s", sum.Nodes, sum.Relationships, updated(&sum), time.Since(start).Seconds())
	return nil
}

// uploads returns the files of an import under names of their own, and adds those to the
// lists of nodes and relationships.
func (a *app) uploads(spec *kadedb.ImportSpec, lists map[string][]string) (files []client.Upload, err error) {
	for _, l := range []struct {
		key  string
		list []transfer.File
	}{{"nodes", spec.Nodes}, {"relationships", spec.Relationships}} {
		expanded, err := transfer.Expand(l.list)
		if err != nil {
			return nil, err
		}
		for _, file := range expanded {
			name := filepath.Base(file.Path)
			for _, have := range files {
				if have.Name == name {
					name = strconv.Itoa(len(files)) + "-" + filepath.Base(file.Path)
				}
			}
			files = append(files, client.Upload{Name: name, Open: func() (io.ReadCloser, error) { return a.openUpload(file.Path) }})
			lists[l.key] = append(lists[l.key], file.Name+"="+name)
		}
	}
	return files, nil
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

// exportRemote asks a server for an export.
func (a *app) exportRemote(cmd *cobra.Command, f *exportFlags, format transfer.ExportFormat) (err error) {
	if f.token == "" {
		f.token = a.env("KADEDB_TOKEN")
	}
	c, err := a.connect(f.server, f.token)
	if err != nil {
		return err
	}
	defer c.Close()
	vals, err := readParams(f.params)
	if err != nil {
		return err
	}
	r := client.Request{Query: f.query, Params: vals}
	if f.query != "" {
		if f.output == "-" {
			return c.Export(cmd.Context(), string(format), r, a.out)
		}
		to, err := createFile(f.output)
		if err != nil {
			return err
		}
		err = errors.Join(c.Export(cmd.Context(), string(format), r, to), to.Close())
		if err != nil {
			err = errors.Join(err, os.Remove(f.output))
		}
		return err
	}
	if err := newFolder(f.to); err != nil {
		return err
	}
	name := filepath.Join(f.to, "graph.graphml")
	if format != transfer.ExportGraphML {
		name = filepath.Join(f.to, "export.zip.part")
	}
	to, err := createFile(name)
	if err != nil {
		return err
	}
	if err := errors.Join(c.Export(cmd.Context(), string(format), r, to), to.Close()); err != nil {
		return errors.Join(err, os.Remove(name))
	}
	if format == transfer.ExportGraphML {
		return nil
	}
	files, err := unzip(name, f.to)
	if err = errors.Join(err, os.Remove(name)); err != nil {
		// Half an export is none.
		for _, file := range files {
			err = errors.Join(err, os.Remove(file))
		}
		return err
	}
	a.say("%d files in %s", len(files), printable(f.to))
	return nil
}

// unzip unpacks the files of an export, and returns those that it began. Names with
// anything but a file's name are refused.
func unzip(name, dir string) (files []string, err error) {
	z, err := zip.OpenReader(name)
	if err != nil {
		return nil, status.Errorf(status.MalformedFile, "the export cannot be unpacked: %w", err)
	}
	defer func() { err = errors.Join(err, z.Close()) }()
	for _, f := range z.File {
		if f.Name != filepath.Base(f.Name) || !filepath.IsLocal(f.Name) || f.Method != zip.Store {
			return files, status.Errorf(status.MalformedFile, "the export holds a file %q", f.Name)
		}
		in, err := f.Open()
		if err != nil {
			return files, status.Errorf(status.MalformedFile, "the export cannot be unpacked: %w", err)
		}
		to := filepath.Join(dir, f.Name)
		out, err := createFile(to)
		if err != nil {
			return files, errors.Join(err, in.Close())
		}
		files = append(files, to)
		if _, err := io.Copy(out, in); err != nil {
			return files, errors.Join(err, in.Close(), out.Close())
		}
		if err := errors.Join(in.Close(), out.Close()); err != nil {
			return files, err
		}
	}
	return files, nil
}
