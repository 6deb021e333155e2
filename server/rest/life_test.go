package rest_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
	"github.com/kadedb/kadedb/server/rest"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

func TestReadiness(t *testing.T) {
	log := slog.New(slog.DiscardHandler)
	f, err := front.New(front.Config{Listen: "127.0.0.1:0", Auth: true, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	rest.Register(f)
	if err := f.Listen(); err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- f.Serve() }()
	s := &server{&fronttest.Server{Front: f, URL: f.URL()}, t}
	f.Progress(7, 100, 400)
	if code, body := s.do(call{method: "GET", path: "/readyz"}); code != 503 || !strings.HasPrefix(body, `{"status":"recovering","records":7,"bytes":100,"bytes_at_most":400,"ms":`) {
		t.Errorf("while recovering: %d %s", code, body)
	}
	if code, body := s.do(call{method: "GET", path: "/livez"}); code != 200 {
		t.Errorf("livez while recovering: %d %s", code, body)
	}
	if code, body := s.do(call{body: queryBody("RETURN 1")}); code != 503 || errorName(t, body) != "NotReady" {
		t.Errorf("a query while recovering: %d %s", code, body)
	}
	db, err := kadedb.OpenTemporary(&kadedb.Options{Memory: 64 << 20, Logger: log})
	if err != nil {
		t.Fatal(err)
	}
	f.Ready(db)
	if code, body := s.do(call{method: "GET", path: "/readyz"}); code != 200 || body != "{\"status\":\"ready\"}\n" {
		t.Errorf("when ready: %d %s", code, body)
	}
	if err := f.Drain(time.Second); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if err := db.Close(); err != nil {
		t.Error(err)
	}
}

// Draining lets a short statement end, cancels a long one after half of its time, and
// tells probes and others meanwhile.
func TestDrain(t *testing.T) {
	s := start(t, nil)
	long := make(chan string, 1)
	go func() {
		_, body := s.query("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS slow")
		long <- body
	}()
	fronttest.Eventually(t, "the statement runs", func() bool {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		return strings.Contains(body, "AS slow")
	})
	at := time.Now()
	drained := make(chan error, 1)
	go func() { drained <- s.Front.Drain(time.Second) }()
	fronttest.Eventually(t, "probes see it", func() bool {
		code, body := s.do(call{method: "GET", path: "/readyz"})
		return code == 503 && strings.Contains(body, "draining")
	})
	if code, body := s.query("RETURN 1"); code != 503 || errorName(t, body) != "Draining" {
		t.Errorf("a request meanwhile gets %d %s", code, body)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	if body := <-long; errorName(t, body) != "Draining" {
		t.Errorf("the statement ends with %s", body)
	}
	if took := time.Since(at); took < 450*time.Millisecond || took > 20*time.Second {
		t.Errorf("draining took %v", took)
	}
}

// A request that does not stop does not keep the server from stopping.
func TestDrainIsBounded(t *testing.T) {
	s := start(t, nil)
	entered, leave := make(chan struct{}), make(chan struct{})
	stuck, err := front.New(front.Config{Listen: "127.0.0.1:0", Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	stuck.Handle("GET", "/stuck", front.ForReaders, func(*front.Call) error {
		close(entered)
		<-leave
		return nil
	})
	if err := stuck.Listen(); err != nil {
		t.Fatal(err)
	}
	stuck.Ready(s.DB)
	served, asked := make(chan error, 1), make(chan struct{})
	go func() { served <- stuck.Serve() }()
	go func() {
		defer close(asked)
		if res, err := http.Get(stuck.URL() + "/stuck"); err == nil {
			res.Body.Close()
		}
	}()
	<-entered
	at := time.Now()
	if err := stuck.Drain(200 * time.Millisecond); status.CodeOf(err) != status.Draining {
		t.Errorf("draining says %v", err)
	}
	if took := time.Since(at); took > 20*time.Second {
		t.Errorf("draining took %v", took)
	}
	close(leave)
	<-asked
	if err := <-served; err != nil {
		t.Error(err)
	}
}

// Bodies that do not come keep nobody else out.
func TestHalfSentBodies(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.Requests = 2 })
	for range 8 {
		conn, err := net.Dial("tcp", s.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, "POST /v1/query HTTP/1.1\r\nHost: "+s.Host+"\r\nContent-Type: application/json\r\nAuthorization: Bearer "+
			s.Token[auth.Reader]+"\r\nContent-Length: 100\r\n\r\n{\"query\": "); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(50 * time.Millisecond) // until all of them are being read
	for range 8 {
		if code, body := s.query("RETURN 1"); code != 200 {
			t.Fatalf("another request gets %d %s", code, body)
		}
	}
}

// A body that does not come in time is refused, and its connection is free again.
func TestSlowBody(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodyTime = 100 * time.Millisecond })
	conn, err := net.Dial("tcp", s.Host)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	at := time.Now()
	if _, err := io.WriteString(conn, "POST /v1/query HTTP/1.1\r\nHost: "+s.Host+"\r\nContent-Type: application/json\r\nAuthorization: Bearer "+
		s.Token[auth.Reader]+"\r\nContent-Length: 100\r\n\r\n{\"query\": "); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(at.Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 400 || errorName(t, string(body)) != "MalformedRequest" || !strings.Contains(string(body), "too slow: 10 bytes") {
		t.Errorf("it gives %d %s, %v", res.StatusCode, body, err)
	}
	if took := time.Since(at); took < 100*time.Millisecond || took > 9*time.Second {
		t.Errorf("it took %v", took)
	}
}

func TestRequestsAtOnce(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.Requests = 1 })
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		for ctx.Err() == nil { // it may itself be the second
			req := s.request(ctx, call{as: auth.Reader, body: queryBody("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*)")})
			if res, err := s.web().Do(req); err == nil {
				res.Body.Close()
			}
		}
	}()
	fronttest.Eventually(t, "a second request is refused", func() bool {
		code, _ := s.do(call{as: auth.Reader, body: queryBody("RETURN 1")})
		return code == 429
	})
	cancel()
	<-gone
	fronttest.Eventually(t, "there is room again", func() bool {
		code, _ := s.do(call{as: auth.Reader, body: queryBody("RETURN 1")})
		return code == 200
	})
}

