package block

import (
	"math/rand/v2"
	"testing"
)

func TestPack(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for w := uint(0); w <= 64; w++ {
		for _, n := range []int{0, 1, 7, 8, 9, 63, 128, 2048, 2049} {
			base := int64(rng.Uint64())
			vals := make([]int64, n)
			small := make([]uint32, n)
			for i := range vals {
				x := rng.Uint64()
				if w < 64 {
					x &= 1<<w - 1
				}
				vals[i] = int64(x) + base
				small[i] = uint32(x) + uint32(base)
			}
			enc := pack(nil, vals, base, w)
			if len(enc) != packedSize(n, w) {
				t.Fatalf("width %d, %d values: %d bytes", w, n, len(enc))
			}
			got := make([]int64, n)
			unpack64(got, append(enc, make([]byte, pad)...), w, base)
			for i := range got {
				if got[i] != vals[i] {
					t.Fatalf("width %d, value %d of %d: %d, want %d", w, i, n, got[i], vals[i])
				}
			}
			if w > 32 {
				continue
			}
			got32 := make([]uint32, n)
			unpack32(got32, append(pack(nil, small, uint32(base), w), make([]byte, pad)...), w, uint32(base))
			for i := range got32 {
				if got32[i] != small[i] {
					t.Fatalf("32 bits, width %d, value %d of %d: %d, want %d", w, i, n, got32[i], small[i])
				}
			}
		}
	}
}

var sink int64

func BenchmarkUnpack(b *testing.B) {
	for _, w := range []uint{3, 12, 17, 31} {
		enc := make([]byte, packedSize(2048, w)+pad)
		for i := range enc {
			enc[i] = byte(i * 7)
		}
		b.Run("int64/"+string(rune('0'+w/10))+string(rune('0'+w%10)), func(b *testing.B) {
			dst := make([]int64, 2048)
			b.SetBytes(2048)
			for b.Loop() {
				unpack64(dst, enc, w, 5)
			}
			sink += dst[7]
		})
		b.Run("uint32/"+string(rune('0'+w/10))+string(rune('0'+w%10)), func(b *testing.B) {
			dst := make([]uint32, 2048)
			b.SetBytes(2048)
			for b.Loop() {
				unpack32(dst, enc, w, 5)
			}
			sink += int64(dst[7])
		})
	}
}
