package rest_test

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
)

// raw opens a connection; pool is nil for one without TLS.
func (s *server) raw(pool *x509.CertPool) net.Conn {
	s.t.Helper()
	var c net.Conn
	var err error
	if pool == nil {
		c, err = net.Dial("tcp", s.Host)
	} else {
		c, err = tls.Dial("tcp", s.Host, &tls.Config{RootCAs: pool})
	}
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := c.Close(); err != nil {
			s.t.Log(err)
		}
	})
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		s.t.Fatal(err)
	}
	return c
}

// reply reads one answer.
func reply(t *testing.T, in *bufio.Reader) (*http.Response, string) {
	t.Helper()
	res, err := http.ReadResponse(in, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil {
		t.Fatal(err)
	}
	return res, string(b)
}

// What is no request is answered with an error like any other, and closes its
// connection, with TLS and without, as the first on a connection and after others.
func TestWhatIsNoRequest(t *testing.T) {
	short := func(c *front.Config, _ *kadedb.Options) { c.HeaderTime = 200 * time.Millisecond }
	plain := start(t, short)
	over, pool := secureWith(t, short)
	for _, s := range []*server{plain, over} {
		trust := pool
		if s == plain {
			trust = nil
		}
		host := "Host: " + s.Host + "\r\n"
		for _, c := range []struct {
			name, text string
			code       int
			want       string
		}{
			{"a long header", "GET /livez HTTP/1.1\r\n" + host + "X: " + strings.Repeat("x", 72<<10) + "\r\n\r\n", 431, "HeaderLimit"},
			{"many headers", "GET /livez HTTP/1.1\r\n" + host + strings.Repeat("X: y\r\n", 12<<10) + "\r\n", 431, "HeaderLimit"},
			{"a long address", "GET /" + strings.Repeat("x", 72<<10) + " HTTP/1.1\r\n" + host + "\r\n", 431, "HeaderLimit"},
			{"bytes", "\x00\x01\x02\x03\r\n\r\n", 400, "MalformedRequest"},
			{"a handshake", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n", 400, "MalformedRequest"},
			{"no host", "GET /livez HTTP/1.1\r\n\r\n", 400, "MalformedRequest"},
			{"two hosts", "GET /livez HTTP/1.1\r\n" + host + host + "\r\n", 400, "MalformedRequest"},
			{"no colon", "GET /livez HTTP/1.1\r\n" + host + "X y\r\n\r\n", 400, "MalformedRequest"},
			{"a NUL", "GET /livez HTTP/1.1\r\n" + host + "X: \x00\r\n\r\n", 400, "MalformedRequest"},
			{"two lengths", "POST /v1/query HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "MalformedRequest"},
			{"an encoding", "POST /v1/query HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 400, "MalformedRequest"},
			{"an expectation", "POST /v1/query HTTP/1.1\r\n" + host + "Expect: more\r\nContent-Length: 5\r\n\r\n", 400, "MalformedRequest"},
			{"HTTP/2 at once", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "MalformedRequest"},
			{"HTTP/3", "GET /livez HTTP/3.0\r\n" + host + "\r\n", 400, "MalformedRequest"},
			{"half a header", "GET /livez HTTP/1.1\r\nHo", 408, "MalformedRequest"},
			{"a header that does not end", "GET /livez HTTP/1.1\r\n" + host, 408, "MalformedRequest"},
		} {
			for _, before := range []string{"", "GET /livez HTTP/1.1\r\n" + host + "\r\n"} {
				conn := s.raw(trust)
				in := bufio.NewReader(conn)
				if before != "" {
					if _, err := io.WriteString(conn, before); err != nil {
						t.Fatal(err)
					}
					if res, body := reply(t, in); res.StatusCode != 200 {
						t.Fatalf("before %s: %d %s", c.name, res.StatusCode, body)
					}
				}
				if _, err := io.WriteString(conn, c.text); err != nil {
					t.Fatal(err)
				}
				res, body := reply(t, in)
				if res.StatusCode != c.code || errorName(t, body) != c.want || res.Header.Get("Content-Type") != "application/json" || !res.Close {
					t.Errorf("%s (TLS %v, after another %v): %d %v %s", c.name, trust != nil, before != "", res.StatusCode, res.Header, body)
				}
				if rest, err := io.ReadAll(in); err != nil || len(rest) > 0 {
					t.Errorf("%s: then there come %q, %v", c.name, rest, err)
				}
			}
		}
		if _, body := s.metrics(trust); !strings.Contains(body, `kadedb_errors_total{name="HeaderLimit"} 6`) {
			t.Errorf("refusals are not counted: %s", body)
		}
	}
	// Without TLS where there is TLS.
	conn := over.raw(nil)
	if _, err := io.WriteString(conn, "POST /v1/query HTTP/1.1\r\nHost: "+over.Host+"\r\nContent-Length: 100000\r\n\r\n"+strings.Repeat("x", 100_000)); err != nil {
		t.Fatal(err)
	}
	if res, body := reply(t, bufio.NewReader(conn)); res.StatusCode != 400 || errorName(t, body) != "MalformedRequest" || !strings.Contains(body, "https://") {
		t.Errorf("without TLS: %d %s", res.StatusCode, body)
	}
}

func (s *server) metrics(pool *x509.CertPool) (int, string) {
	s.t.Helper()
	conn := s.raw(pool)
	if _, err := io.WriteString(conn, "GET /metrics HTTP/1.1\r\nHost: "+s.Host+"\r\nAuthorization: Bearer "+s.Token[auth.Reader]+"\r\n\r\n"); err != nil {
		s.t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, string(b)
}

// An idle connection is closed without a word, whatever was asked on it before.
func TestIdleConnection(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) {
		c.HeaderTime, c.IdleTime = 100*time.Millisecond, 100*time.Millisecond
	})
	for _, text := range []string{"", "GET /livez HTTP/1.1\r\nHost: " + s.Host + "\r\n\r\n"} {
		conn := s.raw(nil)
		if _, err := io.WriteString(conn, text); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		if text != "" {
			reply(t, in)
		}
		if b, err := io.ReadAll(in); err != nil || len(b) > 0 {
			t.Errorf("after %q there come %q, %v", text, b, err)
		}
	}
}

// Who is refused is told at once, and not when a body has come that nobody reads. What
// comes of that body is not taken for a request.
func TestRefusedBeforeTheBody(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodyTime = 10 * time.Second })
	kind := "Content-Type: application/json\r\n"
	token := "Authorization: Bearer " + s.Token[auth.Reader] + "\r\n"
	host := "Host: " + s.Host + "\r\n"
	for _, c := range []struct {
		name, head string
		want       string
	}{
		{"a foreign host", "POST /v1/query HTTP/1.1\r\nHost: evil.example\r\n" + kind, "HostNotAllowed"},
		{"a foreign page", "POST /v1/query HTTP/1.1\r\nOrigin: null\r\n" + host + kind + token, "OriginNotAllowed"},
		{"no token", "POST /v1/query HTTP/1.1\r\n" + host + kind, "InvalidToken"},
		{"a low role", "POST /v1/tokens HTTP/1.1\r\n" + host + kind + token, "RoleTooLow"},
		{"a wrong type", "POST /v1/query HTTP/1.1\r\n" + host + token, "ContentTypeRefused"},
		{"no address", "POST /v1/queries HTTP/1.1\r\n" + host + token, "UnknownEndpoint"},
		{"no method", "PUT /v1/query HTTP/1.1\r\n" + host + token, "MethodNotAllowed"},
	} {
		for _, length := range []string{"Content-Length: 1000\r\n", "Transfer-Encoding: chunked\r\n", "Content-Length: 1000\r\nExpect: 100-continue\r\n", "Content-Length: 100000000\r\n"} {
			conn := s.raw(nil)
			if _, err := io.WriteString(conn, c.head+length+"\r\n"); err != nil {
				t.Fatal(err)
			}
			at, in := time.Now(), bufio.NewReader(conn)
			res, body := reply(t, in)
			// The body may take ten seconds, and what is refused is read for five.
			if took := time.Since(at); errorName(t, body) != c.want || !res.Close || took > 4*time.Second {
				t.Errorf("%s, %s: %d %s after %v, close %v", c.name, length, res.StatusCode, body, took, res.Close)
			}
			if _, err := io.WriteString(conn, "GET /livez HTTP/1.1\r\n"+host+"\r\n"); err != nil {
				continue // it is closed already
			}
			if err := conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
				t.Fatal(err)
			}
			if b, _ := io.ReadAll(in); len(b) > 0 {
				t.Errorf("%s, %s: the body is answered with %q", c.name, length, b)
			}
		}
		// Where all of it is there the connection is good for another.
		conn := s.raw(nil)
		if _, err := io.WriteString(conn, c.head+"Content-Length: 5\r\n\r\n12345GET /livez HTTP/1.1\r\n"+host+"\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		if _, body := reply(t, in); errorName(t, body) != c.want {
			t.Errorf("%s: %s", c.name, body)
		}
		if res, body := reply(t, in); res.StatusCode != 200 {
			t.Errorf("%s: the next on the connection gets %d %s", c.name, res.StatusCode, body)
		}
	}
}

