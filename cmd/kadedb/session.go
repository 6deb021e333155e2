package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// session runs statements one after the other, against a server or a folder. BEGIN
// opens a transaction in which the next ones run.
type session interface {
	Run(ctx context.Context, text string, params map[string]value.Value) (answer, error)
	// Lookup runs a statement outside the transaction. It may be called from several
	// goroutines, also beside Run.
	Lookup(ctx context.Context, text string) (answer, error)
	InTransaction() bool
	Close() error
}

// answer gives a statement's rows.
type answer interface {
	Columns() []string
	Next() bool
	Values() []value.Value
	Close() error
	Report() wire.Report
}

// target are the flags that say whom to ask.
type target struct {
	server, data, token string
}

func (t *target) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&t.server, "server", "", "address of a server (KADEDB_SERVER; http://127.0.0.1:7480)")
	cmd.Flags().StringVar(&t.data, "data", "", "folder of a store that no server holds, instead of a server (KADEDB_DATA)")
	cmd.Flags().StringVar(&t.token, "token", "", "token for the server (KADEDB_TOKEN)")
	settingFlags(cmd, storeSettings...)
}

const defaultServer = "http://127.0.0.1:7480"

// resolve fills in what the flags left open from the environment. dir is a folder
// given as an argument, or "".
func (t *target) resolve(a *app, dir string) error {
	if dir != "" && t.data != "" || t.server != "" && (dir != "" || t.data != "") {
		return status.Errorf(status.InvalidUsage, "a folder and a server, or two folders, were given").WithHint("give either --server URL or a folder")
	}
	if dir != "" {
		t.data = dir
	}
	if t.token == "" {
		t.token = a.env("KADEDB_TOKEN")
	}
	if t.data == "" && t.server == "" {
		t.server, t.data = a.env("KADEDB_SERVER"), a.env("KADEDB_DATA")
		if t.server != "" {
			t.data = ""
		}
	}
	if t.data == "" && t.server == "" {
		t.server = defaultServer
	}
	return nil
}

// open starts a session.
func (t *target) open(a *app, cmd *cobra.Command) (session, error) {
	if t.server != "" {
		c, err := a.connect(t.server, t.token)
		if err != nil {
			return nil, err
		}
		return &remote{c: c}, nil
	}
	db, err := t.openStore(a, cmd)
	if err != nil {
		return nil, err
	}
	return &local{db: db}, nil
}

// openStore opens an existing store; for reading alone, where this user may not write it.
func (t *target) openStore(a *app, cmd *cobra.Command) (*kadedb.DB, error) {
	set, err := a.settings(cmd)
	if err != nil {
		return nil, err
	}
	if err := storeExists(t.data); err != nil {
		return nil, err
	}
	o := storeOptions(set, a.logger(set))
	o.Holder = "the command `" + cmd.CommandPath() + "`"
	db, err := kadedb.Open(t.data, o)
	if err == nil {
		memory.Govern(cmd.Context(), db.Budget())
	}
	if e := status.From(err); e != nil && e.Code == status.StoreLocked {
		return nil, heldHint(e)
	}
	if err == nil || status.CodeOf(err) != status.DiskError || !vfs.ReadOnly(err) {
		return db, err
	}
	db, rerr := kadedb.OpenReadOnly(t.data, o)
	if rerr != nil {
		if status.CodeOf(rerr) == status.DiskError {
			return nil, err
		}
		return nil, rerr
	}
	memory.Govern(cmd.Context(), db.Budget())
	a.say("note: %s is opened for reading alone, because this user may not write it", t.data)
	return db, nil
}

// heldHint says what to do about a store that another process holds.
func heldHint(e *status.Error) *status.Error {
	if how := asked(e.Msg); how != "" {
		return e.WithHint("ask it instead, with %s; or stop it", how)
	}
	return e.WithHint("stop it first")
}

