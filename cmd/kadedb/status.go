package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

func (a *app) statusCommand() *cobra.Command {
	var t target
	cmd := &cobra.Command{
		Use:   "status [DIR]",
		Short: "Tell how a server or a store is",
		Long: `Tells how a server is (--server URL, KADEDB_SERVER, else http://127.0.0.1:7480), or a store that no server holds:
version, size, memory, what is open, the last checkpoint. The exit code is 0 where the server is ready, or the store can
be opened or another process holds it, and 9 where it is not; without a token only that is told of a server that wants one.`,
		Example: "  kadedb status\n  kadedb status --server http://db:7480 --token TOKEN --json\n  kadedb status flights",
		Args:    exactly(0, 1),
	}
	asJSON := cmd.Flags().Bool("json", false, "print one line of JSON")
	wait := cmd.Flags().Duration("timeout", 5*time.Second, "how long a server may take to answer")
	t.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		dir := ""
		if len(args) == 1 {
			dir = args[0]
		}
		if err := t.resolve(a, dir); err != nil {
			return err
		}
		var s *wire.ServerStatus
		var where string
		var err error
		if t.server != "" {
			where = t.server
			ctx, cancel := context.WithTimeout(cmd.Context(), *wait)
			defer cancel()
			s, err = a.serverStatus(ctx, &t)
		} else {
			where = t.data
			s, err = a.storeStatus(cmd, &t)
		}
		if err != nil {
			return err
		}
		if err := a.printStatus(where, s, *asJSON); err != nil {
			return err
		}
		if s.Status != "ready" && s.Status != "closed" && !strings.HasPrefix(s.Status, heldBy) {
			return status.Errorf(status.NotReady, "%s is %s", where, s.Status)
		}
		return nil
	}
	return cmd
}

// heldBy begins the status of a store that another process has open.
const heldBy = "held by "

// serverStatus asks a server. One that wants a token and gets none tells only whether
// it is ready, which is all in the answer then.
func (a *app) serverStatus(ctx context.Context, t *target) (*wire.ServerStatus, error) {
	c, err := a.connect(t.server, t.token)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	state, err := c.Ready(ctx)
	if err != nil {
		return nil, unanswered(ctx, t.server, err)
	}
	s, err := c.Status(ctx)
	switch code := status.CodeOf(err); {
	case err == nil:
		return &s, nil
	case code == status.InvalidToken && t.token == "", code == status.NotReady, code == status.Draining:
		return &wire.ServerStatus{Status: state}, nil
	}
	return nil, unanswered(ctx, t.server, err)
}

// unanswered tells time that ran out from an interrupt.
func unanswered(ctx context.Context, server string, err error) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return status.Errorf(status.Unreachable, "%s did not answer in time", server)
	}
	return err
}

// storeStatus opens a store for reading. What another process has open it tells from
// outside.
func (a *app) storeStatus(cmd *cobra.Command, t *target) (*wire.ServerStatus, error) {
	set, err := a.settings(cmd)
	if err != nil {
		return nil, err
	}
	if err := storeExists(t.data); err != nil {
		return nil, err
	}
	size, err := kadedb.SizeOf(t.data)
	if err != nil {
		return nil, err
	}
	s := &wire.ServerStatus{}
	db, err := kadedb.OpenReadOnly(t.data, storeOptions(set, a.logger(set)))
	switch {
	case status.CodeOf(err) == status.StoreLocked:
		s.Status = heldBy + holder(t.data)
	case err != nil:
		return nil, err
	default:
		memory.Govern(cmd.Context(), db.Budget())
		s = front.StatusOfStore(db)
		s.Status = "closed"
		if err := db.Close(); err != nil {
			return nil, err
		}
	}
	s.Version = kadedb.Version
	s.Store.FileBytes, s.Store.LogBytes = size.Blocks, size.Log
	if info, err := os.Stat(filepath.Join(t.data, "blocks.db")); err == nil {
		s.Checkpoint.AgeSeconds = time.Since(info.ModTime()).Seconds()
	}
	return s, nil
}

// holder returns what the process that holds a store calls itself.
func holder(dir string) string {
	f, err := os.Open(filepath.Join(dir, "LOCK"))
	if err != nil {
		return "another process"
	}
	defer f.Close()
	who, err := io.ReadAll(io.LimitReader(f, 1<<10))
	name, _, _ := strings.Cut(string(who), "\n")
	if text := strings.TrimSpace(name); err == nil && text != "" {
		return text
	}
	return "another process"
}

var serverAddress = regexp.MustCompile(`https?://[^ )]+`)

// asked returns how to ask whoever holds a store, "" for nobody who answers.
func asked(who string) string {
	if at := serverAddress.FindString(who); at != "" {
		return "--server " + at
	}
	return ""
}

func (a *app) printStatus(where string, s *wire.ServerStatus, asJSON bool) error {
	if asJSON {
		line, err := statusJSON(s)
		if err == nil {
			_, err = a.out.Write(append(line, '\n'))
		}
		return err
	}
	t := newFacts()
	t.add("status", where+" is "+printable(s.Status))
	if how := asked(s.Status); how != "" && strings.HasPrefix(s.Status, heldBy) {
		t.add("", "`kadedb status "+how+"` tells more")
	}
	if s.Version != "" {
		t.add("version", s.Version)
		statusFacts(t, s)
	} else {
		t.add("", "more with --token or KADEDB_TOKEN")
	}
	_, err := io.WriteString(a.out, t.text())
	return err
}

// partStatus is what is known of a store that another process holds, and of a server that
// wants a token: the fields of wire.ServerStatus but for those that nobody told.
type partStatus struct {
	Status     string          `json:"status"`
	HeldBy     string          `json:"held_by,omitempty"`
	Version    string          `json:"version,omitempty"`
	Store      *partStore      `json:"store,omitempty"`
	Checkpoint *partCheckpoint `json:"checkpoint,omitempty"`
}

