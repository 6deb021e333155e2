package kadedb

import (
	"context"
	"runtime"
	"sync"

	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/value"
)

// Params are a statement's parameters by name: Go values (nil, bool, integers,
// floats, string, []any, map[string]any, time.Time, time.Duration) or value.Value.
type Params map[string]any

// Summary is what a statement reports beside its rows.
type Summary = query.Summary

// Rows are a statement's rows. They are for one goroutine at a time and must be closed;
// a statement that writes has happened only when Close returned nil. Rows that nobody
// refers to any more are let go of in time: a statement by itself is then undone.
type Rows struct{ r *query.Result }

func newRows(r *query.Result) *Rows {
	rows := &Rows{r}
	if r.Held() {
		runtime.AddCleanup(rows, (*query.Result).Abandon, r)
	}
	return rows
}

// Columns returns the names of the columns.
func (r *Rows) Columns() []string { return r.r.Columns() }

// Next moves to the next row and reports whether there is one. After false, Err says why.
func (r *Rows) Next() bool { return r.r.Next() }

// Values returns the present row: nodes, relationships and paths are filled in. It is
// valid until the next call of Next.
func (r *Rows) Values() []value.Value { return r.r.Values() }

// Err returns the error that ended the rows.
func (r *Rows) Err() error { return r.r.Err() }

// Close ends the statement, commits it if it stands alone, and returns its first error.
func (r *Rows) Close() error { return r.r.Close() }

// Summary returns the statement's report, complete after Close.
func (r *Rows) Summary() Summary { return r.r.Summary() }

// Query runs a statement in a transaction of its own.
func (db *DB) Query(ctx context.Context, text string, params Params) (*Rows, error) {
	return runQuery(ctx, db.engine, nil, query.Request{Text: text}, params)
}

// Exec runs a statement to its end and drops its rows.
func (db *DB) Exec(ctx context.Context, text string, params Params) (Summary, error) {
	return drain(db.Query(ctx, text, params))
}

func runQuery(ctx context.Context, e *query.Engine, p *query.Prepared, req query.Request, params Params) (*Rows, error) {
	if len(params) == 0 {
		return rowsOf(e.RunPrepared(ctx, p, req))
	}
	vals := paramMaps.Get().(map[string]value.Value)
	err := params.into(vals)
	if err != nil {
		giveParams(vals)
		return nil, err
	}
	req.Params = vals
	res, err := e.RunPrepared(ctx, p, req)
	if err == nil && !res.Held() {
		giveParams(vals)
	}
	return rowsOf(res, err)
}

func rowsOf(res *query.Result, err error) (*Rows, error) {
	if err != nil {
		return nil, err
	}
	return newRows(res), nil
}

// paramMaps are maps of parameters to be used again by statements that are over
// when they are begun.
var paramMaps = sync.Pool{New: func() any { return map[string]value.Value{} }}

func giveParams(m map[string]value.Value) {
	if len(m) <= 8 {
		clear(m)
		paramMaps.Put(m)
	}
}

func drain(rows *Rows, err error) (Summary, error) {
	if err != nil {
		return Summary{}, err
	}
	for rows.Next() {
	}
	err = rows.Close()
	summary := rows.Summary()
	runtime.KeepAlive(rows)
	return summary, err
}

// Statement is a prepared statement, safe for any number of goroutines.
type Statement struct {
	db *DB
	p  *query.Prepared
}

// Prepare compiles a statement once for many runs.
func (db *DB) Prepare(text string) (*Statement, error) {
	p, err := db.engine.Prepare(text)
	if err != nil {
		return nil, err
	}
	return &Statement{db, p}, nil
}

// Query runs the statement in a transaction of its own.
func (s *Statement) Query(ctx context.Context, params Params) (*Rows, error) {
	return runQuery(ctx, s.db.engine, s.p, query.Request{}, params)
}

// Exec runs the statement to its end and drops its rows.
func (s *Statement) Exec(ctx context.Context, params Params) (Summary, error) {
	return drain(s.Query(ctx, params))
}

// Tx is a transaction of several statements: all or nothing, on one snapshot. It is
// safe for several goroutines, whose statements run one after the other.
type Tx struct{ t *query.Tx }

// TxOptions configure Begin.
type TxOptions = query.TxOptions

// Begin opens a transaction. End it with Commit or Rollback.
func (db *DB) Begin(ctx context.Context, o TxOptions) (*Tx, error) {
	t, err := db.engine.Begin(ctx, o)
	if err != nil {
		return nil, err
	}
	return &Tx{t}, nil
}

// Query runs a statement in the transaction. Close its rows before the next.
func (t *Tx) Query(ctx context.Context, text string, params Params) (*Rows, error) {
	return runQuery(ctx, t.t.Engine(), nil, query.Request{Text: text, Tx: t.t}, params)
}

// Exec runs a statement in the transaction to its end and drops its rows.
func (t *Tx) Exec(ctx context.Context, text string, params Params) (Summary, error) {
	return drain(t.Query(ctx, text, params))
}

// Commit makes the changes durable and visible, or none of them. A WriteConflict
// error asks for another try.
func (t *Tx) Commit(ctx context.Context) error { return t.t.Commit(ctx) }

// Rollback drops the changes; after Commit it does nothing.
func (t *Tx) Rollback() error { return t.t.Rollback() }

// View runs f in a transaction that only reads.
func (db *DB) View(ctx context.Context, f func(*Tx) error) error {
	return db.in(ctx, TxOptions{ReadOnly: true}, f)
}

// Update runs f in a transaction and commits it, unless f returns an error.
func (db *DB) Update(ctx context.Context, f func(*Tx) error) error {
	return db.in(ctx, TxOptions{}, f)
}

func (db *DB) in(ctx context.Context, o TxOptions, f func(*Tx) error) (err error) {
	t, err := db.Begin(ctx, o)
	if err != nil {
		return err
	}
	defer func() {
		if rerr := t.Rollback(); err == nil {
			err = rerr
		}
	}()
	if err := f(t); err != nil {
		return err
	}
	return t.Commit(ctx)
}
