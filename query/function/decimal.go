package function

import (
	"math"
	"math/big"
	"strconv"
)

// roundDecimal rounds the shortest decimal form of x, so that 1.005 to two places is
// 1.01. With HALF_UP ties go away from zero. ok is false for an unknown mode.
func roundDecimal(x float64, places int, mode string) (r float64, ok bool) {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return x, true
	}
	exact, _ := new(big.Rat).SetString(strconv.FormatFloat(math.Abs(x), 'g', -1, 64))
	scale := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(places)), nil)
	scaled := new(big.Rat).Mul(exact, new(big.Rat).SetInt(scale))
	whole, rest := new(big.Int).QuoRem(scaled.Num(), scaled.Denom(), new(big.Int))
	half := new(big.Int).Lsh(rest, 1).Cmp(scaled.Denom()) // of 2·rest with the unit
	if rest.Sign() == 0 {
		half = -1
	}
	negative := math.Signbit(x)
	var up bool
	switch mode {
	case "UP":
		up = rest.Sign() > 0
	case "DOWN":
	case "CEILING":
		up = rest.Sign() > 0 && !negative
	case "FLOOR":
		up = rest.Sign() > 0 && negative
	case "HALF_UP":
		up = half >= 0
	case "HALF_DOWN":
		up = half > 0
	case "HALF_EVEN":
		up = half > 0 || half == 0 && whole.Bit(0) == 1
	default:
		return 0, false
	}
	if up {
		whole.Add(whole, big.NewInt(1))
	}
	r, _ = new(big.Rat).SetFrac(whole, scale).Float64()
	if negative {
		r = -r
	}
	return r, true
}
