// Package join matches rows of two sides by equal keys.
//
//	j := join.New(space, budget, spec)
//	j.Build(batch) …      // the right side
//	j.Probe(batch, out) … // the left side: out takes joined batches
//	j.Finish(out)         // what was set aside on disk
//	j.Close()
//
// The right side is a buffer of rows, with the rows of each key side by side in a
// list of row numbers. A right side over the budget is cut by the hash of the keys,
// and so is the left one then; Finish joins part by part, cutting again where a part
// does not fit.
//
// Keys match by the language's `=`: null and NaN, and lists that hold them, match
// nothing.
package join
