//go:build !race

package block_test

import (
	"bytes"
	"fmt"
	"os"
	"runtime/debug"
	"testing"

	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/storage/block"
)

func residentAnonymous(t *testing.T) int64 {
	t.Helper()
	b, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	var kb int64
	if _, after, ok := bytes.Cut(b, []byte("RssAnon:")); !ok {
		t.Fatal("no RssAnon in /proc/self/status")
	} else if _, err := fmt.Sscan(string(after), &kb); err != nil {
		t.Fatal(err)
	}
	return kb << 10
}

// What the cache counts is what the process holds: blocks of many sizes, twelve
// times the budget, through it.
func TestCacheResidentMemory(t *testing.T) {
	const limit, slack = 32 << 20, 64 << 20
	encoded := make([][]byte, 6)
	for i := range encoded {
		vals := make([]int64, 5000<<(i%5)+100*i)
		for k := range vals {
			vals[k] = int64(k * k * 7919 % 1_000_003)
		}
		encoded[i] = block.EncodeInts(nil, vals, nil)
	}
	c := block.NewCache(memory.NewBudget("store", limit), func(dst []byte, k block.Key) ([]byte, error) {
		return append(dst, encoded[k.ID%uint64(len(encoded))]...), nil
	})
	debug.FreeOSMemory()
	before, peak, decoded := residentAnonymous(t), int64(0), int64(0)
	for id := uint64(0); decoded < 12*limit; id++ {
		h, err := c.Get(block.Key{ID: id})
		if err != nil {
			t.Fatal(err)
		}
		decoded += h.Block.Size()
		h.Release()
		if id%50 == 0 {
			peak = max(peak, residentAnonymous(t))
		}
	}
	t.Logf("%d MiB decoded, %d MiB resident at most, for a budget of %d MiB", decoded>>20, (peak-before)>>20, limit>>20)
	if peak-before > limit+slack {
		t.Fatalf("%d MiB more than before, for a budget of %d MiB", (peak-before)>>20, limit>>20)
	}
	if peak-before < limit/2 {
		t.Fatalf("only %d MiB: the blocks are somewhere else", (peak-before)>>20)
	}
	c.Close()
	if after := residentAnonymous(t); after > before+slack/2 {
		t.Fatalf("%d MiB are left after Close", (after-before)>>20)
	}
}
