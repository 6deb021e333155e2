package parser
import ("testing";"strings")
func BenchmarkBig(b *testing.B){ s:="RETURN [1" + strings.Repeat(",1", 500000) + "]"; b.ReportAllocs(); for b.Loop(){ Parse(s)} }
func BenchmarkBigMaps(b *testing.B){ s:="RETURN [1" + strings.Repeat(",{id: 1234, name: 'abcd'}", 40000) + "]"; b.ReportAllocs(); for b.Loop(){ Parse(s)} }
