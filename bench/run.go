package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/bench/peer"
)

// outcome is what a case took and gave.
type outcome struct {
	Query   string  `json:"query"`
	Variant string  `json:"variant,omitempty"`
	Ours    float64 `json:"ours_ms"`
	Best    float64 `json:"best_ms"`
	Peer    float64 `json:"peer_ms,omitempty"`
	Ratio   float64 `json:"ratio,omitempty"`
	Target  float64 `json:"target,omitempty"`
	Aim     float64 `json:"aim_ms,omitempty"`
	Walks   bool    `json:"walks,omitempty"`
	Note    string  `json:"note,omitempty"`
	Wrong   string  `json:"wrong,omitempty"`
}

// plainText puts parameters into the text.
func plainText(text string, params map[string]any) string {
	for name, v := range params {
		text = strings.ReplaceAll(text, "$"+name, fmt.Sprint(v))
	}
	return text
}

const warmUps = 2

// patience is after how long three runs are enough.
const patience = 10 * time.Second

// run times a case, ours and the peer's in turn. Before each run a parameter or
// the graph changes, and after it the answer is compared with the enumeration's.
func (c *contest) run(ctx context.Context, k *testCase, runs int) outcome {
	o := outcome{Query: k.name, Variant: k.variant, Aim: k.aim, Target: k.target, Walks: k.walks()}
	if o.Target == 0 {
		o.Target = 1
	}
	switch {
	case k.few:
		runs = min(runs, 3)
	case k.params != nil:
		runs *= 3
	}
	var ours, theirs []time.Duration
	asked := c.peer != nil
	start := time.Now()
	for i := range warmUps + runs {
		if len(ours) >= 3 && time.Since(start) > patience {
			break
		}
		var params map[string]any
		if k.params != nil {
			params = k.params(c.g, i)
		}
		if k.params == nil || i%5 == 4 {
			if err := c.write(ctx, k.writes[i%len(k.writes)]); err != nil {
				o.Wrong = err.Error()
				return o
			}
		}
		text, textParams := k.text, params
		if k.inText {
			text, textParams = plainText(text, params), nil
		}
		a, err := c.ask(ctx, text, textParams)
		if err != nil {
			o.Wrong = err.Error()
			return o
		}
		want := k.rows(c.g, params, false)
		if d := difference(a.rows, want); d != "" {
			o.Wrong = fmt.Sprintf("run %d: %s", i, d)
			return o
		}
		var b answer
		if asked {
			if b, err = c.askPeer(k, text, textParams); err != nil {
				o.Note, asked = err.Error(), false // it gave up once: that is its answer
			}
		}
		if i < warmUps {
			if asked && i == 0 {
				if walked := k.rows(c.g, params, true); !samePeer(b.rows, walked) {
					o.Note = fmt.Sprintf("the peer answers %s where walks give %s", short(b.rows), short(walked))
				}
			}
			continue
		}
		ours = append(ours, a.elapsed)
		if asked {
			theirs = append(theirs, b.elapsed)
		}
	}
	t := newOutcome(k.name, ours, theirs, o.Target, o.Aim)
	o.Ours, o.Best, o.Peer, o.Ratio = t.Ours, t.Best, t.Peer, t.Ratio
	return o
}

// newOutcome is a row of medians.
func newOutcome(name string, ours, theirs []time.Duration, target, aim float64) outcome {
	o := outcome{Query: name, Ours: ms(median(ours)), Best: ms(slices.Min(ours)), Target: target, Aim: aim}
	if len(theirs) > 0 {
		o.Peer = ms(median(theirs))
		o.Ratio = o.Ours / o.Peer
	}
	return o
}

func (c *contest) askPeer(k *testCase, text string, params map[string]any) (answer, error) {
	var r peer.Result
	var err error
	if k.inText {
		r, err = c.peer.Exec(c.g.Name, text)
	} else {
		r, err = c.peer.Query(c.g.Name, text, params)
	}
	return answer{r.Columns, r.Rows, r.Elapsed}, err
}

// short is the beginning of rows.
func short(rows [][]any) string {
	s := fmt.Sprint(rows)
	if len(s) > 60 {
		s = s[:60] + "…"
	}
	return s
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func median(d []time.Duration) time.Duration { return quantile(d, 0.5) }

func quantile(d []time.Duration, q float64) time.Duration {
	d = slices.Clone(d)
	slices.Sort(d)
	return d[min(int(q*float64(len(d))), len(d)-1)]
}
