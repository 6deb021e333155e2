package rest_test

import (
	"encoding/json"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/server/front/fronttest"
)

func TestHostsAndOrigins(t *testing.T) {
	for _, authOn := range []bool{true, false} {
		s := start(t, func(c *front.Config, _ *kadedb.Options) {
			c.Auth, c.AllowedHosts = authOn, []string{"db.example", "proxy.example:8443"}
		})
		_, port, err := net.SplitHostPort(s.Host)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range []struct {
			host, origin string
			code         int
		}{
			{"", "", 200}, {"localhost:" + port, "", 200}, {"LOCALHOST:" + port, "", 200}, {"[::1]:" + port, "", 200},
			{"db.example", "", 200}, {"db.example:99", "", 200}, {"proxy.example:8443", "", 200},
			{"proxy.example", "", 403}, {"evil.example", "", 403}, {"evil.example:" + port, "", 403}, {"127.0.0.1", "", 403},
			{"127.0.0.1:1", "", 403}, {"127.0.0.1.evil.example:" + port, "", 403}, {"localhost.:" + port, "", 403},
			{"", "http://127.0.0.1:" + port, 200}, {"", "http://localhost:" + port, 200}, {"", "https://db.example", 200},
			{"", "https://proxy.example:8443", 200}, {"", "null", 403}, {"", "http://evil.example", 403},
			{"", "http://127.0.0.1", 403}, {"", "http://localhost:3000", 403}, {"", "file://localhost:" + port, 403}, {"", "x", 403},
			{"", "http://db.example.evil.example", 403},
		} {
			code, body := s.do(call{as: auth.Reader, body: queryBody("RETURN 1"), host: c.host, header: map[string]string{"Origin": c.origin}})
			if code != c.code {
				t.Errorf("auth %v: Host %q, Origin %q give %d, want %d: %s", authOn, c.host, c.origin, code, c.code, body)
			}
		}
	}
}

func TestAuthOffOnlyOnLoopback(t *testing.T) {
	for listen, fine := range map[string]bool{"127.0.0.1:0": true, "localhost:0": true, "[::1]:0": true, "0.0.0.0:0": false, ":0": false,
		"192.0.2.1:0": false, "db.example:0": false, "[::]:0": false, "7480": false} {
		if _, err := front.New(front.Config{Listen: listen}); (err == nil) != fine {
			t.Errorf("%s without tokens: %v", listen, err)
		}
	}
}

func TestFailedTokensAreLimited(t *testing.T) {
	s := start(t, nil)
	seen := map[int]int{}
	for range 30 {
		code, _ := s.do(call{body: queryBody("RETURN 1"), header: map[string]string{"Authorization": "Bearer kdb_guess"}})
		seen[code]++
	}
	if seen[401] < 4 || seen[429] < 10 || seen[401]+seen[429] != 30 {
		t.Errorf("30 wrong tokens give %v", seen)
	}
	if code, _ := s.do(call{as: auth.Reader, body: queryBody("RETURN 1")}); code != 200 {
		t.Errorf("a right token meanwhile gives %d", code)
	}
}

// Revoking a token ends its running request and its transaction at once.
// A token that asks for too much is told to wait; others are not.
func TestTokenRate(t *testing.T) {
	s := start(t, func(c *front.Config, _ *kadedb.Options) { c.TokenRate = 5 })
	seen := map[int]int{}
	began := time.Now()
	for range 20 {
		res, err := s.web().Do(s.request(t.Context(), call{as: auth.Reader, body: queryBody("RETURN 1")}))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		seen[res.StatusCode]++
		if res.StatusCode == 429 && (errorName(t, string(b)) != "RateLimit" || res.Header.Get("Retry-After") != "1") {
			t.Errorf("it is refused with %s, Retry-After %q", b, res.Header.Get("Retry-After"))
		}
	}
	most := 5 + int(5*time.Since(began).Seconds()) + 1
	if seen[200] < 5 || seen[200] > most || seen[200]+seen[429] != 20 {
		t.Errorf("of 20 requests at once: %v, at most %d may pass", seen, most)
	}
	if code, body := s.do(call{as: auth.Writer, body: queryBody("RETURN 1")}); code != 200 {
		t.Errorf("another token gets %d %s", code, body)
	}
	fronttest.Eventually(t, "the token may ask again", func() bool {
		code, _ := s.do(call{as: auth.Reader, body: queryBody("RETURN 1")})
		return code == 200
	})
}

