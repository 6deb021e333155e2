package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

type exportFlags struct {
	data, to, format, query, output string
	server, token                   string
	params                          []string
	silent, force                   bool
}

func (a *app) exportCommand() *cobra.Command {
	var f exportFlags
	cmd := &cobra.Command{
		Use:   "export --data DIR (--to FOLDER | --query TEXT --output FILE) --format FORMAT",
		Short: "Write a graph, or the rows of a query, to files",
		Long: `Writes the whole graph of a store that no server holds to files of a new folder, as of one moment: nodes to a
file for each label, relationships to one for each type, and the statements for indexes and constraints. 'kadedb import
--data NEW --folder FOLDER' makes the same graph of them. With --query it writes the rows of a query to one file.
Formats are csv, jsonl (JSON Lines), parquet, arrow and, of graphs, graphml.`,
		Example: `  kadedb export --data flights --to out --format parquet
  kadedb export --data flights --query 'MATCH (a:Airport) RETURN a.iata, a.city' --format csv --output -`,
		Args: exactly(0, 0),
	}
	fl := cmd.Flags()
	fl.StringVar(&f.data, "data", "", "folder of the store (KADEDB_DATA)")
	fl.StringVar(&f.server, "server", "", "address of a running server, instead of --data")
	fl.StringVar(&f.token, "token", "", "token for the server (KADEDB_TOKEN)")
	fl.StringVar(&f.to, "to", "", "folder for the files, which must not be there or be empty")
	fl.StringVar(&f.format, "format", "csv", "csv, jsonl, parquet, arrow or graphml")
	fl.StringVar(&f.query, "query", "", "write the rows of this query only")
	fl.StringVar(&f.output, "output", "-", "file for the rows; - is standard output")
	fl.StringArrayVarP(&f.params, "param", "p", nil, "a parameter of the query, name=value; the value is JSON, or else text")
	fl.BoolVar(&f.force, "force", false, "write over the file that --output names")
	fl.BoolVar(&f.silent, "quiet", false, "show no progress")
	settingFlags(cmd, storeSettings...)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		err := a.runExport(cmd, &f)
		if err == nil || f.query == "" || errors.Is(err, syscall.EPIPE) {
			return err
		}
		a.report(err, f.query) // it may have a place there
		return &shownError{err}
	}
	return cmd
}

func (a *app) runExport(cmd *cobra.Command, f *exportFlags) (err error) {
	format, err := transfer.ParseExportFormat(f.format)
	if err != nil {
		return status.Errorf(status.InvalidUsage, "there is no format %q", f.format).WithHint("formats are %s", strings.Join(exportFormats(), ", "))
	}
	if f.data == "" && f.server == "" {
		f.data = a.env("KADEDB_DATA")
	}
	switch {
	case (f.data == "") == (f.server == ""):
		return status.Errorf(status.InvalidUsage, "no store is named, or two are").WithHint("give either --data DIR or --server URL")
	case (f.to == "") == (f.query == ""):
		return status.Errorf(status.InvalidUsage, "give either --to FOLDER, for the whole graph, or --query TEXT")
	}
	if f.query != "" && !f.force && isFile(f.output) {
		return outputThere(f.output) // before the query runs
	}
	if f.server != "" {
		return a.exportRemote(cmd, f, format)
	}
	set, err := a.settings(cmd)
	if err != nil {
		return err
	}
	if err := storeExists(f.data); err != nil {
		return err
	}
	db, err := kadedb.OpenReadOnly(f.data, storeOptions(set, a.logger(set)))
	if err != nil {
		return err
	}
	memory.Govern(cmd.Context(), db.Budget())
	defer func() {
		if cerr := db.Close(); err == nil {
			err = cerr
		}
	}()
	if f.query != "" {
		return a.exportQuery(cmd, db, f, format)
	}
	if err := newFolder(f.to); err != nil {
		return err
	}
	bar := a.progress(f.silent)
	start, last := time.Now(), time.Time{}
	sum, err := db.Export(cmd.Context(), kadedb.ExportSpec{Format: format,
		Create: func(name string) (io.WriteCloser, error) { return createFile(filepath.Join(f.to, name), false) },
		Progress: func(file string, rows int64) {
			if now := time.Now(); now.Sub(last) > 100*time.Millisecond {
				last = now
				bar.show(transfer.Progress{Stage: "writing " + file, Rows: rows, Rate: float64(rows) / now.Sub(start).Seconds(), Elapsed: now.Sub(start)})
			}
		}})
	bar.clear()
	if err != nil {
		// Half an export is none.
		for _, name := range sum.Files {
			err = errors.Join(err, os.Remove(filepath.Join(f.to, name)))
		}
		return err
	}
	a.say("%s, %s in %s of %s, %.2f s", plural(sum.Nodes, "node"), plural(sum.Relationships, "relationship"), plural(int64(len(sum.Files)), "file"), printable(f.to), time.Since(start).Seconds())
	return nil
}