func TestSlowQueryLog(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.SlowQuery = time.Nanosecond })
	s.query("RETURN $p AS\nsecretless", `"params":{"p":"do not log me"}`)
	log := s.Log.String()
	if !strings.Contains(log, "slow query") || !strings.Contains(log, "p: STRING") || !strings.Contains(log, "secretless") {
		t.Errorf("the log is %s", log)
	}
	for _, want := range []string{"kind=read", "plan=Produce(Project(SingleRow))", "wait_ms.queue=", "wait_ms.lock=", "wait_ms.disk=", "wait_ms.commit=",
		"memory_bytes=", "spilled_bytes=0", "rows=1"} {
		if !strings.Contains(log, want) {
			t.Errorf("the log lacks %s: %s", want, log)
		}
	}
	s.query("CREATE ({p: 1})")
	if line := s.Log.String()[len(log):]; !strings.Contains(line, "kind=write") || strings.Contains(line, "wait_ms.commit=0 ") {
		t.Errorf("a commit takes no time: %s", line)
	}
	if strings.Contains(log, "do not log me") || strings.Contains(log, "AS\nsecretless") {
		t.Errorf("the log holds what it must not: %s", log)
	}
}

func TestMetrics(t *testing.T) {
	s := start(t, nil)
	s.query("CREATE (:A)")
	if code, _ := s.do(call{method: "GET", path: "/metrics"}); code != 401 {
		t.Errorf("metrics without a token give %d", code)
	}
	code, body := s.do(call{as: auth.Reader, method: "GET", path: "/metrics"})
	for _, want := range []string{`kadedb_queries_total{kind="write",outcome="ok"} 1`, "kadedb_commits_total 1", "kadedb_memory_limit_bytes 2.68435456e+08", "go_goroutines"} {
		if code != 200 || !strings.Contains(body, want) {
			t.Errorf("metrics (%d) lack %q", code, want)
		}
	}
}

// A client whose header or handshake does not come does not hold a connection.
func TestSlowHeader(t *testing.T) {
	soon := func(c *front.Config, _ *kadedb.Options) { c.HeaderTime = 200 * time.Millisecond }
	s := start(t, soon)
	over, _ := secureWith(t, soon)
	for _, c := range []struct{ what, host, text string }{
		{"half a header", s.Host, "GET /livez HTTP/1.1\r\nHost: "}, {"a handshake that does not begin", over.Host, ""}, {"half a handshake", over.Host, "\x16\x03\x01\x02"},
	} {
		conn, err := net.Dial("tcp", c.host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := io.WriteString(conn, c.text); err != nil {
			t.Fatal(err)
		}
		if err := conn.SetReadDeadline(time.Now().Add(4 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, conn); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: the connection is held", c.what)
		}
	}
}

// An answer that would not fit the memory of a query is refused, not collected.
func TestAnswerMemory(t *testing.T) {
	s := start(t, nil)
	code, body := s.query("UNWIND range(1, 100000) AS x RETURN '"+strings.Repeat("x", 100)+"' AS s", `"memory_bytes":5000000`)
	if code != 429 || errorName(t, body) != "QueryMemoryLimit" {
		t.Errorf("it gives %d %.200s", code, body)
	}
}

// A body without a length is bounded too.
func TestChunkedBodyLimit(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodySize = 4096 })
	req := s.request(context.Background(), call{as: auth.Reader, body: "x"})
	req.Body, req.ContentLength = io.NopCloser(strings.NewReader(queryBody("RETURN '"+strings.Repeat("x", 1<<20)+"'"))), -1
	res, err := s.web().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != 413 {
		t.Errorf("a chunked body over the limit gives %d", res.StatusCode)
	}
}

