package main

import (
	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb/status"
)

func (a *app) checkCommand() *cobra.Command {
	return &cobra.Command{Use: "check DIR", Short: "Verify every checksum, index, degree and count of a store", Args: exactly(1, 1),
		RunE: func(*cobra.Command, []string) error { return status.Errorf(status.NotYet, "check is not offered yet") }}
}
