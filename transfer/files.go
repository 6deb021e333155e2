package transfer

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
)

// expand is Expand, where paths are those of this machine.
func (s *Spec) expand(files []File) ([]File, error) {
	if s.opens {
		return files, nil
	}
	return Expand(files)
}

// Expand replaces patterns by the files that match them, by name.
func Expand(files []File) ([]File, error) {
	var out []File
	for _, f := range files {
		if !strings.ContainsAny(f.Path, "*?[") {
			out = append(out, f)
			continue
		}
		if _, err := os.Lstat(f.Path); err == nil {
			out = append(out, f)
			continue
		}
		paths, err := filepath.Glob(f.Path)
		if err != nil {
			return nil, status.Errorf(status.InvalidArgumentValue, "%q is no pattern of files: %w", f.Path, err)
		}
		if len(paths) == 0 {
			return nil, status.Errorf(status.FileNotFound, "no file matches %s", f.Path)
		}
		for _, p := range paths {
			out = append(out, File{f.Name, p})
		}
	}
	return out, nil
}

// spool keeps standard input in a temporary file: what is read may have to be read
// again.
func (p *planner) spool(name string) (io.ReaderAt, int64, io.Closer, error) {
	if p.stdin {
		return nil, 0, nil, status.Errorf(status.InvalidUsage, "standard input can be one file only")
	}
	sp := &spill{fs: p.spec.FS, name: path.Join(filepath.ToSlash(p.spec.TempDir), fmt.Sprintf("stdin-%d.tmp", time.Now().UnixNano()))}
	p.stdin, p.spools = true, append(p.spools, sp)
	buf := make([]byte, 1<<20)
	for {
		if err := status.Ended(p.ctx, "the reading of standard input"); err != nil {
			return nil, 0, nil, err
		}
		n, err := io.ReadFull(p.spec.Stdin, buf)
		if _, werr := sp.write(buf[:n]); werr != nil {
			return nil, 0, nil, werr
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return sp.f, sp.size, io.NopCloser(nil), nil
		}
		if err != nil {
			return nil, 0, nil, fileError(name, err)
		}
	}
}

// Folder adds the files that Export wrote to a folder to the spec, and returns the
// statements for its indexes and constraints, which are for after the import. A link among
// those files is refused: the folder may come from somebody else.
func (s *Spec) Folder(dir string) (schema string, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return "", fileError(dir, err)
	}
	found, empty := false, false
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		switch ext := filepath.Ext(e.Name()); {
		case e.Name() == SchemaFile:
			if schema, err = readSchema(dir, e.Name()); err != nil {
				return "", err
			}
			empty = true
			continue
		case ext == ".graphml":
			if schema, err = graphMLSchema(dir, e.Name()); err != nil {
				return "", err
			}
			s.Nodes = append(s.Nodes, File{Path: name})
		case ext != ".csv" && ext != ".jsonl" && ext != ".parquet" && ext != ".arrow":
			continue
		case strings.HasPrefix(e.Name(), "nodes"):
			s.Nodes = append(s.Nodes, File{Path: name})
		case strings.HasPrefix(e.Name(), "relationships"):
			s.Relationships = append(s.Relationships, File{Path: name})
		default:
			continue
		}
		f, _, err := openIn(dir, e.Name()) // a link is told before anything is read
		if err == nil {
			err = f.Close()
		}
		if err != nil {
			return "", err
		}
		if found = true; s.below == nil {
			s.below = map[string]string{}
		}
		s.below[name] = dir
	}
	if !found && !empty {
		return "", status.Errorf(status.FileNotFound, "%s holds no files of an export: nodes*.csv, relationships*.csv …", dir)
	}
	// One record of an export is as long as what it holds.
	s.folder, s.LineLimit = true, max(s.LineLimit, folderLineLimit)
	return schema, nil
}

func readSchema(dir, name string) (text string, err error) {
	f, _, err := openIn(dir, name)
	if err != nil {
		return "", err
	}
	defer func() { err = errorOf(err, f.Close()) }()
	b, err := io.ReadAll(f)
	if err != nil {
		return "", fileError(filepath.Join(dir, name), err)
	}
	return string(b), nil
}

// folderLineLimit bounds the records of an export.
const folderLineLimit = 64 << 20
