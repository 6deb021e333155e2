package tabular

import (
	"bytes"
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
)

// lookBytes is how much of a text is looked at for its encoding, line ends and delimiter.
const lookBytes = 64 << 10

// Head returns the first n bytes of in, or as many as there are.
func Head(in Input, n int64) ([]byte, error) {
	b := make([]byte, min(in.Size, n))
	k, err := in.R.ReadAt(b, 0)
	if err != nil && err != io.EOF {
		if status.CodeOf(err) != status.Internal {
			return nil, err
		}
		return nil, status.Errorf(status.DiskError, "%s: %w", in.Name, err)
	}
	return b[:k], nil
}

// textOf returns a text as one whose lines end with newlines. One of another encoding than
// UTF-8 is refused here: as for UTF-16, only one without a mark at its beginning is left.
func textOf(in Input) (Input, error) {
	head, err := Head(in, lookBytes)
	if err != nil {
		return in, err
	}
	if err := notTable(in.Name, head); err != nil {
		return in, err
	}
	if wide := wideEncoding(head); wide != "" {
		return in, status.Errorf(status.InvalidUTF8, "%s is a text of %s, not of UTF-8", in.Name, wide).
			WithHint("Save it as UTF-8, such as with iconv -f %s -t UTF-8.", wide)
	}
	if loneReturns(head) {
		in.R = returnLines{in.R}
	}
	return in, nil
}

// foreign are formats of files that are taken for tables now and then, by their first bytes.
var foreign = []struct{ mark, name, hint string }{
	{"PK\x03\x04", "a ZIP file or workbook", "Unpack it, or save the sheet as CSV in UTF-8."},
	{"\xd0\xcf\x11\xe0", "a workbook", "Save the sheet as CSV in UTF-8."},
	{"BZh", "packed by bzip2", "Unpack it, or pack it by gzip or zstd."},
	{"\xfd7zXZ\x00", "packed by xz", "Unpack it, or pack it by gzip or zstd."},
	{"SQLite format 3\x00", "a database of SQLite", "Write its tables as CSV, such as with sqlite3 -header -csv."},
}

// notTable refuses a file that is known to be of another format.
func notTable(name string, head []byte) error {
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.mark)) {
			return status.Errorf(status.MalformedFile, "%s is %s, which is not read", name, f.name).WithHint("%s", f.hint)
		}
	}
	return nil
}

// notArray refuses a text that is one array of JSON.
func notArray(in Input) error {
	head, err := Head(in, lookBytes)
	if err != nil {
		return err
	}
	if rest, ok := bytes.CutPrefix(bytes.TrimSpace(bytes.TrimPrefix(head, bom)), []byte("[")); ok && bytes.HasPrefix(bytes.TrimSpace(rest), []byte("{")) {
		return status.Errorf(status.MalformedFile, "%s is an array of JSON, not an object a line", in.Name).
			WithHint("Write JSON Lines, such as with jq -c '.[]'.")
	}
	return nil
}

// wideEncoding names the encoding of a text that holds zeros in place of every second
// byte, or three of four: "" is any other.
func wideEncoding(head []byte) string {
	for _, mark := range []string{"\xff\xfe\x00\x00", "\x00\x00\xfe\xff"} {
		head = bytes.TrimPrefix(head, []byte(mark))
	}
	const least = 8
	if len(head) < least {
		return ""
	}
	var zero [4]bool // all bytes at this place of four are zero
	for k := range zero {
		zero[k] = true
	}
	some := [4]bool{}
	for i, c := range head[:min(len(head), 64)&^3] {
		zero[i&3] = zero[i&3] && c == 0
		some[i&3] = some[i&3] || c != 0
	}
	switch {
	case some[0] && zero[1] && zero[2] && zero[3]:
		return "UTF-32LE"
	case zero[0] && zero[1] && zero[2] && some[3]:
		return "UTF-32BE"
	case some[0] && zero[1] && some[2] && zero[3]:
		return "UTF-16LE"
	case zero[0] && some[1] && zero[2] && some[3]:
		return "UTF-16BE"
	}
	return ""
}

// loneReturns reports whether the first line of a text ends with a carriage return alone,
// as those of old Macs do.
func loneReturns(head []byte) bool {
	quoted := false
	for i, c := range head {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			return false
		case c == '\r':
			return i+1 == len(head) || head[i+1] != '\n'
		}
	}
	return false
}

// returnLines reads carriage returns as newlines.
type returnLines struct{ io.ReaderAt }

// ReadAt is part of io.ReaderAt.
func (r returnLines) ReadAt(b []byte, off int64) (int, error) {
	n, err := r.ReaderAt.ReadAt(b, off)
	for rest := b[:n]; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 {
			return n, err
		}
		rest[i] = '\n'
		rest = rest[i+1:]
	}
}

// utf16Reader makes UTF-8 of UTF-16. What is no text becomes a byte that is no UTF-8, so
// that the row is told as a bad one.
type utf16Reader struct {
	r    io.Reader
	big  bool
	in   [4096]byte
	have int // bytes in in
	out  []byte
	rest []byte // of out
	err  error
}

const notText = 0xff

// Read is part of io.Reader.
func (u *utf16Reader) Read(p []byte) (int, error) {
	for len(u.rest) == 0 {
		if u.err != nil && u.have < 2 {
			if u.have == 1 && u.err == io.EOF {
				u.have, u.rest = 0, []byte{notText}
				break
			}
			return 0, u.err
		}
		if u.err == nil {
			var n int
			n, u.err = u.r.Read(u.in[u.have:])
			u.have += n
		}
		u.decode()
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

func (u *utf16Reader) decode() {
	unit := func(at int) rune {
		if u.big {
			return rune(u.in[at])<<8 | rune(u.in[at+1])
		}
		return rune(u.in[at+1])<<8 | rune(u.in[at])
	}
	u.out = u.out[:0]
	at := 0
	for at+2 <= u.have {
		c := unit(at)
		if !utf16.IsSurrogate(c) {
			u.out = utf8.AppendRune(u.out, c)
			at += 2
			continue
		}
		if at+4 > u.have && u.err == nil {
			break // its other half is still to come
		}
		r := rune(utf8.RuneError)
		if at+4 <= u.have {
			r = utf16.DecodeRune(c, unit(at+2))
		}
		if at += 2; r == utf8.RuneError {
			u.out = append(u.out, notText)
			continue
		}
		u.out = utf8.AppendRune(u.out, r)
		at += 2
	}
	u.have = copy(u.in[:], u.in[at:u.have])
	u.rest = u.out
}
