package tabular

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/apache/arrow-go/v18/parquet/metadata"

	"github.com/kadedb/kadedb/column"
)

// textColumn is a column of texts of the row group under way. As long as few differ,
// their codes wait here for the end of the group, as a dictionary has to be known before
// its codes are written:
//
//	vectors with codes ──(code of theirs → of ours)──┐
//	vectors of texts ───(hash)───────────────────────┴▶ codes ─▶ dictionary page, pages of codes
//	too many differ ─▶ plain pages, also of what waited
//
// The store keeps such columns as codes too, so most texts are looked at once a group and
// not once a row.
type textColumn struct {
	plain bool
	words []string
	at    map[string]int32
	size  int // of words, in bytes
	codes []int32
	def   []int16 // by row: 0 where it is null

	dict *column.Dict // remap is of
	own  []int32      // by its code: ours, or -1
}

const (
	// sampleRows is after how many rows the share of different texts decides.
	sampleRows = 1024
	// batchRows is how many codes are given to Arrow at once.
	batchRows = 8 << 10
)

// reset begins a row group.
func (t *textColumn) reset() {
	t.plain, t.words, t.size, t.codes, t.def, t.dict = false, t.words[:0], 0, t.codes[:0], t.def[:0], nil
	if t.at == nil {
		t.at = map[string]int32{}
	}
	clear(t.at)
}

// code returns the code of a text, and reports whether the dictionary still pays.
func (t *textColumn) code(s string) (int32, bool) {
	if c, ok := t.at[s]; ok {
		return c, true
	}
	c := int32(len(t.words))
	s = strings.Clone(s)
	t.at[s] = c
	t.words, t.size = append(t.words, s), t.size+len(s)+4
	return c, t.size <= dictionaryMax && (len(t.words) < sampleRows || 4*len(t.words) < 3*len(t.codes))
}

// add notes the rows of v, of which def says which have a value, and reports whether the
// dictionary still pays; otherwise nothing of them is noted.
func (t *textColumn) add(v *column.Vector, def []int16) bool {
	have := len(t.codes)
	t.codes, t.def = slices.Grow(t.codes, len(def)), append(t.def, def...)
	pays := true
	for r := 0; r < len(def) && pays; r++ {
		c := int32(0)
		switch {
		case def[r] == 0:
		case v.Dict != nil:
			c, pays = t.remap(v, v.Codes[r])
		default:
			c, pays = t.code(v.Str(r))
		}
		t.codes = append(t.codes, c)
	}
	if !pays {
		t.codes, t.def = t.codes[:have], t.def[:have]
	}
	return pays
}

func (t *textColumn) remap(v *column.Vector, code uint32) (c int32, pays bool) {
	if t.dict != v.Dict || len(t.own) < len(v.Dict.Strings) {
		t.dict, t.own = v.Dict, slices.Grow(t.own[:0], len(v.Dict.Strings))
		for range v.Dict.Strings {
			t.own = append(t.own, -1)
		}
	}
	if c = t.own[code]; c >= 0 {
		return c, true
	}
	c, pays = t.code(v.Dict.Strings[code])
	t.own[code] = c
	return c, pays
}

// text writes the rows of a column of texts, or has them wait.
func (p *parquetWriter) text(w *file.ByteArrayColumnChunkWriter, t *textColumn, v *column.Vector, o *Out, n int) error {
	if !t.plain && v.Type == column.String && !v.Const && t.add(v, p.def) {
		return nil
	}
	if !t.plain {
		if err := p.settle(w, t); err != nil {
			return err
		}
	}
	p.strings(v, o, n)
	_, err := w.WriteBatch(p.texts, p.def, nil)
	return err
}

// settle goes over to plain texts, those that waited first.
func (p *parquetWriter) settle(w *file.ByteArrayColumnChunkWriter, t *textColumn) error {
	t.plain = true
	w.FallbackToPlain()
	if len(t.codes) == 0 {
		return nil
	}
	p.texts = p.texts[:0]
	for r, c := range t.codes {
		if t.def[r] != 0 {
			p.texts = append(p.texts, bytesOf(t.words[c]))
		}
	}
	_, err := w.WriteBatch(p.texts, t.def, nil)
	return err
}

// bytesOf returns the bytes of a text, which nobody may change. Those of "" are not nil,
// which Arrow's statistics take for nothing.
func bytesOf(s string) parquet.ByteArray {
	if s == "" {
		return parquet.ByteArray{}
	}
	return unsafe.Slice(unsafe.StringData(s), len(s))
}

// dictionary is the part of Arrow's encoder of dictionaries that is needed.
type dictionary interface {
	PutDictionary(values arrow.Array) error
}

// codes writes what waited as a dictionary and codes.
func (p *parquetWriter) codes(w *file.ByteArrayColumnChunkWriter, t *textColumn) error {
	enc, ok := w.CurrentEncoder().(dictionary)
	if t.plain || len(t.codes) == 0 {
		return nil
	}
	if !ok || len(t.words) == 0 {
		return p.settle(w, t)
	}
	words := array.NewStringBuilder(memory.DefaultAllocator)
	defer words.Release()
	words.AppendValues(t.words, nil)
	dict := words.NewArray()
	defer dict.Release()
	if err := enc.PutDictionary(dict); err != nil {
		return err
	}
	ends := []parquet.ByteArray{bytesOf(slices.Min(t.words)), bytesOf(slices.Max(t.words))}
	for from := 0; from < len(t.codes); from += batchRows {
		to := min(from+batchRows, len(t.codes))
		if err := p.someCodes(w, t.codes[from:to], t.def[from:to], ends); err != nil {
			return err
		}
	}
	return nil
}

// someCodes writes codes of rows; ends are the least and the greatest text of the group.
func (p *parquetWriter) someCodes(w *file.ByteArrayColumnChunkWriter, codes []int32, def []int16, ends []parquet.ByteArray) error {
	nulls := 0
	var valid *memory.Buffer
	for _, d := range def {
		nulls += 1 - int(d)
	}
	if nulls > 0 {
		bits := make([]byte, (len(def)+7)/8)
		for r, d := range def {
			bits[r>>3] |= byte(d) << (r & 7)
		}
		valid = memory.NewBufferBytes(bits)
	}
	data := array.NewData(arrow.PrimitiveTypes.Int32, len(codes), []*memory.Buffer{valid, memory.NewBufferBytes(arrow.Int32Traits.CastToBytes(codes))}, nil, nulls, 0)
	indices := array.NewInt32Data(data)
	data.Release()
	defer indices.Release()
	if s, ok := w.PageStatistics().(*metadata.ByteArrayStatistics); ok {
		if nulls == len(codes) {
			ends = nil
		}
		s.Update(ends, int64(nulls))
		s.IncNumValues(int64(len(codes) - nulls - len(ends)))
	}
	return w.WriteDictIndices(indices, def, nil)
}
