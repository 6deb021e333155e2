package kadedb

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/kadedb/kadedb/query/exec"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// csvFile is a file below the import folder, open for LOAD CSV.
type csvFile struct {
	*tabular.Records
	f *os.File
}

// Close closes the file.
func (c *csvFile) Close() error { return c.f.Close() }

// openCSV opens a file for LOAD CSV: 'x.csv' or 'file:///x.csv', both relative to the
// import folder, which nothing leads out of.
func (db *DB) openCSV(_ context.Context, from string, terminator rune) (exec.CSV, error) {
	if db.opts.ImportDir == "" {
		return nil, status.Errorf(status.ImportDirRefused, "LOAD CSV may read no file: no import folder is set").
			WithHint("start with --import-dir FOLDER to allow files below it")
	}
	if terminator <= 0 || terminator > 126 {
		return nil, status.Errorf(status.InvalidArgumentValue, "FIELDTERMINATOR takes one ASCII character, not %q", terminator)
	}
	name, err := csvPath(from)
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(db.opts.ImportDir)
	if err != nil {
		return nil, status.Errorf(status.FileNotFound, "the import folder cannot be read: %w", err)
	}
	f, err := root.Open(name)
	if cerr := root.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		if strings.Contains(err.Error(), "escapes from parent") {
			return nil, status.Errorf(status.ImportDirRefused, "%q lies outside the import folder", from).
				WithHint("LOAD CSV reads files below --import-dir only")
		}
		return nil, status.Errorf(status.FileNotFound, "%q is not to be found in the import folder", from)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = errors.New("it is a folder")
	}
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, status.Errorf(status.FileNotFound, "%q is no file that can be read: %w", from, errors.Join(err, f.Close()))
	}
	r, err := tabular.NewRecords(tabular.Input{Name: from, R: f, Size: info.Size()}, tabular.Options{Delimiter: byte(terminator)})
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &csvFile{r, f}, nil
}

func csvPath(from string) (string, error) {
	name := from
	if scheme, _, ok := strings.Cut(from, "://"); ok {
		if scheme != "file" {
			return "", status.Errorf(status.ImportDirRefused, "LOAD CSV reads no %s addresses: %q", scheme, from).
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
	return filepath.FromSlash(name), nil
}