// Only who can do better by waiting is told to wait.
func TestRetryAfter(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct{ body, name string }{
		{queryBody("UNWIND range(1, 100) AS x RETURN x", `"max_rows":99`), "RowLimit"},
		{queryBody(endless, `"timeout_ms":20`), "QueryTimeLimit"},
		{queryBody("RETURN collect {UNWIND range(1, 1000000) AS x RETURN x} AS l", `"memory_bytes":100000`), "QueryMemoryLimit"},
	} {
		res, err := s.web().Do(s.request(t.Context(), call{as: auth.Reader, body: c.body}))
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(res.Body)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 429 || errorName(t, string(b)) != c.name || res.Header.Get("Retry-After") != "" {
			t.Errorf("%s: %d, Retry-After %q: %s", c.name, res.StatusCode, res.Header.Get("Retry-After"), b)
		}
	}
}

func TestRevoke(t *testing.T) {
	s := start(t, nil)
	tx := s.begin(auth.Writer)
	s.in(auth.Writer, tx, "CREATE (:Open)")
	type reply struct {
		code int
		body string
	}
	ended := make(chan reply, 1)
	go func() {
		code, body := s.query("UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS slow")
		ended <- reply{code, body}
	}()
	open := func() string {
		_, body := s.do(call{as: auth.Admin, body: queryBody("SHOW TRANSACTIONS")})
		return body
	}
	fronttest.Eventually(t, "the statement runs", func() bool { return strings.Contains(open(), "AS slow") && strings.Contains(open(), tx) })
	at := time.Now()
	if code, body := s.do(call{as: auth.Admin, method: "DELETE", path: "/v1/tokens/" + s.ID[auth.Writer]}); code != 200 {
		t.Fatalf("revoking gives %d %s", code, body)
	}
	if code, _ := s.query("RETURN 1"); code != 401 {
		t.Errorf("the token still works: %d", code)
	}
	r := <-ended
	if took := time.Since(at); took > 20*time.Second || r.code == 200 || errorName(t, r.body) != "TransactionTerminated" {
		t.Errorf("the running statement ended after %v with %d %s", took, r.code, r.body)
	}
	fronttest.Eventually(t, "its transaction is gone", func() bool { return !strings.Contains(open(), tx) })
	if _, body := s.do(call{as: auth.Admin, body: queryBody("MATCH (n:Open) RETURN count(*) AS c")}); !strings.Contains(body, `"rows":[[0]]`) {
		t.Errorf("its changes are there: %s", body)
	}
}

func TestTokensOverHTTP(t *testing.T) {
	s := start(t, nil)
	code, body := s.do(call{as: auth.Admin, path: "/v1/tokens", body: `{"role":"reader","name":"grafana"}`})
	var made struct{ ID, Name, Role, Token string }
	if err := json.Unmarshal([]byte(body), &made); err != nil || code != 200 || made.Role != "reader" || made.Name != "grafana" {
		t.Fatalf("making gives %d %s", code, body)
	}
	if code, _ := s.do(call{body: queryBody("RETURN 1"), header: map[string]string{"Authorization": "bearer " + made.Token}}); code != 200 {
		t.Errorf("the new token gives %d", code)
	}
	_, body = s.do(call{as: auth.Admin, method: "GET", path: "/v1/tokens"})
	if !strings.Contains(body, made.ID) || strings.Contains(body, made.Token) || strings.Contains(body, "kdb_") {
		t.Errorf("the list is %s", body)
	}
}

