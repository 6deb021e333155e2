package main

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
)

const (
	// watchFirst is when a statement is first asked how far it is, and watchThen how often
	// from then on.
	watchFirst = 700 * time.Millisecond
	watchThen  = 400 * time.Millisecond
)

// watch shows on a terminal how far a statement of CALL … IN TRANSACTIONS is, until stop
// is called. Its rows come when all transactions are over.
func (a *app) watch(ctx context.Context, s session, text string) (stop func()) {
	bar := a.progress(false)
	if !bar.live || bar.quiet || !inTransactions(text) {
		return func() {}
	}
	ctx, cancel := context.WithCancel(ctx)
	var done sync.WaitGroup
	start := time.Now()
	done.Go(func() {
		for wait := watchFirst; ; wait = watchThen {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if how := progressOf(ctx, s, text); how != "" {
				bar.show(transfer.Progress{Stage: how, Elapsed: time.Since(start)})
			}
		}
	})
	return sync.OnceFunc(func() {
		cancel()
		done.Wait()
		bar.clear()
	})
}

// inTransactions reports whether a statement has transactions of its own.
func inTransactions(text string) bool {
	before := ""
	for _, t := range syntax.Scan(text) {
		word := strings.ToUpper(text[t.Start:t.End])
		if word == "TRANSACTIONS" && before != "SHOW" {
			return true
		}
		if t.Kind == syntax.Word {
			before = word
		}
	}
	return false
}

// progressOf asks how far the statement is; "" where that is not known.
func progressOf(ctx context.Context, s session, text string) (how string) {
	ans, err := s.Lookup(ctx, "SHOW TRANSACTIONS YIELD currentQuery, statusDetails WHERE statusDetails IS NOT NULL")
	if err != nil {
		return "" // the statement goes on without being watched
	}
	text = strings.TrimSpace(text)
	for ans.Next() {
		v := ans.Values()
		if len(v) == 2 && v[0].Kind() == value.KindString && v[1].Kind() == value.KindString && v[0].AsString() != "" &&
			strings.HasPrefix(text, strings.TrimSpace(v[0].AsString())) {
			how = strings.Clone(v[1].AsString())
		}
	}
	if ans.Close() != nil {
		return ""
	}
	return printable(how)
}

// watched is an answer that is shown the progress of until it has come.
type watched struct {
	answer
	stop func()
}

// Next is part of answer.
func (w watched) Next() bool {
	more := w.answer.Next()
	w.stop()
	return more
}

// Close is part of answer.
func (w watched) Close() error {
	w.stop()
	return w.answer.Close()
}

// runWatched runs a statement, and shows how far it is.
func (a *app) runWatched(ctx context.Context, s session, text string, params map[string]value.Value) (answer, error) {
	stop := a.watch(ctx, s, text)
	ans, err := s.Run(ctx, text, params)
	if err != nil {
		stop()
		return nil, err
	}
	return watched{ans, stop}, nil
}
