// Command torture kills the real server with SIGKILL while clients write to it over
// REST, again and again, and compares what is there afterwards with what was
// acknowledged:
//
//	go run ./bench/torture --kills 100
//
// Each client writes to groups of its own: it creates one with its items, changes one,
// or removes one, as one statement or as an explicit transaction. After each kill `kadedb check`
// must find nothing, every acknowledged write must be there, the one under way must
// be there whole or not at all, and nothing else may be. The server makes checkpoints
// all the time. A first difference ends the run and keeps the store.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"sync"
	"time"

	"github.com/kadedb/kadedb/bench/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		stop()
		os.Exit(1)
	}
}

// torture is one run.
type torture struct {
	dir, binary string
	data        string
	checkpoint  string
	longest     time.Duration
	clients     []*writer
	r           *rand.Rand

	acknowledged, unknown, happened int
	checkpoints, syncs              float64
}

func run(ctx context.Context, args []string, out io.Writer) error {
	f := flag.NewFlagSet("torture", flag.ContinueOnError)
	kills := f.Int("kills", 100, "times to kill the server")
	writers := f.Int("writers", 12, "clients that write at once")
	seed := f.Uint64("seed", uint64(time.Now().UnixNano()), "seed of writes and moments")
	checkpoint := f.String("checkpoint-size", "16KiB", "log after which the server makes a checkpoint")
	longest := f.Duration("longest", 600*time.Millisecond, "longest time between start and kill")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *kills < 1 || *writers < 1 || f.NArg() > 0 {
		return errors.New("--kills and --writers must be at least 1, and nothing else is taken")
	}
	dir, err := os.MkdirTemp("", "kadedb-torture-")
	if err != nil {
		return err
	}
	t := &torture{dir: dir, data: filepath.Join(dir, "store"), checkpoint: *checkpoint, longest: *longest, r: rand.New(rand.NewPCG(*seed, 1))}
	if t.binary, err = server.Build(ctx, dir); err != nil {
		return err
	}
	for i := range *writers {
		t.clients = append(t.clients, newWriter(int64(i), *seed))
	}
	fmt.Fprintf(out, "seed %d, %d clients, store in %s\n", *seed, *writers, t.data)
	if err := t.prepare(ctx); err != nil {
		return err
	}
	for i := range *kills {
		if err := t.round(ctx); err != nil {
			return fmt.Errorf("kill %d: %w (the store is left in %s)", i+1, err, t.data)
		}
		if (i+1)%10 == 0 || i+1 == *kills {
			fmt.Fprintf(out, "%4d kills: %d writes acknowledged, %d under way (%d of them happened), %.0f checkpoints, %.1f commits a sync\n",
				i+1, t.acknowledged, t.unknown, t.happened, t.checkpoints, float64(t.acknowledged)/t.syncs)
		}
	}
	fmt.Fprintln(out, "nothing lost, nothing half, nothing else")
	return os.RemoveAll(dir)
}

func (t *torture) start(ctx context.Context) (*server.Server, error) {
	return server.Start(ctx, t.binary, t.data, "--checkpoint-size", t.checkpoint)
}

// prepare makes the store, its constraints and each client's counter.
func (t *torture) prepare(ctx context.Context) error {
	s, err := t.start(ctx)
	if err != nil {
		return err
	}
	for _, text := range schema {
		if err := exec1(ctx, s.Client, text, nil); err != nil {
			return errors.Join(err, s.Kill())
		}
	}
	for _, w := range t.clients {
		if err := exec1(ctx, s.Client, "CREATE (:Counter {client: $client, n: 0})", w.params(nil)); err != nil {
			return errors.Join(err, s.Kill())
		}
	}
	return s.Stop()
}

// round lets the clients write until the server is killed, and looks at what is left.
func (t *torture) round(ctx context.Context) error {
	s, err := t.start(ctx)
	if err != nil {
		return err
	}
	var wait sync.WaitGroup
	for _, w := range t.clients {
		wait.Go(func() { w.work(ctx, s.Client) })
	}
	time.Sleep(time.Duration(t.r.Int64N(int64(t.longest))))
	made, cerr := s.Metric("kadedb_checkpoints_total")
	synced, serr := s.Metric("kadedb_log_syncs_total")
	// A commit or two more, so that the moment is not that of the last metric.
	time.Sleep(time.Duration(t.r.Int64N(int64(5 * time.Millisecond))))
	err = s.Kill()
	wait.Wait()
	for _, w := range t.clients {
		err = errors.Join(err, w.failed)
	}
	if err = errors.Join(err, cerr, serr, ctx.Err()); err != nil {
		return err
	}
	t.checkpoints += made
	t.syncs += synced
	if out, err := exec.CommandContext(ctx, t.binary, "check", t.data).CombinedOutput(); err != nil {
		return fmt.Errorf("check: %w\n%s", err, out)
	}
	return t.compare(ctx)
}

// compare reads everything over a new server and holds it against each client's model.
func (t *torture) compare(ctx context.Context) (err error) {
	s, err := t.start(ctx)
	if err != nil {
		return err
	}
	defer func() {
		// Half of the stores are closed cleanly before the next load, half killed again.
		end := s.Stop
		if t.r.IntN(2) == 0 {
			end = s.Kill
		}
		err = errors.Join(err, end())
	}()
	found, err := readAll(ctx, s.Client)
	if err != nil {
		return err
	}
	for _, w := range t.clients {
		happened, err := w.settle(found[w.client])
		if err != nil {
			return err
		}
		t.acknowledged += w.acknowledged
		w.acknowledged = 0
		if w.pending != nil {
			t.unknown++
			if happened {
				t.happened++
			}
			w.pending = nil
		}
		delete(found, w.client)
	}
	if len(found) > 0 {
		return fmt.Errorf("groups of %d clients that do not exist", len(found))
	}
	return nil
}