func TestTerminate(t *testing.T) {
	s := start(t, nil)
	tx := s.begin(auth.Writer)
	text := "TERMINATE TRANSACTION '" + tx + "'"
	if _, body := s.do(call{as: auth.Reader, body: queryBody(text)}); !strings.Contains(body, "not found") {
		t.Errorf("a reader ends another's transaction: %s", body)
	}
	if _, body := s.do(call{as: auth.Reader, body: queryBody("SHOW TRANSACTIONS")}); strings.Contains(body, tx) {
		t.Errorf("a reader sees another's transaction: %s", body)
	}
	if _, body := s.do(call{as: auth.Admin, body: queryBody(text)}); !strings.Contains(body, "terminated") {
		t.Errorf("an admin does not: %s", body)
	}
	fronttest.Eventually(t, "it is gone", func() bool { code, _ := s.in(auth.Writer, tx, "RETURN 1"); return code == 404 || code == 400 })
}

// TestWhoAsks: SHOW knows tokens as users, and tells of others only to administrators.
func TestWhoAsks(t *testing.T) {
	s := start(t, nil)
	for _, c := range []struct {
		as   auth.Role
		text string
		want string
	}{
		{auth.Reader, "SHOW CURRENT USER YIELD user, roles", `[["reader",["reader"]]]`},
		{auth.Writer, "CALL dbms.showCurrentUser() YIELD username", `[["writer"]]`},
		{auth.Admin, "SHOW USERS YIELD user, roles WHERE user <> 'admin'", `[["reader",["reader"]],["writer",["writer"]]]`},
		{auth.Admin, "SHOW POPULATED ROLES WITH USERS YIELD role, member WHERE role = 'reader'", `[["reader","reader"]]`},
		{auth.Reader, "SHOW USERS", `"name":"RoleTooLow"`},
		{auth.Writer, "SHOW ROLES WITH USERS", `"name":"RoleTooLow"`},
		{auth.Writer, "CALL dbms.security.listUsers()", `"name":"RoleTooLow"`},
		{auth.Admin, "SHOW POPULATED ROLES", `[["reader"],["writer"],["admin"]]`},
		{auth.Reader, "SHOW POPULATED ROLES", `"name":"RoleTooLow"`},
		{auth.Reader, "SHOW ROLES", `[["reader"],["writer"],["admin"]]`},
		{auth.Admin, "SHOW USER writer PRIVILEGES YIELD user, role RETURN DISTINCT user, role", `[["writer","writer"]]`},
		{auth.Reader, "SHOW USER writer PRIVILEGES", `"name":"RoleTooLow"`},
		{auth.Reader, "SHOW USER PRIVILEGES YIELD action, user", `[["access","reader"],["match","reader"],["execute","reader"]]`},
		{auth.Reader, "SHOW TRANSACTIONS YIELD username, currentQuery RETURN username", `[["reader"]]`},
	} {
		if _, body := s.do(call{as: c.as, body: queryBody(c.text)}); !strings.Contains(body, c.want) {
			t.Errorf("%s, as %s: %s", c.text, c.as, body)
		}
	}
}

// TestReadOnlyInText: a transaction that its text began for reading does not write.
func TestReadOnlyInText(t *testing.T) {
	s := start(t, nil)
	_, opened := s.query("START TRANSACTION READ ONLY")
	_, rest, _ := strings.Cut(opened, `"tx":"`)
	tx, _, _ := strings.Cut(rest, `"`)
	for _, c := range []struct {
		text string
		code int
		want string
	}{
		{"MATCH (n) RETURN count(n)", 200, `[[0]]`},
		{"CREATE (:A)", 403, `"gql_status":"25G03"`},
		{"EXPLAIN CREATE (:A)", 200, "Create"},
		{"START TRANSACTION READ WRITE", 400, `"gql_status":"25000"`},
		{"COMMIT", 200, `"gql_status":"00001"`},
		{"COMMIT", 404, "NoSuchTransaction"},
	} {
		if code, body := s.in(auth.Writer, tx, c.text); code != c.code || !strings.Contains(body, c.want) {
			t.Errorf("%s: %d %s", c.text, code, body)
		}
	}
}
