package block

import (
	"encoding/binary"
	"slices"

	"github.com/kadedb/kadedb/column"
)

// Payloads of string blocks:
//
//	Constant    the string
//	Dictionary  u32 strings  u32 bytes  u8 width of codes  7 zero
//	            u32 end of each string, ascending   bytes   codes of all rows, one run
//	            the strings are distinct and ascend: codes compare as strings do
//	Plain       u32 bytes  4 zero
//	            u32 end of each row's string, ascending   bytes
//
// Ends are from the beginning of the bytes.
const stringHead = 8

// EncodeStrings appends a block of strings.
func EncodeStrings(dst []byte, vals []string, nulls column.Bitmap) []byte {
	checkRows(len(vals), nulls)
	h := Header{Kind: Strings, Encoding: Constant, Count: len(vals), Nulls: countNulls(len(vals), nulls), Sorted: true}
	start := len(dst)
	if h.Nulls == h.Count {
		return finish(appendHeader(dst, &h, nil), start)
	}
	vals = filled(vals, nulls, h.Nulls > 0)
	sketch := new(Sketch)
	lo, hi, total := vals[0], vals[0], 0
	// Codes are those of the order in which words came, until it is known how they sort.
	distinct, codes := map[string]uint32{}, make([]uint32, 0, len(vals))
	for i, v := range vals {
		total += len(v)
		if i > 0 && v == vals[i-1] {
			if distinct != nil {
				codes = append(codes, codes[i-1])
			}
			continue
		}
		if distinct != nil {
			code, known := distinct[v]
			if known {
				codes = append(codes, code)
				h.Sorted = false // another stands in between
				continue
			}
			code = uint32(len(distinct))
			distinct[v], codes = code, append(codes, code)
			if len(distinct) > 1024 && len(distinct) > i*3/4 {
				distinct = nil // nearly all differ: no dictionary pays
			}
		}
		sketch.AddString(v)
		lo, hi = min(lo, v), max(hi, v)
		h.Sorted = h.Sorted && (i == 0 || vals[i-1] < v)
	}
	h.HasRange = true
	h.MinStr = lo[:min(len(lo), maxStat)]
	h.MaxStr, h.MaxCut = hi[:min(len(hi), maxStat)], len(hi) > maxStat
	var words []string
	if len(distinct) > 1 {
		words = dictionary(distinct, total, len(vals))
	}
	switch {
	case lo == hi:
	case words != nil:
		h.Encoding = Dictionary
	default:
		h.Encoding = Plain
	}
	dst = appendNulls(appendHeader(dst, &h, sketch), &h, nulls)
	switch h.Encoding {
	case Constant:
		dst = append(dst, lo...)
	case Dictionary:
		dst = appendDictionary(dst, codes, words, distinct)
	default:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(total))
		dst = append(dst, 0, 0, 0, 0)
		dst = appendStrings(dst, vals)
	}
	return finish(dst, start)
}

// dictionary returns the sorted words if a dictionary is smaller than plain strings.
func dictionary(distinct map[string]uint32, total, rows int) []string {
	words := make([]string, 0, len(distinct))
	size := 0
	for w := range distinct {
		words = append(words, w)
		size += len(w) + 4
	}
	if size+packedSize(rows, width64(uint64(len(words)-1))) >= total+4*rows {
		return nil
	}
	slices.Sort(words)
	return words
}

func appendStrings(dst []byte, vals []string) []byte {
	end := 0
	for _, v := range vals {
		end += len(v)
	}
	dst = slices.Grow(dst, 4*len(vals)+end)
	end = 0
	for _, v := range vals {
		end += len(v)
		dst = binary.LittleEndian.AppendUint32(dst, uint32(end))
	}
	for _, v := range vals {
		dst = append(dst, v...)
	}
	return dst
}

// appendDictionary appends the words, which are sorted, and a code for each row. codes are
// those that code has; they are overwritten.
func appendDictionary(dst []byte, codes []uint32, words []string, code map[string]uint32) []byte {
	size := 0
	sorted := make([]uint32, len(words))
	for i, w := range words {
		sorted[code[w]] = uint32(i)
		size += len(w)
	}
	width := width64(uint64(len(words) - 1))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(len(words)))
	dst = binary.LittleEndian.AppendUint32(dst, uint32(size))
	dst = append(dst, byte(width), 0, 0, 0, 0, 0, 0, 0)
	dst = appendStrings(dst, words)
	for i, c := range codes {
		codes[i] = sorted[c]
	}
	return pack(dst, codes, 0, width)
}

// ends checks n ends and bytes at the front of payload and returns both and the rest.
func ends(payload []byte, n int, size uint32) (ends, data, rest []byte, err error) {
	if int64(n)*4+int64(size) > int64(len(payload)) {
		return nil, nil, nil, damage("its strings are cut")
	}
	ends, data, rest = payload[:n*4], payload[n*4:n*4+int(size)], payload[n*4+int(size):]
	last := uint32(0)
	for i := range n {
		e := binary.LittleEndian.Uint32(ends[4*i:])
		if e < last {
			return nil, nil, nil, damage("string %d ends before it begins", i)
		}
		last = e
	}
	if last != size {
		return nil, nil, nil, damage("strings of %d bytes in %d", last, size)
	}
	return ends, data, rest, nil
}

// dictParts splits the payload of encoding Dictionary.
func dictParts(h *Header, payload []byte) (words []string, codes []byte, width uint, err error) {
	if len(payload) < 2*stringHead {
		return nil, nil, 0, damage("its dictionary is cut")
	}
	n := int64(binary.LittleEndian.Uint32(payload))
	size := binary.LittleEndian.Uint32(payload[4:])
	width = uint(payload[8])
	if n == 0 || n > int64(h.Count) || width > 32 {
		return nil, nil, 0, damage("a dictionary of %d strings for %d rows", n, h.Count)
	}
	end, data, rest, err := ends(payload[2*stringHead:], int(n), size)
	if err != nil {
		return nil, nil, 0, err
	}
	if len(rest) < packedSize(h.Count, width) {
		return nil, nil, 0, damage("its codes are cut")
	}
	return cutStrings(end, string(data)), rest[: len(rest)+pad : len(rest)+pad], width, nil
}

// cutStrings cuts data, which all results share.
func cutStrings(ends []byte, data string) []string {
	out := make([]string, len(ends)/4)
	from := uint32(0)
	for i := range out {
		to := binary.LittleEndian.Uint32(ends[4*i:])
		out[i] = data[from:to]
		from = to
	}
	return out
}

func plainParts(h *Header, payload []byte) (end, data []byte, err error) {
	if len(payload) < stringHead {
		return nil, nil, damage("its strings are cut")
	}
	end, data, _, err = ends(payload[stringHead:], h.Count, binary.LittleEndian.Uint32(payload))
	return end, data, err
}
