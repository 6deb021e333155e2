package main

import (
	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb/status"
)

func (a *app) importCommand() *cobra.Command {
	return &cobra.Command{Use: "import", Short: "Fill a store from CSV and Parquet files",
		RunE: func(*cobra.Command, []string) error { return status.Errorf(status.NotYet, "import is not offered yet") }}
}