func (a *app) exportQuery(cmd *cobra.Command, db *kadedb.DB, f *exportFlags, format transfer.ExportFormat) (err error) {
	vals, err := readParams(f.params)
	if err != nil {
		return err
	}
	params := kadedb.Params{}
	for k, v := range vals {
		params[k] = v
	}
	rows, err := db.Query(cmd.Context(), f.query, params)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := rows.Close(); err == nil {
			err = cerr
		}
	}()
	var n int64
	if f.output == "-" {
		n, err = transfer.WriteRows(a.out, rows, format)
	} else {
		n, err = writeFile(f.output, f.force, rows, format)
	}
	if err != nil {
		return err
	}
	a.say("%s", plural(n, "row"))
	return nil
}

// writeFile writes rows to a file, of which nothing is left where that fails.
func writeFile(name string, over bool, rows *kadedb.Rows, format transfer.ExportFormat) (int64, error) {
	to, err := createFile(name, over)
	if err != nil {
		return 0, err
	}
	n, err := transfer.WriteRows(to, rows, format)
	if cerr := to.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		return n, errors.Join(err, to.remove())
	}
	return n, nil
}

// newFolder makes a folder, which may be there if it is empty.
func newFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		return status.Errorf(status.InvalidUsage, "%s is not empty", printable(dir)).WithHint("name a new folder with --to")
	case err == nil:
		return nil
	case errors.Is(err, os.ErrNotExist):
		err = os.MkdirAll(dir, 0o755)
	}
	if err != nil {
		return status.Errorf(status.DiskError, "the folder cannot be made: %w", err)
	}
	return nil
}

// bufferedFile is a file with a buffer.
type bufferedFile struct {
	*bufio.Writer
	f    *os.File
	kept bool // a pipe or a device, which was there before and holds nothing
}

// isFile reports whether a file is there, itself or behind a link. Pipes and devices, such as
// /dev/stdout, are none: writing to them loses nothing.
func isFile(name string) bool {
	if name == "-" {
		return false
	}
	info, err := os.Stat(name)
	if err != nil { // a link that leads nowhere is there, too
		_, err = os.Lstat(name)
		return err == nil
	}
	return info.Mode().IsRegular()
}

func outputThere(name string) error {
	return status.Errorf(status.InvalidUsage, "%s exists", printable(name)).WithHint("name another with --output, or give --force to write over it")
}

// createFile makes a file to write to. One that is there is written over only where over says
// so: then a link is followed, else it is refused.
func createFile(name string, over bool) (*bufferedFile, error) {
	flags, kept := os.O_WRONLY|os.O_CREATE|os.O_EXCL, false
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() && !info.IsDir() {
		flags, kept = os.O_WRONLY, true
	} else if over {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(name, flags, 0o666)
	if errors.Is(err, os.ErrExist) {
		return nil, outputThere(name)
	}
	if err != nil {
		return nil, status.Errorf(status.DiskError, "the file cannot be made: %w", err)
	}
	return &bufferedFile{bufio.NewWriterSize(f, 256<<10), f, kept}, nil
}

// Close writes what is left, durably.
func (b *bufferedFile) Close() error {
	err := b.Flush()
	if !b.kept {
		err = errors.Join(err, b.f.Sync())
	}
	if err := errors.Join(err, b.f.Close()); err != nil {
		return status.Errorf(status.DiskError, "%s: %w", fmt.Sprint(b.f.Name()), err)
	}
	return nil
}

// remove removes a file that is not whole.
func (b *bufferedFile) remove() error {
	if b.kept {
		return nil
	}
	return os.Remove(b.f.Name())
}
