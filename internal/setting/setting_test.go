package setting

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/kadedb/kadedb/status"
)

func TestSourcesWinInOrder(t *testing.T) {
	s := New()
	if err := s.Load(FromFlag, map[string]string{"query-time": "5s"}); err != nil {
		t.Fatal(err)
	}
	if err := s.Load(FromFile, map[string]string{"query-time": "9s", "memory": "4GiB"}); err != nil {
		t.Fatal(err)
	}
	if got := s.Duration(QueryTime); got != 5*time.Second {
		t.Errorf("query-time = %v, want the flag's 5s", got)
	}
	if got, from := s.Size(Memory, 100), s.Origin(Memory); got != 4<<30 || from != FromFile {
		t.Errorf("memory = %d from %v", got, from)
	}
	if got := s.Origin(PathRows); got != FromDefault {
		t.Errorf("path-rows from %v", got)
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, text := range map[string]string{"memory": "lots", "query-time": "-1s", "query-rows": "-1", "auth": "none", "nosuch": "1"} {
		s := New()
		err := s.Load(FromEnv, map[string]string{name: text, "slow-query": "2s"})
		if !errors.Is(err, status.New(status.InvalidSetting)) {
			t.Errorf("%s=%s: %v", name, text, err)
		}
		if s.Origin(SlowQuery) != FromDefault {
			t.Errorf("%s: half a source was taken", name)
		}
	}
}

func TestParseSize(t *testing.T) {
	for text, want := range map[string]int64{"0": 0, "17": 17, "64KiB": 65536, "1.5 GiB": 3 << 29, "2MB": 2e6, "25%": 50, "9000000TiB": -1, "1e3": 1000, "": -1, "NaN": -1, "-1": -1} {
		got, err := ParseSize(text, 200)
		if want < 0 && err == nil || want >= 0 && (err != nil || got != want) {
			t.Errorf("ParseSize(%q) = %d, %v; want %d", text, got, err, want)
		}
	}
}

func TestDefaultsAreValid(t *testing.T) {
	for _, d := range Table() {
		if err := d.check(d.Default); err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if d.Doc == "" {
			t.Errorf("%s has no documentation", d.Name)
		}
	}
}

func TestLeast(t *testing.T) {
	for text, ok := range map[string]bool{"1MiB": true, "1023KiB": false, "0": false, "1%": true, "4GiB": true} {
		err := New().Load(FromFlag, map[string]string{"memory": text})
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "at least 1MiB") {
			t.Errorf("memory %s: %v", text, err)
		}
	}
}
