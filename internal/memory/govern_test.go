package memory_test

import (
	"context"
	"runtime/debug"
	"testing"
	"time"

	"github.com/kadedb/kadedb/internal/memory"
)

func goLimit() int64 { return debug.SetMemoryLimit(-1) }

// await waits until the runtime's limit is what is wanted, give or take the step in
// which it is followed.
func await(t *testing.T, what string, want int64) {
	t.Helper()
	const step = 1 << 20
	for range 2000 {
		if got := goLimit(); got == want || got-want < step && want-got < step {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatalf("%s: the runtime's limit is %d, want %d", what, goLimit(), want)
}

// The limit of the Go heap is the budget and an allowance, less what lies outside.
func TestGovern(t *testing.T) {
	t.Setenv("GOMEMLIMIT", "")
	const allowance, least = 32 << 20, 24 << 20
	before := goLimit()
	defer debug.SetMemoryLimit(before)
	budget := memory.NewBudget("store", 200<<20)
	slab := memory.NewSlab(0)
	slab.CountIn(budget)
	ctx, cancel := context.WithCancel(t.Context())
	memory.Govern(ctx, budget)
	await(t, "at first", 200<<20+allowance)
	big := slab.Alloc(64 << 20)
	if budget.Outside() == 0 {
		t.Skip("SKIPPED: nothing is mapped on this system")
	}
	await(t, "with 64 MiB outside", 136<<20+allowance)
	huge := slab.Alloc(300 << 20)
	await(t, "with more outside than the budget", least)
	slab.Free(huge)
	slab.Free(big)
	await(t, "with nothing outside", 200<<20+allowance)
	cancel()
	await(t, "afterwards", before)
}

func TestGovernLeavesTheRuntimeAlone(t *testing.T) {
	before := goLimit()
	defer debug.SetMemoryLimit(before)
	for what, c := range map[string]struct {
		env    string
		budget *memory.Budget
	}{
		"no budget":  {"", nil},
		"no limit":   {"", memory.NewBudget("store", 0)},
		"huge":       {"", memory.NewBudget("store", 1<<60)},
		"GOMEMLIMIT": {"1GiB", memory.NewBudget("store", 1<<30)},
	} {
		t.Setenv("GOMEMLIMIT", c.env)
		ctx, cancel := context.WithCancel(t.Context())
		memory.Govern(ctx, c.budget)
		if got := goLimit(); got != before {
			t.Errorf("%s: the runtime's limit went from %d to %d", what, before, got)
		}
		cancel()
	}
}
