package ordering

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/kadedb/kadedb/column"
)

// entry is a row with the number that orders it, or that starts its key.
type entry struct {
	word uint64
	row  int32
}

// radixFrom is the number of rows from which radix passes beat comparisons.
const radixFrom = 512

// sortWords orders entries by word; equal ones keep their order.
func sortWords(list, scratch []entry) []entry {
	if len(list) < radixFrom {
		slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.word, b.word) })
		return list
	}
	var counts [8][256]int
	for _, e := range list {
		for d := range counts {
			counts[d][byte(e.word>>(8*d))]++
		}
	}
	if cap(scratch) < len(list) {
		scratch = make([]entry, len(list))
	}
	from, to := list, scratch[:len(list)]
	for d := range counts {
		c := &counts[d]
		if c[byte(from[0].word>>(8*d))] == len(list) {
			continue // all alike in this byte
		}
		at := 0
		for i, n := range c {
			c[i] = at
			at += n
		}
		for _, e := range from {
			digit := byte(e.word >> (8 * d))
			to[c[digit]] = e
			c[digit]++
		}
		from, to = to, from
	}
	return from
}

// sortBytes orders rows 0 … n-1 by their keys; equal ones keep their order.
func sortBytes(keys *column.SortKeys) []entry {
	list := make([]entry, keys.Len())
	for i := range list {
		list[i] = entry{prefix(keys.Key(i)), int32(i)}
	}
	slices.SortFunc(list, func(a, b entry) int {
		if a.word != b.word {
			return cmp.Compare(a.word, b.word)
		}
		if c := bytes.Compare(keys.Key(int(a.row)), keys.Key(int(b.row))); c != 0 {
			return c
		}
		return cmp.Compare(a.row, b.row)
	})
	return list
}

// prefix returns the first eight bytes of a key as a number that compares as they do.
func prefix(key []byte) uint64 {
	if len(key) >= 8 {
		return binary.BigEndian.Uint64(key)
	}
	var p [8]byte
	copy(p[:], key)
	return binary.BigEndian.Uint64(p[:])
}

// sortColumn orders the rows of a column of plain numbers, nulls last (first where
// desc), and reports whether its type has such an order.
func sortColumn(v *column.Vector, n int, desc bool) ([]entry, bool) {
	rows := make([]int32, 0, n)
	var nulls []entry
	for i := range n {
		if v.IsNull(i) {
			nulls = append(nulls, entry{row: int32(i)})
		} else {
			rows = append(rows, int32(i))
		}
	}
	words := make([]uint64, len(rows))
	if !column.SortUint64(words, v, rows, desc) {
		return nil, false
	}
	list := make([]entry, len(rows), n)
	for i, r := range rows {
		list[i] = entry{words[i], r}
	}
	list = sortWords(list, nil)
	if desc {
		return append(nulls, list...), true
	}
	return append(list, nulls...), true
}