// A body that nobody asks for, and that does not come, does not hold a connection for ever.
func TestBodyThatNobodyReads(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodyTime = 100 * time.Millisecond })
	for _, head := range []string{"GET /livez", "GET /", "GET /openapi.json", "GET /v1/status", "DELETE /v1/tx/x"} {
		conn := s.raw(nil)
		if _, err := io.WriteString(conn, head+" HTTP/1.1\r\nHost: "+s.Host+"\r\nAuthorization: Bearer "+s.Token[auth.Reader]+"\r\nContent-Length: 100\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		in := bufio.NewReader(conn)
		if res, body := reply(t, in); res.StatusCode != 200 && res.StatusCode != 404 || !res.Close {
			t.Errorf("%s: %d %s", head, res.StatusCode, body)
		}
		if _, err := io.ReadAll(in); err != nil {
			t.Errorf("%s: the connection is held: %v", head, err)
		}
	}
}

// What is quoted of a request in its error is not as long as the request.
func TestQuotesAreShort(t *testing.T) {
	s := start(t, nil)
	long := strings.Repeat("x", 30<<10)
	part, kind := form(t, long, "{}")
	spec, specKind := form(t, "spec", `{"`+long+`": []}`)
	for _, c := range []call{
		{as: auth.Reader, host: long}, {as: auth.Reader, header: map[string]string{"Origin": "http://" + long}}, {as: auth.Reader, method: "GET", path: "/" + long},
		{as: auth.Reader, method: strings.ToUpper(long)}, {as: auth.Reader, header: map[string]string{"Content-Type": long}},
		{as: auth.Reader, body: "{}", header: map[string]string{"Content-Encoding": long}}, {as: auth.Reader, header: map[string]string{"Accept": long}},
		{as: auth.Reader, path: "/v1/query?ints=" + long, body: queryBody("RETURN 1")}, {as: auth.Reader, path: "/v1/export?format=" + long},
		{as: auth.Reader, body: `{"` + long + `":1}`}, {as: auth.Reader, body: `{"` + long + `":1,"` + long + `":1}`}, {as: auth.Reader, body: queryBody("RETURN 1", `"tx":"`+long+`"`)},
		{as: auth.Reader, body: queryBody("RETURN 1", `"isolation":"`+long+`"`)}, {as: auth.Reader, path: "/v1/tx", body: `{"` + long + `":1}`},
		{as: auth.Reader, path: "/v1/tx/" + long + "/commit"}, {as: auth.Admin, path: "/v1/tokens", body: `{"` + long + `":1}`}, {as: auth.Admin, path: "/v1/tokens", body: `{"role":"` + long + `"}`},
		{as: auth.Admin, method: "DELETE", path: "/v1/tokens/" + long}, {as: auth.Writer, path: "/v1/import", body: part, header: map[string]string{"Content-Type": kind}},
		{as: auth.Writer, path: "/v1/import", body: spec, header: map[string]string{"Content-Type": specKind}}, {as: auth.Writer, path: "/v1/import", header: map[string]string{"Content-Type": long}},
	} {
		res, err := http.DefaultTransport.RoundTrip(s.request(t.Context(), c))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode < 400 || errorName(t, string(b)) == "" || len(b) > 2000 {
			t.Errorf("%s %.30s: %d, %d bytes: %.300s", c.method, c.path, res.StatusCode, len(b), b)
		}
	}
}
