package rest_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
)

func pack(t *testing.T, name, text string) string {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if name == "zstd" {
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func unpack(t *testing.T, name string, in io.Reader) io.Reader {
	t.Helper()
	switch name {
	case "":
		return in
	case "gzip":
		r, err := gzip.NewReader(in)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	r, err := zstd.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.Close)
	return r
}

func TestPackedBodies(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodySize = 64 << 20 })
	const fits = 90 << 20 / 100
	for _, name := range []string{"gzip", "zstd"} {
		whole := pack(t, name, queryBody("RETURN $x AS x", `"params":{"x":"é"}`))
		for _, c := range []struct {
			what, body string
			code       int
			name       string
		}{
			{"a body", whole, 200, ""}, {"cut short", whole[:len(whole)-6], 400, "MalformedRequest"}, {"no " + name, queryBody("RETURN 1"), 400, "MalformedRequest"},
			{"a bomb", pack(t, name, queryBody("RETURN '"+strings.Repeat("x", 32<<20)+"'")), 413, "BodyLimit"},
			{"a small bomb", pack(t, name, queryBody("RETURN 1", `"params":{"x":"`+strings.Repeat("x", fits)+`"}`)), 200, ""},
			{"too long", pack(t, name, strings.Repeat(" ", 65<<20)), 413, "BodyLimit"},
		} {
			code, body := s.do(call{as: auth.Reader, body: c.body, header: map[string]string{"Content-Encoding": name}})
			if code != c.code || c.name != "" && errorName(t, body) != c.name {
				t.Errorf("%s, %s: %d %.300s", name, c.what, code, body)
			}
		}
		// Without a token nothing is unpacked.
		if code, _ := s.do(call{body: "\x00", header: map[string]string{"Content-Encoding": name}}); code != 401 {
			t.Errorf("%s without a token gives %d", name, code)
		}
	}
	for _, name := range []string{"br", "gzip, zstd", "deflate", "gzip, gzip"} {
		if code, body := s.do(call{as: auth.Reader, body: "x", header: map[string]string{"Content-Encoding": name}}); code != 400 || errorName(t, body) != "ContentTypeRefused" {
			t.Errorf("%s gives %d %s", name, code, body)
		}
	}
	if code, _ := s.do(call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Content-Encoding": "identity"}}); code != 200 {
		t.Errorf("identity gives %d", code)
	}
}

// ask asks with an Accept-Encoding, without a client that unpacks by itself.
func (s *server) ask(c call, encodings string) *http.Response {
	s.t.Helper()
	if c.header == nil {
		c.header = map[string]string{}
	}
	c.header["Accept-Encoding"] = encodings
	res, err := http.DefaultTransport.RoundTrip(s.request(context.Background(), c))
	if err != nil {
		s.t.Fatal(err)
	}
	return res
}

func TestPackedAnswers(t *testing.T) {
	s := start(t, nil)
	const long = "UNWIND range(1, 20000) AS x RETURN x, 'some text' AS s"
	for _, c := range []struct{ ask, want string }{
		{"identity", ""}, {"gzip", "gzip"}, {"zstd", "zstd"}, {"gzip, zstd", "zstd"}, {"gzip;q=1, zstd;q=0.5", "gzip"}, {"*", "zstd"}, {"*;q=0", ""}, {"br", ""},
		{"GZIP;q=0.1, zstd;q=0", "gzip"}, {"gzip;q=x", ""}, {"*, zstd;q=0", "gzip"}, {"identity;q=0", ""}, {"identity;q=0, gzip;q=0.1", "gzip"}, {"br, identity;q=0, *;q=0", ""},
	} {
		for _, accept := range []string{"application/json", "application/x-ndjson", "text/csv", arrowType} {
			res := s.ask(call{as: auth.Reader, body: queryBody(long), header: map[string]string{"Accept": accept}}, c.ask)
			if got := res.Header.Get("Content-Encoding"); got != c.want || res.Header.Get("Vary") != "Accept-Encoding" {
				t.Fatalf("%s, %s gives %q, vary %q", c.ask, accept, got, res.Header.Get("Vary"))
			}
			b, err := io.ReadAll(unpack(t, c.want, res.Body))
			if err != nil || len(b) < 200_000 {
				t.Errorf("%s, %s: %d bytes, %v", c.ask, accept, len(b), err)
			}
			res.Body.Close()
			res = s.ask(call{as: auth.Reader, body: queryBody("RETURN 1"), header: map[string]string{"Accept": accept}}, c.ask)
			if got := res.Header.Get("Content-Encoding"); got != "" || res.ContentLength <= 0 {
				t.Errorf("%s, %s: a tiny answer is %q, of length %d", c.ask, accept, got, res.ContentLength)
			}
			res.Body.Close()
		}
	}
}

// Rows go out as they are found, which here has no end, compressed or not, and an answer that breaks off has no end.
func TestPackedStream(t *testing.T) {
	s := start(t, nil)
	for _, name := range []string{"gzip", "zstd"} {
		res := s.ask(call{as: auth.Reader, header: map[string]string{"Accept": "application/x-ndjson"},
			body: queryBody("UNWIND range(1, 1000000000000) AS x RETURN x, toString(x) AS s")}, name)
		in := bufio.NewReader(unpack(t, name, res.Body))
		for range 10 {
			if _, err := in.ReadString('\n'); err != nil {
				t.Fatal(err)
			}
		}
		res.Body.Close()
		res = s.ask(call{as: auth.Reader, header: map[string]string{"Accept": "text/csv"},
			body: queryBody("UNWIND range(1, 300000) AS x RETURN 1 / (300000 - x) AS y")}, name)
		if _, err := io.Copy(io.Discard, unpack(t, name, res.Body)); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: a broken answer ends with %v", name, err)
		}
		res.Body.Close()
	}
}
