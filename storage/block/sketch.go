package block

import (
	"encoding/binary"
	"math"
	"math/bits"
)

// Sketch estimates how many distinct values there are, within about a tenth
// (HyperLogLog with 128 registers: P. Flajolet et al., AofA 2007). Sketches of
// several blocks can be merged. The zero Sketch is empty.
type Sketch [1 << sketchBits]uint8

const sketchBits = 7

// Merge makes s the sketch of both.
func (s *Sketch) Merge(o *Sketch) {
	for i, r := range o {
		s[i] = max(s[i], r)
	}
}

// Estimate returns about how many distinct values were added.
func (s *Sketch) Estimate() float64 {
	const m = len(s)
	sum, zeros := 0.0, 0
	for _, r := range s {
		sum += math.Ldexp(1, -int(r))
		if r == 0 {
			zeros++
		}
	}
	const alpha = 0.7213 / (1 + 1.079/float64(m))
	e := alpha * float64(m) * float64(m) / sum
	if e <= 2.5*float64(m) && zeros > 0 {
		return float64(m) * math.Log(float64(m)/float64(zeros))
	}
	return e
}

// AddInt adds an integer (or a float's bits).
func (s *Sketch) AddInt(v uint64) { s.add(mix(v)) }

// AddString adds a string.
func (s *Sketch) AddString(v string) {
	h := uint64(len(v)) * 0x9e3779b97f4a7c15
	for len(v) >= 8 {
		h = mix(h ^ binary.LittleEndian.Uint64([]byte(v[:8])))
		v = v[8:]
	}
	var last [8]byte
	copy(last[:], v)
	s.add(mix(h ^ binary.LittleEndian.Uint64(last[:])))
}

func (s *Sketch) add(h uint64) {
	i := h >> (64 - sketchBits)
	rank := uint8(bits.LeadingZeros64(h<<sketchBits|1<<(sketchBits-1))) + 1
	s[i] = max(s[i], rank)
}

// mix spreads v over 64 bits (the finalizer of splitmix64).
func mix(v uint64) uint64 {
	v += 0x9e3779b97f4a7c15
	v = (v ^ v>>30) * 0xbf58476d1ce4e5b9
	v = (v ^ v>>27) * 0x94d049bb133111eb
	return v ^ v>>31
}
