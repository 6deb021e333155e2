package tabular

import (
	"errors"
	"io"
	"math"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kadedb/kadedb/status"
)

// packed is a file that is compressed, or of UTF-16, read as the bytes that it stands for. It
// is read from front to back; going back begins anew.
type packed struct {
	in    Input
	ratio int64 // bytes out for each byte in, at most; 0: no limit
	how   packing
	src   *counting
	rd    io.Reader
	pos   int64 // in what comes out
	far   atomic.Int64
}

// packing is how a file is packed.
type packing uint8

const (
	gzipped packing = iota
	zstandard
	utf16LE
	utf16BE
)

// counting counts what is read of a compressed file.
type counting struct {
	io.Reader
	n int64
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

const (
	// freeOutput is what a file may always grow to, whatever its length.
	freeOutput = 1 << 20
	// maxWindow bounds what a zstd frame may ask to be kept for looking back.
	maxWindow = 64 << 20
)

// Unpack returns what a gzip or zstd file holds, at most ratio bytes for each of its own, a text
// of UTF-16 that says so as one of UTF-8, and any other file as it is.
func Unpack(in Input, ratio int64) (Input, error) {
	in, _, err := unpack(in, ratio)
	return in, err
}

// unpack returns what a gzip or zstd file holds, a text of UTF-16 that says so as one of UTF-8,
// and any other file as it is.
func unpack(in Input, ratio int64) (Input, *packed, error) {
	var magic [4]byte
	if in.Size < 4 {
		return in, nil, nil
	}
	if _, err := in.R.ReadAt(magic[:], 0); err != nil && !errors.Is(err, io.EOF) {
		return in, nil, status.Errorf(status.DiskError, "%s: %w", in.Name, err)
	}
	p := &packed{in: in, ratio: ratio}
	switch {
	case magic[0] == 0x1f && magic[1] == 0x8b:
	case string(magic[:]) == "\x28\xb5\x2f\xfd":
		p.how = zstandard
	case magic[0] == 0xff && magic[1] == 0xfe && (magic[2] != 0 || magic[3] != 0):
		p.how = utf16LE
	case magic[0] == 0xfe && magic[1] == 0xff:
		p.how = utf16BE
	default:
		return in, nil, nil
	}
	return Input{Name: in.Name, R: p, Size: math.MaxInt64}, p, nil
}

func (p *packed) malformed(err error) error {
	if status.CodeOf(err) != status.Internal {
		return err
	}
	return status.Errorf(status.MalformedFile, "%s: what is compressed cannot be read after byte %d: %w", p.in.Name, p.src.n, err)
}

func (p *packed) open() error {
	p.src, p.pos = &counting{Reader: io.NewSectionReader(p.in.R, 0, p.in.Size)}, 0
	switch p.how {
	case utf16LE, utf16BE:
		p.rd = &utf16Reader{r: p.src, big: p.how == utf16BE}
		return nil
	case gzipped:
		r, err := gzip.NewReader(p.src)
		if err != nil {
			return p.malformed(err)
		}
		p.rd = r
		return nil
	}
	// Without goroutines of its own there is nothing to close.
	r, err := zstd.NewReader(p.src, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
	if err != nil {
		return p.malformed(err)
	}
	p.rd = r
	return nil
}

// ReadAt reads what comes out from off on; one caller at a time.
func (p *packed) ReadAt(b []byte, off int64) (int, error) {
	if p.rd == nil || off < p.pos {
		if err := p.open(); err != nil {
			return 0, err
		}
	}
	var skip [4096]byte
	for p.pos < off {
		if _, err := p.read(skip[:min(int64(len(skip)), off-p.pos)]); err != nil {
			return 0, err
		}
	}
	n := 0
	for n < len(b) {
		k, err := p.read(b[n:])
		n += k
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

func (p *packed) read(b []byte) (int, error) {
	n, err := p.rd.Read(b)
	p.pos += int64(n)
	p.far.Store(min(p.src.n, p.in.Size))
	if p.ratio > 0 && p.pos > freeOutput && p.pos/p.ratio > p.src.n {
		return n, status.Errorf(status.MalformedFile, "%s: more than %d bytes come out of %d; it may not hold more than %d times its length", p.in.Name, p.pos, p.src.n, p.ratio).
			WithHint("Send it uncompressed.")
	}
	if err != nil && err != io.EOF {
		err = p.malformed(err)
	}
	return n, err
}
