package rest_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
)

const endless = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS endless"

// A client that hangs up while its statement waits for the one before it in its
// transaction is not waited for.
func TestHangUpWhileWaiting(t *testing.T) {
	s := start(t, nil)
	tx := s.begin(auth.Writer)
	runs := func(n string) func() bool {
		return func() bool { return strings.Contains(s.gauges(), "\nkadedb_http_requests_running "+n+"\n") }
	}
	leave := func(text, accept string) (hangUp func()) {
		ctx, cancel := context.WithCancel(context.Background())
		gone := make(chan struct{})
		req := s.request(ctx, call{as: auth.Writer, body: queryBody(text, `"tx":"`+tx+`"`), header: map[string]string{"Accept": accept}})
		go func() {
			defer close(gone)
			if res, err := http.DefaultTransport.RoundTrip(req); err == nil {
				res.Body.Close()
			}
		}()
		return func() {
			cancel()
			<-gone
		}
	}
	first := leave(endless, "application/json")
	fronttest.Eventually(t, "the first one runs", func() bool {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		return strings.Contains(body, "AS endless")
	})
	for _, accept := range []string{"application/json", "application/x-ndjson", "text/csv", arrowType} {
		second := leave("CREATE (:Waited)", accept)
		fronttest.Eventually(t, accept+": the second one waits", runs("3")) // and this one
		second()
		fronttest.Eventually(t, accept+": the second one is gone", runs("2"))
	}
	first()
	fronttest.Eventually(t, "the first one is gone", runs("1"))
	if _, body := s.in(auth.Writer, tx, "MATCH (n:Waited) RETURN count(*) AS n"); !strings.Contains(body, "[[0]]") {
		t.Errorf("the transaction goes on with %s", body)
	}
}

func (s *server) gauges() string {
	_, body := s.metrics(nil)
	return body
}

// frames is a client of HTTP/2 that keeps to no rule.
type frames struct {
	t *testing.T
	c *tls.Conn
}

func (s *server) frames(t *testing.T, pool *x509.CertPool) *frames {
	t.Helper()
	c, err := tls.Dial("tcp", s.Host, &tls.Config{RootCAs: pool, NextProtos: []string{"h2"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Log(err)
		}
	})
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(c, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	f := &frames{t, c}
	if err := f.send(typeSettings, 0, 0, ""); err != nil {
		t.Fatal(err)
	}
	return f
}

// Types and flags of frames, RFC 9113.
const (
	typeHeaders, typeReset, typeSettings, typeAway, typeContinuation = 1, 3, 4, 7, 9

	endStream, endHeaders = 1, 4
)

func frameOf(kind, flags byte, stream uint32, payload string) string {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(payload))<<8|uint32(kind))
	head = binary.BigEndian.AppendUint32(append(head, flags), stream)
	return string(head) + payload
}

func (f *frames) send(kind, flags byte, stream uint32, payload string) error {
	_, err := io.WriteString(f.c, frameOf(kind, flags, stream, payload))
	return err
}

// next reads a frame.
func (f *frames) next() (kind byte, stream uint32, payload []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(f.c, head[:]); err != nil {
		return 0, 0, nil, err
	}
	payload = make([]byte, int(head[0])<<16|int(head[1])<<8|int(head[2]))
	_, err = io.ReadFull(f.c, payload)
	return head[3], binary.BigEndian.Uint32(head[5:]), payload, err
}

// field is a header field as HPACK has it without compression.
func field(name, value string) string {
	return "\x00" + string(rune(len(name))) + name + string(rune(len(value))) + value
}

func (s *server) fields(method, path string) string {
	return field(":method", method) + field(":scheme", "https") + field(":path", path) + field(":authority", s.Host) +
		field("authorization", "Bearer "+s.Token[auth.Reader])
}

