// Package setting is the one table of KadeDB's options and limits: for each its
// flag, environment name, request field, default and documentation. The command
// line, the configuration file, `kadedb config show`, error hints and docs/settings.md
// all read it.
//
//	set := setting.New()
//	err := set.Load(setting.FromFile, map[string]string{"memory": "4GiB"})
//	set.Size(setting.Memory)            // 4294967296
//	set.Origin(setting.Memory)          // "file"
//
// Later sources win: default, file, environment, flag. It reads no file and no
// environment itself; cmd/kadedb does.
package setting

import (
	"fmt"
	"math"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/kadedb/kadedb/status"
)

// Name names a setting: its flag without dashes, its key in a file.
type Name string

const (
	Data           Name = "data"
	Listen         Name = "listen"
	Memory         Name = "memory"
	Auth           Name = "auth"
	AllowedHosts   Name = "allowed-hosts"
	TLSCert        Name = "tls-cert"
	TLSKey         Name = "tls-key"
	ImportDir      Name = "import-dir"
	LogLevel       Name = "log-level"
	LogFormat      Name = "log-format"
	SlowQuery      Name = "slow-query"
	LogKeepAge     Name = "log-keep-age"
	LogKeepSize    Name = "log-keep-size"
	DrainTime      Name = "drain-time"
	QueryMemory    Name = "query-memory"
	QueryTime      Name = "query-time"
	QueryRows      Name = "query-rows"
	PathRows       Name = "path-rows"
	PathLength     Name = "path-length"
	TxMemory       Name = "tx-memory"
	TxIdle         Name = "tx-idle"
	TxTime         Name = "tx-time"
	TxOpen         Name = "tx-open"
	BodySize       Name = "body-size"
	ImportSize     Name = "import-size"
	Requests       Name = "requests"
	TokenRate      Name = "token-rate"
	WSConnections  Name = "ws-connections"
	WSStatements   Name = "ws-statements"
	WSPing         Name = "ws-ping"
	CheckpointSize Name = "checkpoint-size"
	PlanCache      Name = "plan-cache"
)

// Kind is what a setting's text must be.
type Kind uint8

const (
	Text     Kind = iota
	Size          // bytes: 1048576, 64KiB, 4GiB; or a share such as 60%
	Duration      // 250ms, 60s, 24h
	Count         // a whole number ≥ 0
	Choice        // one of Choices
)

// Setting is one row of the table.
type Setting struct {
	Name    Name
	Kind    Kind
	Default string
	Choices []string
	Least   int64  // bytes of a Size; a share is not looked at
	Field   string // field of a request that sets it for one query, or ""
	Doc     string
}

// Env returns the environment variable that sets s.
func (s Setting) Env() string {
	return "KADEDB_" + strings.ToUpper(strings.ReplaceAll(string(s.Name), "-", "_"))
}

