package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/auth"
)

const arrowType = "application/vnd.apache.arrow.stream"

// files asks for an answer in a media type.
func (s *server) files(accept, text string, more ...string) (*http.Response, []byte, error) {
	s.t.Helper()
	res, err := s.web().Do(s.request(context.Background(), call{as: auth.Writer, body: queryBody(text, more...), header: map[string]string{"Accept": accept}}))
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, b, err
}

func TestCSVAnswer(t *testing.T) {
	s := start(t, nil)
	res, b, err := s.files("text/csv", "UNWIND [1, null] AS x RETURN x, 'a,\"b\"' AS s, date('2026-01-31') AS d, [x, 's'] AS l, {k: 1.5} AS m")
	const want = "x,s,d,l,m\n1,\"a,\"\"b\"\"\",2026-01-31,\"[1,\"\"s\"\"]\",\"{\"\"k\"\":1.5}\"\n,\"a,\"\"b\"\"\",2026-01-31,\"[null,\"\"s\"\"]\",\"{\"\"k\"\":1.5}\"\n"
	if err != nil || res.StatusCode != 200 || string(b) != want || res.Header.Get("Content-Type") != "text/csv; charset=utf-8" {
		t.Errorf("%d %s\n%s\n%v", res.StatusCode, res.Header, b, err)
	}
	// A statement that writes has happened when its answer is whole.
	if _, b, err = s.files("text/csv", "CREATE (n:T {k: 1}) RETURN n.k AS k"); err != nil || string(b) != "k\n1\n" {
		t.Errorf("%s %v", b, err)
	}
	if _, body := s.query("MATCH (n:T) RETURN count(*) AS n"); !strings.Contains(body, "[[1]]") {
		t.Errorf("after it there is %s", body)
	}
}

// An error before a part of the answer is out is one of the request; later it ends the
// connection, so that nobody takes what came for the whole.
func TestFilesThatFail(t *testing.T) {
	s := start(t, nil)
	for _, accept := range []string{"text/csv", arrowType} {
		if res, b, err := s.files(accept, "UNWIND [1, 0] AS x RETURN 1 / x AS y"); err != nil || res.StatusCode != 400 || errorName(t, string(b)) != "DivisionByZero" {
			t.Errorf("%s: an early error gives %d %s %v", accept, res.StatusCode, b, err)
		}
		res, b, err := s.files(accept, "UNWIND range(1, 300000) AS x RETURN 1 / (300000 - x) AS y, 'some text' AS t")
		if res.StatusCode != 200 || !errors.Is(err, io.ErrUnexpectedEOF) || len(b) == 0 {
			t.Errorf("%s: a late error gives %d, %d bytes and %v", accept, res.StatusCode, len(b), err)
		}
		if bytes.HasSuffix(b, []byte{0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0}) {
			t.Error("a broken Arrow stream has its end")
		}
		// What it wrote is undone.
		_, _, err = s.files(accept, "UNWIND range(1, 300000) AS x CREATE (n:Undone) RETURN 1 / (300000 - x) AS y")
		if _, body := s.query("MATCH (n:Undone) RETURN count(*) AS n"); !strings.Contains(body, "[[0]]") {
			t.Errorf("%s: %v leaves %s", accept, err, body)
		}
	}
	if log := s.Log.String(); !strings.Contains(log, "an answer broke off") || !strings.Contains(log, "KDB-2010") {
		t.Errorf("the log does not say why: %s", log)
	}
	// Messages may hold values, which the log has nothing of.
	if _, _, err := s.files("text/csv", "UNWIND range(1, 300000) AS x RETURN CASE WHEN x = 300000 THEN date($s) END AS y, 'some text' AS t", `"params":{"s":"my secret"}`); err == nil {
		t.Error("a text is a date")
	}
	if log := s.Log.String(); strings.Contains(log, "my secret") || strings.Count(log, "an answer broke off") < 3 {
		t.Errorf("the log has %s", log)
	}
	res, b, err := s.files(arrowType, "UNWIND range(1, 100) AS x RETURN x AS a, x AS b", `"max_rows":10`)
	if err != nil || res.StatusCode != 200 || len(b) < 1600 {
		t.Errorf("a limit for unstreamed answers holds for streamed ones: %d %s %v", res.StatusCode, b, err)
	}
}

// A column's type is what its first rows hold; a later row that does not fit says so.
func TestArrowMisfit(t *testing.T) {
	s := start(t, nil)
	_, b, err := s.files(arrowType, "UNWIND range(1, 20000) AS x RETURN CASE WHEN x < 15000 THEN x ELSE 'text' END AS y")
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("a misfit gives %d bytes, %v", len(b), err)
	}
	if log := s.Log.String(); !strings.Contains(log, "row 15000") || !strings.Contains(log, "KDB-6007") {
		t.Errorf("the log says %s", log)
	}
	// All of them fit into the first rows.
	if _, b, err = s.files(arrowType, "UNWIND range(1, 100) AS x RETURN CASE WHEN x < 50 THEN x ELSE 'text' END AS y"); err != nil || len(b) == 0 {
		t.Errorf("a mixed column gives %d bytes, %v", len(b), err)
	}
}

func BenchmarkAnswer(b *testing.B) {
	s := start(b, nil)
	const rows = 1_000_000
	text := fmt.Sprintf("UNWIND range(1, %d) AS x RETURN x, x * 0.5 AS f, x %% 2 = 0 AS b, 'name' AS s, x + 1 AS y", rows)
	for _, accept := range []string{"application/x-ndjson", "application/vnd.kadedb.typed+ndjson", "text/csv", arrowType} {
		b.Run(accept[strings.LastIndexByte(accept, '/')+1:], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				res, err := s.web().Do(s.request(context.Background(), call{as: auth.Reader, body: queryBody(text), header: map[string]string{"Accept": accept}}))
				if err != nil {
					b.Fatal(err)
				}
				n, err := io.Copy(io.Discard, res.Body)
				if err != nil {
					b.Fatal(err)
				}
				b.SetBytes(n)
				res.Body.Close()
			}
			b.ReportMetric(float64(rows*b.N)/b.Elapsed().Seconds(), "rows/s")
		})
	}
}
