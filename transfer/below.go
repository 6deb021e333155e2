package transfer

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/kadedb/kadedb/status"
)

// Why OpenBelow refuses what is there.
var (
	ErrFolder   = errors.New("it is a folder")
	ErrNotAFile = errors.New("not a regular file")
	ErrLink     = errors.New("a link")
)

// OpenBelow opens a file of a folder that has a length, and that no link leads to. It looks
// before it opens: opening a named pipe would wait for somebody to write to it. A link that
// comes in between leads nowhere else: root keeps it inside, and what was looked at has to be
// what is open.
func OpenBelow(root *os.Root, name string) (*os.File, int64, error) {
	var info fs.FileInfo
	for i := 1; i <= len(name); i++ {
		if i < len(name) && !os.IsPathSeparator(name[i]) {
			continue
		}
		var err error
		if info, err = root.Lstat(name[:i]); err != nil {
			return nil, 0, err
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return nil, 0, ErrLink
		}
	}
	switch {
	case info == nil, info.IsDir():
		return nil, 0, ErrFolder
	case !info.Mode().IsRegular():
		return nil, 0, ErrNotAFile
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, 0, err
	}
	open, err := f.Stat()
	if err == nil && !os.SameFile(info, open) {
		err = ErrLink
	}
	if err != nil {
		return nil, 0, errors.Join(err, f.Close())
	}
	return f, open.Size(), nil
}

// openIn opens a file of an export's folder, of which a link is none.
func openIn(dir, name string) (*os.File, int64, error) {
	path := filepath.Join(dir, name)
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, 0, fileError(path, err)
	}
	f, size, err := OpenBelow(root, name)
	if cerr := root.Close(); err == nil && cerr != nil {
		err = errors.Join(cerr, f.Close())
	}
	if errors.Is(err, ErrLink) {
		return nil, 0, status.Errorf(status.ImportDirRefused, "%s is a link, which an import of a folder does not follow", path).
			WithHint("Put the file itself into the folder, or name it with --nodes or --relationships.")
	}
	if err != nil {
		return nil, 0, fileError(path, err)
	}
	return f, size, nil
}