var table = []Setting{
	{Name: Data, Default: "", Doc: "Folder of the store."},
	{Name: Listen, Default: "127.0.0.1:7480", Doc: "Address and port to serve on."},
	{Name: Memory, Kind: Size, Default: "60%", Least: 1 << 20, Doc: "Budget of all caches and queries together: a size, at least 1MiB, or a share of the machine's (or cgroup's) memory."},
	{Name: Auth, Kind: Choice, Choices: []string{"token", "off"}, Default: "token", Doc: "Whether requests need a token. `off` is allowed only on a loopback address."},
	{Name: AllowedHosts, Default: "", Doc: "Further values of the Host header to accept, separated by commas."},
	{Name: TLSCert, Default: "", Doc: "File of the server's certificate, with those that signed it, in PEM: TLS 1.3 is spoken, and HTTP/2. Read again when it changes."},
	{Name: TLSKey, Default: "", Doc: "File of the certificate's key, in PEM."},
	{Name: ImportDir, Default: "", Doc: "Folder below which LOAD may read. Empty: LOAD is refused."},
	{Name: LogLevel, Kind: Choice, Choices: []string{"debug", "info", "warn", "error"}, Default: "info", Doc: "Least level that is logged."},
	{Name: LogFormat, Kind: Choice, Choices: []string{"text", "json"}, Default: "text", Doc: "Form of the log on standard error."},
	{Name: SlowQuery, Kind: Duration, Default: "1s", Doc: "Queries that take longer are logged; 0 logs none."},
	{Name: LogKeepAge, Kind: Duration, Default: "24h", Doc: "How long write-ahead log segments are kept after the checkpoint that covers them."},
	{Name: LogKeepSize, Kind: Size, Default: "1GiB", Doc: "Most bytes of write-ahead log kept for repair."},
	{Name: DrainTime, Kind: Duration, Default: "10s", Doc: "How long running requests may take to end when the server stops."},
	{Name: QueryMemory, Kind: Size, Default: "25%", Field: "memory_bytes", Doc: "Memory that one query may hold: a size, or a share of --memory. Beyond it operators spill to disk, and what cannot spill fails."},
	{Name: QueryTime, Kind: Duration, Default: "60s", Field: "timeout_ms", Doc: "Time that one query may take."},
	{Name: QueryRows, Kind: Count, Default: "1000000", Field: "max_rows", Doc: "Rows of an answer that is not streamed."},
	{Name: PathRows, Kind: Count, Default: "1000000", Field: "max_path_rows", Doc: "Rows that a path search may hold at once."},
	{Name: PathLength, Kind: Count, Default: "30", Field: "max_path_length", Doc: "Longest trail that a pattern without an upper bound may meet."},
	{Name: TxMemory, Kind: Size, Default: "256MiB", Doc: "Uncommitted changes that one transaction holds in memory before it spills to disk, at most a quarter of --memory."},
	{Name: TxIdle, Kind: Duration, Default: "60s", Doc: "An explicit transaction without a request for so long is rolled back."},
	{Name: TxTime, Kind: Duration, Default: "10m", Doc: "An explicit transaction open for so long is rolled back."},
	{Name: TxOpen, Kind: Count, Default: "1000", Doc: "Explicit transactions open at once."},
	{Name: BodySize, Kind: Size, Default: "16MiB", Doc: "Largest request body, but of imports."},
	{Name: ImportSize, Kind: Size, Default: "64GiB", Doc: "Most bytes of the files that one request brings to be imported; they wait in the store's folder."},
	{Name: Requests, Kind: Count, Default: "256", Doc: "Requests that run at once; more are refused."},
	{Name: TokenRate, Kind: Count, Default: "0", Doc: "Requests that one token may send in a second, over HTTP and WebSocket together; more are refused. Where no tokens are asked for: one address. 0: no limit."},
	{Name: WSConnections, Kind: Count, Default: "16384", Doc: "WebSocket connections open at once; more are refused."},
	{Name: WSStatements, Kind: Count, Default: "100", Doc: "Requests of one WebSocket connection that are under way at once; more are refused."},
	{Name: WSPing, Kind: Duration, Default: "30s", Doc: "A WebSocket connection that was silent for so long is pinged, and closed when it stays silent for as long again."},
	{Name: CheckpointSize, Kind: Size, Default: "64MiB", Doc: "A checkpoint starts when so much log was written since the last."},
	{Name: PlanCache, Kind: Count, Default: "4096", Doc: "Plans kept; 0 turns the plan cache off."},
}

// Table returns every setting, in the order of the documentation.
func Table() []Setting { return append([]Setting(nil), table...) }

// Lookup finds a setting by name.
func Lookup(n Name) (Setting, bool) {
	for _, s := range table {
		if s.Name == n {
			return s, true
		}
	}
	return Setting{}, false
}

// Source is where a value came from; later ones win.
type Source uint8

const (
	FromDefault Source = iota
	FromFile
	FromEnv
	FromFlag
)

func (s Source) String() string { return [...]string{"default", "file", "environment", "flag"}[s] }

// Set holds the values in force.
type Set struct {
	values map[Name]string
	from   map[Name]Source
}

// New returns the defaults.
func New() *Set { return &Set{values: map[Name]string{}, from: map[Name]Source{}} }