// A log that cannot be synced ends writing: one code, not ready, and reads go on.
func TestFailedSync(t *testing.T) {
	disk := vfs.NewFaulty(vfs.OS, nil)
	s := start(t, func(_ *front.Config, o *kadedb.Options) { o.FS = disk })
	s.Closing = status.StorePoisoned
	s.query("CREATE (:A)")
	disk.SetHook(func(o vfs.Op) error {
		if o.Name == "sync" {
			return errors.New("the disk is gone")
		}
		return nil
	})
	if code, body := s.query("CREATE (:B)"); code != 503 {
		t.Errorf("the write whose sync fails gets %d %s", code, body)
	}
	disk.SetHook(nil)
	if code, body := s.query("CREATE (:C)"); code != 503 || errorName(t, body) != "StorePoisoned" {
		t.Errorf("a later write gets %d %s", code, body)
	}
	if code, body := s.do(call{method: "GET", path: "/readyz"}); code != 503 || !strings.Contains(body, "failed") {
		t.Errorf("readiness is %d %s", code, body)
	}
	select {
	case <-s.Front.Failed():
	default:
		t.Error("the server does not know")
	}
	if _, body := s.query("MATCH (n) RETURN labels(n) AS l"); !strings.Contains(body, `"rows":[[["A"]]]`) {
		t.Errorf("a read gives %s", body)
	}
}

// A client that does not read its stream does not outlive its token.
func TestRevokeOfAnIdleReader(t *testing.T) {
	s := start(t, nil)
	req := s.request(context.Background(), call{as: auth.Reader, header: map[string]string{"Accept": "application/x-ndjson"},
		body: queryBody("UNWIND range(1, 10000) AS x UNWIND range(1, 10000) AS y RETURN x, y, 'stuck' AS s")})
	res, err := s.web().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	running := func() bool {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		return strings.Contains(body, "'stuck'")
	}
	fronttest.Eventually(t, "the statement runs", running)
	s.do(call{as: auth.Admin, method: "DELETE", path: "/v1/tokens/" + s.ID[auth.Reader]})
	fronttest.Eventually(t, "the statement is gone", func() bool { return !running() })
}

// Values that need more memory than there is are refused before they take it.
func TestBodyMemory(t *testing.T) {
	s := start(t, func(_ *front.Config, o *kadedb.Options) { o.Memory = 32 << 20 })
	code, body := s.query("RETURN size($l) AS n", `"params":{"l":[`+strings.Repeat("1,", 1<<20)+`1]}`)
	if code != 429 || errorName(t, body) != "QueryMemoryLimit" {
		t.Errorf("it gives %d %.200s", code, body)
	}
	if used := s.DB.Budget().Used(); used > 1<<20 {
		t.Errorf("%d bytes are still counted", used)
	}
}

// A client that sends all of its body before it reads the answer gets it, however
// much too long the body is.
func TestRefusedBodyIsRead(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.BodySize = 4096 })
	for _, chunked := range []bool{false, true} {
		conn, err := net.Dial("tcp", s.Host)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		const size = 8 << 20
		head := "POST /v1/query HTTP/1.1\r\nHost: " + s.Host + "\r\nContent-Type: application/json\r\nAuthorization: Bearer " + s.Token[auth.Reader]
		body := strings.Repeat("x", size)
		if chunked {
			head += "\r\nTransfer-Encoding: chunked\r\n\r\n800000\r\n"
			body += "\r\n0\r\n\r\n"
		} else {
			head += "\r\nContent-Length: 8388608\r\n\r\n"
		}
		if _, err := io.WriteString(conn, head+body); err != nil {
			t.Fatalf("sending the body: %v", err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil || res.StatusCode != 413 {
			t.Errorf("chunked %v: %v, %v", chunked, res, err)
		}
	}
}