// What one connection of HTTP/2 may ask of the server is bounded, and it says so first.
func TestHTTP2Limits(t *testing.T) {
	s, _, _, pool := secure(t)
	f := s.frames(t, pool)
	kind, _, payload, err := f.next()
	if err != nil || kind != typeSettings {
		t.Fatalf("the first frame is %d %x, %v", kind, payload, err)
	}
	settings := map[uint16]uint32{}
	for ; len(payload) >= 6; payload = payload[6:] {
		settings[binary.BigEndian.Uint16(payload)] = binary.BigEndian.Uint32(payload[2:])
	}
	const maxStreams, maxFields = 3, 6
	if settings[maxStreams] != 250 || settings[maxFields] == 0 || settings[maxFields] > 80<<10 {
		t.Errorf("it allows %v", settings)
	}
	// A request too many is refused, and the others stand.
	for i := range uint32(251) {
		if err := f.send(typeHeaders, endHeaders, 2*i+1, s.fields("POST", "/v1/query")+field("content-type", "application/json")); err != nil {
			t.Fatal(err)
		}
	}
	for {
		kind, stream, payload, err := f.next()
		if err != nil || kind == typeAway {
			t.Fatalf("streams up to %d: %d %x, %v", stream, kind, payload, err)
		}
		if kind != typeReset {
			continue
		}
		if stream != 2*250+1 {
			t.Errorf("stream %d is refused with %x", stream, payload)
		}
		break
	}
	if code, _ := s.metrics(pool); code != 200 {
		t.Errorf("another client gets %d", code)
	}
}

// A header that does not end is not collected.
func TestHTTP2EndlessHeader(t *testing.T) {
	s, _, _, pool := secure(t)
	f := s.frames(t, pool)
	if err := f.send(typeHeaders, 0, 1, s.fields("GET", "/livez")); err != nil {
		t.Fatal(err)
	}
	sent, more := 0, strings.Repeat(field("x", strings.Repeat("y", 100)), 100)
	for ; sent < 64<<20; sent += len(more) {
		if err := f.send(typeContinuation, 0, 1, more); err != nil {
			break
		}
	}
	if sent > 16<<20 {
		t.Errorf("%d bytes of a header were taken", sent)
	}
	for {
		if _, _, _, err := f.next(); err != nil {
			break // the connection is over
		}
	}
}

// Requests that are begun and reset at once, over and over, leave nothing behind.
func TestHTTP2RapidReset(t *testing.T) {
	s, _, _, pool := secure(t)
	body := queryBody(endless)
	fields := s.fields("POST", "/v1/query") + field("content-type", "application/json")
	for range 3 {
		f := s.frames(t, pool)
		go func() { // whoever resets does not wait for answers either, but must not block here
			for {
				if _, _, _, err := f.next(); err != nil {
					return
				}
			}
		}()
		for i := range uint32(5000) {
			const typeData = 0
			all := frameOf(typeHeaders, endHeaders, 2*i+1, fields) + frameOf(typeData, endStream, 2*i+1, body) + frameOf(typeReset, 0, 2*i+1, "\x00\x00\x00\x08")
			if _, err := io.WriteString(f.c, all); err != nil {
				break // it has had enough
			}
		}
	}
	fronttest.Eventually(t, "nothing runs any more", func() bool {
		code, m := s.metrics(pool)
		return code == 200 && strings.Contains(m, "\nkadedb_http_requests_running 1\n") && strings.Contains(m, "\nkadedb_statements_running 0\n")
	})
}

// A body of HTTP/2 that does not come is not waited for either.
func TestHTTP2SlowBody(t *testing.T) {
	s, pool := secureWith(t, func(c *front.Config, _ *kadedb.Options) { c.BodyTime = 100 * time.Millisecond })
	in, out := io.Pipe()
	defer out.Close()
	req := s.request(t.Context(), call{as: auth.Reader, body: "x"})
	req.Body, req.GetBody, req.ContentLength = in, nil, -1
	go func() {
		if _, err := io.WriteString(out, `{"query":`); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}()
	res, err := s.trusting(pool, true).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil || res.ProtoMajor != 2 || res.StatusCode != 400 || errorName(t, string(b)) != "MalformedRequest" {
		t.Errorf("over %s it gives %d %s, %v", res.Proto, res.StatusCode, b, err)
	}
}

