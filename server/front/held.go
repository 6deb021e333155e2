package front

import (
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
)

// Held counts the memory of an answer's buffer against the store's budget and the
// limit of its query. Small buffers are not worth counting. It must be closed.
type Held struct {
	c      *Call
	limit  int64
	budget *memory.Budget // nil: nothing is counted yet
	size   int64
}

// heldStep is from where on, and in which steps, a buffer is counted.
const heldStep = 1 << 20

// Hold begins to count for a statement that may hold so much; 0: the usual limit.
func (c *Call) Hold(limit int64) Held { return Held{c: c, limit: limit} }

// Grow tells how large the buffer is now. Where that is too much its error says so of
// what the buffer holds, with a hint what to do.
func (h *Held) Grow(size int, what, hint string) error {
	if int64(size) <= h.size+heldStep {
		return nil
	}
	if h.budget == nil {
		if h.limit == 0 {
			h.limit = h.c.DB.Limits().Memory
		}
		h.budget = h.c.DB.Budget().Sub("answer", h.limit)
	}
	if err := h.budget.Reserve(int64(size) - h.size); err != nil {
		return status.Errorf(status.QueryMemoryLimit, "%s does not fit the memory of a query: %w", what, err).
			WithHint("%s, or raise `query-memory` (`memory_bytes` in the request)", hint)
	}
	h.size = int64(size)
	return nil
}

// Close gives the memory back.
func (h *Held) Close() {
	if h.budget != nil {
		h.budget.Close()
	}
}
