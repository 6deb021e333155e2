package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// match reports whether text has want, in which … stands for anything within a line.
func match(text, want string) bool {
	return regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(want), "…", "[^\n]*")).MatchString(text)
}

func TestStatus(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "store")
	d := serve(t, "--data", dir)
	token := secret.FindString(d.errs.String())
	if out, errs, code := (run{args: []string{"query", "--server", d.url, "--token", token, "CREATE (:A)-[:R]->(:A)"}}).do(t); code != 0 {
		t.Fatal(out, errs)
	}
	for _, c := range []struct {
		name string
		args []string
		out  string
		errs string
		code int
	}{
		{"server", []string{"--server", d.url, "--token", token}, "status      " + d.url + " is ready\nversion     …\nup for      …\n" +
			"graph       2 nodes, 1 relationship\ndisk        … of blocks (… free)\n            … of log (… since the last checkpoint)\n" +
			"checkpoint  none since the start\nmemory      … of 200 MiB, at most … so far\n", "", 0},
		{"rest", []string{"--server", d.url, "--token", token}, "open        0 transactions, 0 statements outside of them\n            1 request, 0 WebSocket connections\n" +
			"tokens      1 admin, 0 writer, 0 reader\n", "", 0},
		{"without a token", []string{"--server", d.url}, "status  " + d.url + " is ready\n        more with --token", "", 0},
		{"wrong token", []string{"--server", d.url, "--token", "kdb_no"}, "", "InvalidToken", exitToken},
		{"held folder", []string{dir}, "is held by `kadedb serve` at " + d.url + " (process …)\n            `kadedb status --server " + d.url + "` tells more\nversion     …\ndisk        … of blocks\n            … of log\n", "", 0},
		{"held folder, JSON", []string{"--json", dir}, `{"status":"held","held_by":"` + "`kadedb serve` at " + d.url + ` (process …)","version":"…","store":{"file_bytes":…,"log_bytes":…},"checkpoint":{"age_seconds":…}}` + "\n", "", 0},
		{"without a token, JSON", []string{"--json", "--server", d.url}, `{"status":"ready"}` + "\n", "", 0},
		{"no server", []string{"--server", "http://127.0.0.1:1"}, "", "Unreachable", exitUnavailable},
		{"no store", []string{t.TempDir()}, "", "NotAStore", exitInvalid},
	} {
		t.Run(c.name, func(t *testing.T) {
			out, errs, code := (run{args: append([]string{"status"}, c.args...)}).do(t)
			if code != c.code || !match(out, c.out) || !strings.Contains(errs, c.errs) {
				t.Errorf("code %d\n%s\n%s", code, out, errs)
			}
		})
	}
	out, errs, code := (run{args: []string{"status", "--json", "--server", d.url}, env: []string{"KADEDB_TOKEN=" + token}}).do(t)
	var s struct {
		Status string
		Store  struct{ Nodes, Relationships int }
	}
	if err := json.Unmarshal([]byte(out), &s); err != nil || code != 0 || s.Status != "ready" || s.Store.Nodes != 2 || s.Store.Relationships != 1 ||
		strings.Count(out, "\n") != 1 {
		t.Errorf("code %d, %v: %s%s", code, err, out, errs)
	}
	d.signal(os.Interrupt)
	if code := d.wait(); code != 0 {
		t.Fatal(d.errs)
	}
	if out, errs, code := (run{args: []string{"status", dir}}).do(t); code != 0 || !match(out, "is closed\n") || !match(out, "2 nodes, 1 relationship\n") {
		t.Errorf("code %d\n%s\n%s", code, out, errs)
	}
}

func TestCompactCommand(t *testing.T) {
	dir := store(t)
	d := serve(t, "--data", dir, "--auth", "off")
	if _, errs, code := (run{args: []string{"compact", dir}}).do(t); code != exitUnavailable || !strings.Contains(errs, d.url) {
		t.Errorf("of a held store: code %d: %s", code, errs)
	}
	d.signal(os.Interrupt)
	if code := d.wait(); code != 0 {
		t.Fatal(d.errs)
	}
	out, errs, code := (run{args: []string{"compact", dir}}).do(t)
	if code != 0 || out != "" || !match(errs, "before…after…given back\nblocks…MiB…KiB…MiB\nlog…\ntogether…\n"+dir+": compacted in …\n") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if out, errs, code := (run{args: []string{"query", dir, "MATCH (a:A) RETURN count(*) AS n", "--format", "csv"}}).do(t); code != 0 || out != "n\n2\n" {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if _, _, code := (run{args: []string{"compact"}}).do(t); code != exitUsage {
		t.Errorf("without a folder: %d", code)
	}
}

func TestUnits(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1 << 20: "1.0 MiB", 150 << 20: "150 MiB",
		1000 << 20: "1.0 GiB", -3 << 30: "-3.0 GiB", 1 << 60: "1048576 TiB"} {
		if got := bytesText(n); got != want {
			t.Errorf("%d bytes are %q, want %q", n, got, want)
		}
	}
	for s, want := range map[float64]string{0: "0s", 0.0123: "12ms", 1.25: "1.3s", 75: "1m15s", 3 * 86400: "3 days"} {
		if got := secondsText(s); got != want {
			t.Errorf("%v s are %q, want %q", s, got, want)
		}
	}
	if got := grouped(1234567); got != "1,234,567" {
		t.Error(got)
	}
}
