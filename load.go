package kadedb

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// loadRatio is how many times its length a compressed file may hold.
const loadRatio = 100

// csvFile and rowFile are files below the import folder, open for LOAD.
type csvFile struct {
	*tabular.Records
	*os.File
}

// Close closes the file.
func (c csvFile) Close() error { return c.File.Close() }

type rowFile struct {
	*tabular.Values
	*os.File
}

// Close closes the file.
func (r rowFile) Close() error { return r.File.Close() }

// openCSV opens a file for LOAD CSV.
func (db *DB) openCSV(_ context.Context, from string, terminator rune) (exec.CSV, error) {
	if terminator <= 0 || terminator > 126 {
		return nil, status.Errorf(status.InvalidArgumentValue, "FIELDTERMINATOR takes one ASCII character, not %q", terminator)
	}
	f, in, err := db.openLoad(from)
	if err != nil {
		return nil, err
	}
	r, err := tabular.NewRecords(in, tabular.Options{Delimiter: byte(terminator), MaxRatio: loadRatio})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return csvFile{r, f}, nil
}

// openRows opens a file for LOAD JSONL and LOAD PARQUET.
func (db *DB) openRows(_ context.Context, from string, jsonLines bool) (exec.Rows, error) {
	f, in, err := db.openLoad(from)
	if err != nil {
		return nil, err
	}
	o := tabular.Options{Format: tabular.Parquet, MaxRatio: loadRatio, Workers: 1}
	if jsonLines {
		o.Format = tabular.JSONLines
	}
	v, err := tabular.OpenValues(in, o)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return rowFile{v, f}, nil
}

// openLoad opens a file for LOAD: 'x.csv' or 'file:///x.csv', both relative to the import
// folder, which nothing leads out of.
func (db *DB) openLoad(from string) (*os.File, tabular.Input, error) {
	var none tabular.Input
	if db.opts.ImportDir == "" {
		return nil, none, status.Errorf(status.ImportDirRefused, "LOAD may read no file: no import folder is set").
			WithHint("start with --import-dir FOLDER to allow files below it")
	}
	name, err := loadPath(from)
	if err != nil {
		return nil, none, err
	}
	root, err := os.OpenRoot(db.opts.ImportDir)
	if err != nil {
		return nil, none, status.Errorf(status.FileNotFound, "the import folder cannot be read: %w", err).
			WithHint("--import-dir must name a folder that the server may read")
	}
	f, size, err := transfer.OpenBelow(root, name)
	if cerr := root.Close(); err == nil {
		err = cerr
	}
	switch {
	case err == nil:
		return f, tabular.Input{Name: from, R: f, Size: size}, nil
	case errors.Is(err, transfer.ErrFolder), errors.Is(err, transfer.ErrNotAFile):
		return nil, none, status.Errorf(status.FileNotFound, "%q is no file that can be read: %w", from, err).
			WithHint("write the path of a file, from --import-dir down")
	case errors.Is(err, transfer.ErrLink):
		return nil, none, status.Errorf(status.ImportDirRefused, "%q leads over a link, which LOAD does not follow", from).
			WithHint("put the file itself below --import-dir")
	case strings.Contains(err.Error(), "escapes from parent"):
		return nil, none, outside(from)
	case errors.Is(err, fs.ErrPermission):
		return nil, none, status.Errorf(status.FileNotFound, "%q may not be read: permission denied", from).
			WithHint("let the user that runs the server read it")
	}
	return nil, none, status.Errorf(status.FileNotFound, "%q is not to be found in the import folder", from).
		WithHint("write the path from --import-dir down")
}

func outside(from string) error {
	return status.Errorf(status.ImportDirRefused, "%q lies outside the import folder", from).
		WithHint("LOAD reads files below --import-dir only")
}

func loadPath(from string) (string, error) {
	name := from
	if scheme, _, ok := strings.Cut(from, "://"); ok {
		if scheme != "file" {
			return "", status.Errorf(status.ImportDirRefused, "LOAD reads no %s addresses: %q", scheme, from).
				WithHint("put the file below --import-dir")
		}
		u, err := url.Parse(from)
		if err != nil || u.Host != "" && u.Host != "localhost" {
			return "", status.Errorf(status.InvalidArgumentValue, "%q is no address of a file", from).WithHint("Such as file:///people.csv.")
		}
		name = strings.TrimPrefix(u.Path, "/")
	}
	if name == "" || strings.IndexByte(name, 0) >= 0 {
		return "", status.Errorf(status.InvalidArgumentValue, "%q is no file's name", from)
	}
	name = filepath.FromSlash(name)
	if slices.Contains(strings.FieldsFunc(name, func(c rune) bool { return c == '/' || c == filepath.Separator }), "..") {
		return "", status.Errorf(status.ImportDirRefused, "%q has \"..\" in its path", from).
			WithHint("write the path from --import-dir down")
	}
	return filepath.Clean(name), nil
}
