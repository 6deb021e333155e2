package front

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"strconv"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kadedb/kadedb/status"
)

const (
	// leastPacked is from how many bytes on an answer is compressed.
	leastPacked = 1 << 10
	// maxRatio is how many bytes may come out of one of a compressed body, beyond
	// freeOutput, which no bomb is made of.
	maxRatio   = 100
	freeOutput = 1 << 20
	// zstdWindow is how far back a compressed body may refer: what zstd's usual levels need.
	zstdWindow = 8 << 20
)

// encoder compresses an answer. It is pooled.
type encoder interface {
	name() string
	// part compresses b and writes all that there is so far.
	part(w io.Writer, b []byte) error
	end(w io.Writer) error
	free()
}

type gzipEncoder struct {
	z *gzip.Writer
	b bytes.Buffer
}

type zstdEncoder struct {
	z *zstd.Encoder
	b bytes.Buffer
}

var gzipEncoders = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level exists
	}
	return &gzipEncoder{z: z}
}}

var zstdEncoders = sync.Pool{New: func() any {
	z, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(512<<10),
		zstd.WithLowerEncoderMem(true))
	if err != nil {
		panic(err) // the options are sound
	}
	return &zstdEncoder{z: z}
}}

func (e *gzipEncoder) name() string { return "gzip" }

func (e *gzipEncoder) part(w io.Writer, b []byte) error {
	return packed(w, &e.b, func() error {
		if _, err := e.z.Write(b); err != nil {
			return err
		}
		return e.z.Flush()
	})
}

func (e *gzipEncoder) end(w io.Writer) error { return packed(w, &e.b, e.z.Close) }

func (e *gzipEncoder) free() {
	if e.b.Cap() <= maxKept {
		gzipEncoders.Put(e)
	}
}

func (e *zstdEncoder) name() string { return "zstd" }

func (e *zstdEncoder) part(w io.Writer, b []byte) error {
	return packed(w, &e.b, func() error {
		if _, err := e.z.Write(b); err != nil {
			return err
		}
		return e.z.Flush()
	})
}

func (e *zstdEncoder) end(w io.Writer) error { return packed(w, &e.b, e.z.Close) }

func (e *zstdEncoder) free() {
	if e.b.Cap() <= maxKept {
		zstdEncoders.Put(e)
	}
}

// maxKept keeps one large part from being held on to for ever.
const maxKept = 256 << 10

// packed writes what compress leaves in b.
func packed(w io.Writer, b *bytes.Buffer, compress func() error) error {
	b.Reset()
	if err := compress(); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// encoder returns what the client wants the answer to be compressed with; nil: nothing.
func (c *Call) encoder() encoder {
	c.W.Header().Add("Vary", "Accept-Encoding")
	switch encodingFor(c.R.Header["Accept-Encoding"]) {
	case "zstd":
		e := zstdEncoders.Get().(*zstdEncoder)
		e.z.Reset(&e.b)
		return e
	case "gzip":
		e := gzipEncoders.Get().(*gzipEncoder)
		e.z.Reset(&e.b)
		return e
	}
	return nil
}

// encodingFor returns the encoding that a client likes best, zstd of equals; "": none.
func encodingFor(headers []string) string {
	gz, zs, any, gzSaid, zsSaid := 0.0, 0.0, 0.0, false, false
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			name, params, _ := strings.Cut(part, ";")
			q := 1.0
			if key, text, ok := strings.Cut(params, "="); ok && strings.EqualFold(strings.TrimSpace(key), "q") {
				var err error
				if q, err = strconv.ParseFloat(strings.TrimSpace(text), 64); err != nil || !(q >= 0 && q <= 1) {
					q = 0
				}
			}
			switch name = strings.TrimSpace(name); {
			case strings.EqualFold(name, "gzip"):
				gz, gzSaid = q, true
			case strings.EqualFold(name, "zstd"):
				zs, zsSaid = q, true
			case name == "*":
				any = q
			}
		}
	}
	if !gzSaid {
		gz = any
	}
	if !zsSaid {
		zs = any
	}
	switch {
	case zs > 0 && zs >= gz:
		return "zstd"
	case gz > 0:
		return "gzip"
	}
	return ""
}