// storeExists keeps a mistyped folder from becoming a new store.
func storeExists(dir string) error {
	_, err := os.Stat(filepath.Join(dir, "blocks.db"))
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrPermission):
		return status.Errorf(status.DiskError, "%s cannot be read: %w", dir, err).WithHint("give this user the right to read the folder and its files")
	case !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR):
		return status.Errorf(status.DiskError, "%s cannot be read: %w", dir, err)
	}
	if logs, gerr := filepath.Glob(filepath.Join(dir, "wal", "*.log")); gerr == nil && len(logs) > 0 {
		return status.Errorf(status.Corruption, "%s holds the log of a store, but its blocks.db is missing", dir).
			WithHint("put the file back, restore a backup, or name another folder")
	}
	return status.Errorf(status.NotAStore, "%s holds no store", dir).
		WithHint("`kadedb serve --data %s` or `kadedb import` makes one", dir)
}

func isFolder(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// endsTransaction reports whether a statement leaves no transaction behind, also
// where it fails.
func endsTransaction(text string, err error) bool {
	switch syntax.FirstWord(text) {
	case "COMMIT", "ROLLBACK":
		return true
	}
	switch status.CodeOf(err) {
	case status.NoSuchTransaction, status.TransactionClosed, status.TransactionTimeout, status.TransactionTerminated:
		return true
	}
	return false
}

// local asks a store that this process holds.
type local struct {
	db *kadedb.DB
	tx *query.Tx
}

func (l *local) InTransaction() bool { return l.tx != nil }

func (l *local) Run(ctx context.Context, text string, params map[string]value.Value) (answer, error) {
	res, err := l.db.EngineOf().Run(ctx, query.Request{Text: text, Params: params, Streamed: true, Tx: l.tx})
	if l.tx != nil && endsTransaction(text, err) {
		l.tx = nil
	}
	if err != nil {
		return nil, err
	}
	if t := res.Summary().Tx; t != nil {
		l.tx = t
	}
	return localAnswer{res}, nil
}

func (l *local) Lookup(ctx context.Context, text string) (answer, error) {
	res, err := l.db.EngineOf().Run(ctx, query.Request{Text: text, Streamed: true})
	if err != nil {
		return nil, err
	}
	return localAnswer{res}, nil
}

// Close rolls back what is open.
func (l *local) Close() error { return l.db.Close() }

type localAnswer struct{ *query.Result }

func (r localAnswer) Report() wire.Report {
	s := r.Summary()
	return wire.Report{Counters: effects(&s), Status: s.Status(), Notices: s.Notices, Plan: s.Plan, Elapsed: s.Elapsed}
}

// remote asks a server.
type remote struct {
	c  *client.Client
	tx string
}

func (r *remote) InTransaction() bool { return r.tx != "" }

func (r *remote) Run(ctx context.Context, text string, params map[string]value.Value) (answer, error) {
	rows, err := r.c.Query(ctx, client.Request{Query: text, Params: params, Tx: r.tx})
	if r.tx != "" && endsTransaction(text, err) {
		r.tx = ""
	}
	if err != nil {
		return nil, err
	}
	return &remoteAnswer{rows, r}, nil
}

func (r *remote) Lookup(ctx context.Context, text string) (answer, error) {
	rows, err := r.c.Query(ctx, client.Request{Query: text})
	if err != nil {
		return nil, err
	}
	return plainAnswer{rows}, nil
}

// plainAnswer are the rows of a statement that leaves the session as it is.
type plainAnswer struct{ *client.Rows }

func (r *remote) Close() error {
	defer r.c.Close()
	if r.tx == "" {
		return nil
	}
	return r.c.Rollback(context.Background(), r.tx)
}

type remoteAnswer struct {
	*client.Rows
	r *remote
}

func (a *remoteAnswer) Next() bool {
	if a.Rows.Next() {
		return true
	}
	if tx := a.Report().Tx; tx != "" {
		a.r.tx = tx
	}
	return false
}
