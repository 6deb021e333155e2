package gen

import (
	"bufio"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// Sales are rows as programs write them to JSON Lines: N nodes of Sale with ten
// properties, and as many relationships of FOLLOWED_BY with five. A row follows from its
// number and the seed, so that nothing is kept and everything can be checked.
type Sales struct {
	N    int
	Seed uint64
}

// SaleRow is what answers of five columns hold of a sale.
type SaleRow struct {
	ID    int64
	Buyer string
	Price float64
	Day   int64 // since 1970
	City  string
}

// number returns a number of row i by its own purpose.
func (s Sales) number(i int, purpose uint64) uint64 {
	x := s.Seed*0x9e3779b97f4a7c15 + uint64(i)*0xbf58476d1ce4e5b9 + purpose*0x94d049bb133111eb
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

func (s Sales) pick(i int, purpose uint64, from []string) string {
	return from[s.number(i, purpose)%uint64(len(from))]
}

var (
	buyers   = []string{"Ana", "Bruno", "Chen", "Daria", "Emeka", "Fatima", "Goran", "Hana", "Ivo", "Jana", "Karim", "Lena", "Mateo", "Noor", "Olga", "Piotr"}
	families = []string{"Almeida", "Baker", "Castro", "Dubois", "Eriksen", "Fischer", "Garcia", "Horvat", "Ivanova", "Jensen", "Kowalski", "Lindqvist",
		"Müller", "Novak", "O'Neill", "Petrov", "Quispe", "Rossi", "Silva", "Tanaka"}
	saleCities = []string{"Lisbon", "São Paulo", "Berlin", "Nairobi", "Kyoto", "Toronto", "Zürich", "Lima", "Oslo", "Mumbai", "Austin", "Hanoi"}
	channels   = []string{"web", "shop", "phone", "partner"}
	words      = []string{"blue", "large", "gift", "express", "wrapped", "returned", "summer", "second", "spare", "signed", "wool", "steel"}
)

// Row returns the five columns of sale i.
func (s Sales) Row(i int) SaleRow {
	return SaleRow{ID: int64(i) + 1,
		Buyer: s.pick(i, 1, buyers) + " " + s.pick(i, 2, families) + " " + strconv.Itoa(int(s.number(i, 3)%10_000)),
		Price: float64(s.number(i, 4)%1_000_000) / 100,
		Day:   15_000 + int64(s.number(i, 5)%5_000),
		City:  s.pick(i, 6, saleCities)}
}

// AppendDay appends a date as ISO 8601 writes it.
func AppendDay(b []byte, day int64) []byte {
	return time.Unix(day*86400, 0).UTC().AppendFormat(b, time.DateOnly)
}

// AppendFloat appends a number with a point.
func AppendFloat(b []byte, f float64) []byte {
	from := len(b)
	b = strconv.AppendFloat(b, f, 'f', -1, 64)
	for _, c := range b[from:] {
		if c == '.' {
			return b
		}
	}
	return append(b, ".0"...)
}

// AppendAnswer appends the row as an answer of NDJSON has it.
func (r *SaleRow) AppendAnswer(b []byte) []byte {
	b = strconv.AppendInt(append(b, '['), r.ID, 10)
	b = append(append(append(b, `,"`...), r.Buyer...), `",`...)
	b = append(AppendFloat(b, r.Price), `,"`...)
	b = append(AppendDay(b, r.Day), `","`...)
	return append(append(b, r.City...), `"]`...)
}

// appendNode appends the line of sale i. Some rows lack a rating, and some have quotes
// in their note.
func (s Sales) appendNode(b []byte, i int) []byte {
	r := s.Row(i)
	b = strconv.AppendInt(append(b, `{"id":`...), r.ID, 10)
	b = append(append(b, `,"buyer":"`...), r.Buyer...)
	b = append(append(b, `","email":"`...), s.pick(i, 1, buyers)...)
	b = append(strconv.AppendUint(b, s.number(i, 3)%10_000, 10), `@example.org","city":"`...)
	b = append(append(b, r.City...), `","price":`...)
	b = append(AppendFloat(b, r.Price), `,"pieces":`...)
	b = append(strconv.AppendUint(b, 1+s.number(i, 7)%40, 10), `,"day:date":"`...)
	b = append(AppendDay(b, r.Day), `","paid":`...)
	b = append(strconv.AppendBool(b, s.number(i, 8)%8 > 0), `,"channel":"`...)
	b = append(append(b, s.pick(i, 9, channels)...), '"')
	if n := s.number(i, 10) % 60; n >= 10 {
		b = AppendFloat(append(b, `,"rating":`...), float64(n)/10)
	}
	b = append(b, `,"note":"`...)
	for k := range 4 + s.number(i, 11)%4 {
		b = append(append(b, s.pick(i, 12+k, words)...), ' ')
	}
	if s.number(i, 20)%50 == 0 {
		b = append(b, `for \"them\"`...)
	}
	return append(b, "\"}\n"...)
}

// Weight returns the weight of relationship i.
func (s Sales) Weight(i int) float64 { return float64(s.number(i, 33)%1000) / 1000 }

// appendRel appends the line of relationship i.
func (s Sales) appendRel(b []byte, i int) []byte {
	b = strconv.AppendUint(append(b, `{"from":`...), 1+s.number(i, 30)%uint64(s.N), 10)
	b = strconv.AppendUint(append(b, `,"to":`...), 1+s.number(i, 31)%uint64(s.N), 10)
	b = append(AppendDay(append(b, `,"since:date":"`...), 15_000+int64(s.number(i, 32)%5_000)), `","weight":`...)
	b = append(AppendFloat(b, s.Weight(i)), `,"times":`...)
	b = append(strconv.AppendUint(b, s.number(i, 34)%100, 10), `,"reason":"`...)
	b = append(append(b, s.pick(i, 35, words)...), `","by":"`...)
	return append(append(b, s.pick(i, 36, channels)...), "\"}\n"...)
}

// Write writes the nodes to sales.jsonl and the relationships to followed.jsonl in the
// folder, and returns the bytes of each.
func (s Sales) Write(dir string) (nodes, rels int64, err error) {
	if nodes, err = s.lines(filepath.Join(dir, "sales.jsonl"), s.appendNode); err != nil {
		return 0, 0, err
	}
	rels, err = s.lines(filepath.Join(dir, "followed.jsonl"), s.appendRel)
	return nodes, rels, err
}

func (s Sales) lines(path string, line func(b []byte, i int) []byte) (size int64, err error) {
	f, err := os.Create(path)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 1<<20)
	var b []byte
	for i := range s.N {
		b = line(b[:0], i)
		size += int64(len(b))
		if _, err := w.Write(b); err != nil {
			return size, err
		}
	}
	return size, w.Flush()
}