// packedReply compresses a whole answer, where it is worth it and the client wants it.
func (c *Call) packedReply(body []byte) ([]byte, func()) {
	if len(body) < leastPacked {
		return body, func() {}
	}
	e := c.encoder()
	if e == nil {
		return body, func() {}
	}
	var out bytes.Buffer
	err := e.part(&out, body)
	if err == nil {
		err = e.end(&out)
	}
	if err != nil { // of a buffer: there is none
		e.free()
		return body, func() {}
	}
	c.W.Header().Set("Content-Encoding", e.name())
	return out.Bytes(), e.free
}

// zstdDecoders are pooled: each holds tables of a hundred KiB.
var zstdDecoders = sync.Pool{New: func() any {
	z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(zstdWindow))
	if err != nil {
		panic(err) // the options are sound
	}
	return z
}}

// unpacked is a body that came compressed.
type unpacked struct {
	src  countingReader
	in   io.Reader
	name string
	out  int64
}

type countingReader struct {
	r   io.Reader
	n   int64
	err error // of the connection
}

// Read is part of io.Reader.
func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	if err != nil && !errors.Is(err, io.EOF) {
		r.err = err
	}
	return n, err
}

// Read is part of io.Reader.
func (u *unpacked) Read(p []byte) (int, error) {
	n, err := u.in.Read(p)
	u.out += int64(n)
	switch {
	case u.out > freeOutput && u.out/maxRatio > u.src.n:
		return n, status.Errorf(status.BodyLimit, "more than %d bytes come out of %d of the body; it may not hold more than %d times its length", u.out, u.src.n, maxRatio).
			WithHint("send it uncompressed")
	case err == nil || errors.Is(err, io.EOF) || u.src.err != nil:
		return n, errorOr(u.src.err, err)
	}
	e := status.Errorf(status.MalformedRequest, "the body is no sound %s: %w", u.name, err)
	if errors.Is(err, zstd.ErrWindowSizeExceeded) {
		e = e.WithHint("compress it with a window of at most %d bytes, which levels up to 19 do", int64(zstdWindow))
	}
	return n, e
}

func errorOr(err, other error) error {
	if err != nil {
		return err
	}
	return other
}

// Unpack returns the body as it was before the client compressed it. done must be
// called. Nothing of it is read before the caller has shown a token.
func (c *Call) Unpack(body io.Reader) (_ io.Reader, done func(), err error) {
	headers := c.R.Header["Content-Encoding"]
	name := strings.ToLower(strings.TrimSpace(strings.Join(headers, ",")))
	if name == "" || name == "identity" {
		return body, func() {}, nil
	}
	u := &unpacked{src: countingReader{r: body}, name: name}
	switch name {
	case "gzip", "x-gzip":
		u.in = &lazyGzip{src: &u.src}
		return u, func() {}, nil
	case "zstd":
		if err := c.Reserve(zstdWindow); err != nil {
			return nil, nil, err
		}
		z := zstdDecoders.Get().(*zstd.Decoder)
		if err := z.Reset(&u.src); err != nil {
			return nil, nil, status.Errorf(status.MalformedRequest, "the body is no sound zstd: %w", err)
		}
		u.in = z
		return u, func() {
			if z.Reset(nil) == nil {
				zstdDecoders.Put(z)
			}
		}, nil
	}
	return nil, nil, status.Errorf(status.ContentTypeRefused, "the body is encoded as %.40q", name).WithHint("gzip and zstd are taken; or send it uncompressed")
}

// lazyGzip reads the header of gzip when it is asked for the first bytes.
type lazyGzip struct {
	src io.Reader
	z   *gzip.Reader
}

// Read is part of io.Reader.
func (l *lazyGzip) Read(p []byte) (int, error) {
	if l.z == nil {
		z, err := gzip.NewReader(bufio.NewReader(l.src))
		if err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return 0, err
		}
		l.z = z
	}
	return l.z.Read(p)
}
