// Package spill keeps rows that an operator cannot hold in memory.
//
//	rows := spill.NewRows(space, budget, slots)
//	rows.Append(batch) …            // memory while the budget gives, then a file
//	rows.Each(func(b *column.Batch) error { … })
//	rows.Close()
//
// A Space is one query's room on disk: its files have no name that outlives it and
// are gone when it is closed. Every frame carries a checksum (column.AppendBatch). A
// full disk is a DiskFull error of the query.
//
// Files are not synced and not for anything that must survive the process.
package spill