// Load sets values from one source. A name or value that cannot be used is an
// InvalidSetting error, and nothing of that source is taken.
func (s *Set) Load(src Source, values map[string]string) error {
	names := make([]string, 0, len(values))
	for n := range values {
		names = append(names, n)
	}
	sort.Strings(names)
	for _, n := range names {
		def, ok := Lookup(Name(n))
		if !ok {
			return status.Errorf(status.InvalidSetting, "there is no setting `%s` (from %s)", n, src).
				WithHint("`kadedb config show` lists them all")
		}
		if err := def.check(values[n]); err != nil {
			return status.Errorf(status.InvalidSetting, "`%s` from %s: %w", n, src, err).WithHint("%s", def.Doc)
		}
	}
	for _, n := range names {
		if src >= s.from[Name(n)] {
			s.values[Name(n)], s.from[Name(n)] = values[n], src
		}
	}
	return nil
}

func (d Setting) check(text string) error {
	var err error
	switch d.Kind {
	case Size:
		var n int64
		if n, err = ParseSize(text, math.MaxInt64); err == nil && n < d.Least {
			err = fmt.Errorf("%s is too little; it takes at least %dMiB", text, d.Least>>20)
		}
	case Duration:
		var t time.Duration
		if t, err = time.ParseDuration(text); err == nil && t < 0 {
			err = fmt.Errorf("%s is negative", text)
		}
	case Count:
		_, err = strconv.ParseUint(text, 10, 62)
	case Choice:
		for _, c := range d.Choices {
			if c == text {
				return nil
			}
		}
		err = fmt.Errorf("%q is none of %s", text, strings.Join(d.Choices, ", "))
	}
	return err
}

// Text returns a setting's text.
func (s *Set) Text(n Name) string {
	if v, ok := s.values[n]; ok {
		return v
	}
	d, ok := Lookup(n)
	if !ok {
		panic("setting: no setting " + string(n))
	}
	return d.Default
}

// Origin says where a setting's value came from.
func (s *Set) Origin(n Name) Source { return s.from[n] }

// Size returns a Size setting in bytes; a share is taken of whole.
func (s *Set) Size(n Name, whole int64) int64 {
	v, err := ParseSize(s.Text(n), whole)
	if err != nil {
		panic("setting: " + err.Error()) // Load has checked it
	}
	return v
}

// Duration returns a Duration setting.
func (s *Set) Duration(n Name) time.Duration {
	v, err := time.ParseDuration(s.Text(n))
	if err != nil {
		panic("setting: " + err.Error())
	}
	return v
}

// Count returns a Count setting.
func (s *Set) Count(n Name) int64 {
	v, err := strconv.ParseInt(s.Text(n), 10, 64)
	if err != nil {
		panic("setting: " + err.Error())
	}
	return v
}

var units = []struct {
	suffix string
	bytes  float64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"TiB", 1 << 40},
	{"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9}, {"TB", 1e12},
	{"K", 1 << 10}, {"M", 1 << 20}, {"G", 1 << 30}, {"T", 1 << 40}, {"B", 1},
}

// ParseSize reads "1048576", "64MiB", "1.5GiB" or "60%" (of whole), in bytes.
func ParseSize(text string, whole int64) (int64, error) {
	num, scale := strings.TrimSpace(text), 1.0
	if n, ok := strings.CutSuffix(num, "%"); ok {
		num, scale = n, float64(whole)/100
	} else {
		for _, u := range units {
			if n, ok := strings.CutSuffix(num, u.suffix); ok {
				num, scale = strings.TrimSpace(n), u.bytes
				break
			}
		}
	}
	f, err := strconv.ParseFloat(num, 64)
	if err != nil || f < 0 || math.IsNaN(f) || f*scale > math.MaxInt64 {
		return 0, fmt.Errorf("%q is not a size such as 64MiB or 60%%", text)
	}
	if f*scale >= math.MaxInt64 {
		return math.MaxInt64, nil
	}
	return int64(f * scale), nil
}