type partStore struct {
	FileBytes int64 `json:"file_bytes"`
	LogBytes  int64 `json:"log_bytes"`
}

type partCheckpoint struct {
	AgeSeconds float64 `json:"age_seconds"`
}

func statusJSON(s *wire.ServerStatus) ([]byte, error) {
	who, held := strings.CutPrefix(s.Status, heldBy)
	if !held && s.Version != "" {
		return s.Append(nil)
	}
	part := partStatus{Status: s.Status, Version: s.Version}
	if held {
		part.Status, part.HeldBy = "held", who
		part.Store = &partStore{s.Store.FileBytes, s.Store.LogBytes}
		part.Checkpoint = &partCheckpoint{s.Checkpoint.AgeSeconds}
	}
	line, err := json.Marshal(part)
	if err != nil {
		return nil, status.Errorf(status.Internal, "the status cannot be written: %w", err)
	}
	return line, nil
}

func statusFacts(t *facts, s *wire.ServerStatus) {
	opened := s.Status != "closed" && s.Memory.LimitBytes > 0
	counted := s.Memory.LimitBytes > 0
	if opened {
		t.add("up for", secondsText(s.UptimeSeconds))
	}
	if counted {
		t.add("graph", plural(s.Store.Nodes, "node")+", "+plural(s.Store.Relationships, "relationship"))
	}
	file := bytesText(s.Store.FileBytes) + " of blocks"
	if opened {
		file += " (" + bytesText(s.Store.FreeBytes) + " free)"
	}
	log := bytesText(s.Store.LogBytes) + " of log"
	if counted {
		log += " (" + bytesText(s.Store.LogSinceCheckpoint) + " since the last checkpoint)"
	}
	t.add("disk", file)
	t.add("", log)
	if counted && !s.Store.Writable {
		t.add("", "it takes no more writes: its log could not be synced")
	}
	if !opened {
		t.add("checkpoint", "the file was written "+secondsText(s.Checkpoint.AgeSeconds)+" ago")
		return
	}
	check := "none since the start"
	if s.Checkpoint.Count > 0 {
		check = fmt.Sprintf("%s ago: %s of blocks in %s; %d since the start", secondsText(s.Checkpoint.AgeSeconds),
			bytesText(s.Checkpoint.LastBytes), secondsText(s.Checkpoint.LastSeconds), s.Checkpoint.Count)
	}
	if s.Checkpoint.Running {
		check += "; one is running"
	}
	t.add("checkpoint", check)
	t.add("memory", fmt.Sprintf("%s of %s, at most %s so far", bytesText(s.Memory.UsedBytes), bytesText(s.Memory.LimitBytes), bytesText(s.Memory.PeakBytes)))
	names := make([]string, 0, len(s.Memory.Accounts))
	for n, b := range s.Memory.Accounts {
		if b > 0 {
			names = append(names, n)
		}
	}
	sort.Slice(names, func(i, j int) bool {
		x, y := s.Memory.Accounts[names[i]], s.Memory.Accounts[names[j]]
		return x > y || x == y && names[i] < names[j]
	})
	for _, n := range names {
		t.add("", bytesText(s.Memory.Accounts[n])+" "+printable(n))
	}
	open := plural(int64(s.Open.Transactions), "transaction") + ", " + plural(int64(s.Open.Statements), "statement") + " outside of them"
	if s.Open.OldestSeconds > 0 {
		open += "; the oldest since " + secondsText(s.Open.OldestSeconds)
	}
	t.add("open", open)
	t.add("", plural(int64(s.Open.Requests), "request")+", "+plural(int64(s.Open.Connections), "WebSocket connection"))
	if s.Tokens != nil {
		t.add("tokens", fmt.Sprintf("%d admin, %d writer, %d reader", s.Tokens["admin"], s.Tokens["writer"], s.Tokens["reader"]))
	}
}

// facts are lines of aligned cells; the last of a line is not padded.
type facts struct{ lines [][]string }

func newFacts() *facts { return &facts{} }

func (f *facts) add(cells ...string) { f.lines = append(f.lines, cells) }

func (f *facts) text() string {
	var widths []int
	for _, line := range f.lines {
		for i, c := range line {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			widths[i] = max(widths[i], utf8.RuneCountInString(c))
		}
	}
	var b strings.Builder
	for _, line := range f.lines {
		for i, c := range line {
			b.WriteString(c)
			if i < len(line)-1 {
				b.WriteString(strings.Repeat(" ", widths[i]-utf8.RuneCountInString(c)+2))
			}
		}
		b.WriteByte('\n')
	}
	return b.String()
}

func plural(n int64, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return grouped(n) + " " + noun + "s"
}

// grouped writes n with commas between thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// bytesText writes a size in the unit that suits it.
func bytesText(n int64) string {
	sign := ""
	if n < 0 {
		sign, n = "-", -n
	}
	if n < 1<<10 {
		return fmt.Sprintf("%s%d B", sign, n)
	}
	f, unit := float64(n)/(1<<10), 0
	for ; f >= 1000 && unit < 3; unit++ {
		f /= 1 << 10
	}
	digits := 1
	if f >= 100 {
		digits = 0
	}
	return fmt.Sprintf("%s%.*f %s", sign, digits, f, [...]string{"KiB", "MiB", "GiB", "TiB"}[unit])
}

// secondsText writes a time in the unit that suits it.
func secondsText(s float64) string {
	d := time.Duration(s * float64(time.Second))
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= time.Minute:
		return d.Round(time.Second).String()
	case d >= time.Second:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Millisecond).String()
}
