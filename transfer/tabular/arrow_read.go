package tabular

import "github.com/kadedb/kadedb/status"

func (t *Table) openArrow() error {
	return status.Errorf(status.NotYet, "%s is an Arrow file, which is not read yet", t.in.Name).WithHint("Write it as Parquet.")
}