// An upload that does not go on is refused, one whose client hangs up is not imported,
// and nothing of them stays.
func TestUploadsThatEnd(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.PieceTime = 100 * time.Millisecond })
	rows := "id,name\n" + strings.Repeat("1,somebody with a name\n", 200_000)
	whole, kind := form(t, "spec", `{"nodes": ["P=people.csv"], "skip_bad": true}`, "people.csv", rows)
	clean := func() bool {
		left, err := os.ReadDir(filepath.Join(s.DB.Dir(), "tmp"))
		return (err == nil && len(left) == 0 || errors.Is(err, os.ErrNotExist)) && strings.Contains(s.gauges(), "\nkadedb_http_requests_running 1\n")
	}
	post := func(length int, body string) net.Conn {
		conn := s.raw(nil)
		if _, err := fmt.Fprintf(conn, "POST /v1/import HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nAuthorization: Bearer %s\r\nContent-Length: %d\r\n\r\n%s",
			s.Host, kind, s.Token[auth.Writer], length, body); err != nil {
			t.Fatal(err)
		}
		return conn
	}
	for _, c := range []struct {
		what   string
		length int
		body   string
		want   string
	}{
		{"half of a form", len(whole), whole[:len(whole)/2], "the form ended early"},
		{"a form before which nothing comes", len(whole), "", "the form ended early"},
		{"an end that does not come", len(whole) + 100, whole, "the form ended early"},
		{"much after it", len(whole) + 100_000, whole + strings.Repeat("x", 100_000), "follow the form"},
	} {
		_, body := reply(t, bufio.NewReader(post(c.length, c.body)))
		if errorName(t, body) != "MalformedRequest" || !strings.Contains(body, c.want) {
			t.Errorf("%s gives %s", c.what, body)
		}
		fronttest.Eventually(t, c.what+" leaves nothing", clean)
	}
	conn := post(len(whole), whole)
	fronttest.Eventually(t, "the upload is there, or comes", func() bool { return strings.Contains(s.gauges(), "\nkadedb_http_requests_running 2\n") })
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	fronttest.Eventually(t, "the import is given up", clean)
	if _, body := s.query("MATCH (p:P) RETURN count(*) AS n"); !strings.Contains(body, "[[0]]") {
		t.Errorf("after it there are %s", body)
	}
}

// A client that does not read its answer does not keep its statement for ever.
func TestAnswersThatNobodyReads(t *testing.T) {
	s, pool := secureWith(t, func(c *front.Config, _ *kadedb.Options) { c.WriteTime = 200 * time.Millisecond })
	for _, two := range []bool{false, true} {
		for _, accept := range []string{"application/x-ndjson", "text/csv", arrowType} {
			res, err := s.trusting(pool, two).Do(s.request(t.Context(), call{as: auth.Reader, header: map[string]string{"Accept": accept, "Accept-Encoding": "identity"},
				body: queryBody("UNWIND range(1, 100000000) AS x RETURN x, $s AS s", `"params":{"s":"`+strings.Repeat("x", 16<<10)+`"}`)}))
			if err != nil {
				t.Fatal(err)
			}
			fronttest.Eventually(t, accept+" over "+res.Proto+" ends", func() bool {
				_, m := s.metrics(pool)
				return strings.Contains(m, "\nkadedb_statements_running 0\n")
			})
			if _, err := io.Copy(io.Discard, res.Body); err == nil {
				t.Errorf("%s over %s: what was not read has an end", accept, res.Proto)
			}
			if err := res.Body.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}
