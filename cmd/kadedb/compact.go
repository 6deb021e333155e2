package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

func (a *app) compactCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "compact DIR",
		Short: "Give the disk back what a store no longer needs",
		Long: `Folds the log of a store, which no server may hold (there is no --server: stop it first), and rewrites its file of blocks without the room that
deleted and changed data left. The new file is written beside the old one and takes its name when it is whole, so
that there must be room for it, and neither Ctrl-C nor a crash does harm. Space that is not given back is not lost: a
store uses it before its file grows. --log-keep-size 0 also gives up the log that is kept for repair.`,
		Example: "  kadedb compact flights\n  kadedb compact flights --log-keep-size 0",
		Args:    exactly(1, 1),
	}
	settingFlags(cmd, storeSettings...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := a.settings(cmd)
		if err != nil {
			return err
		}
		if err := storeExists(args[0]); err != nil {
			return err
		}
		o := storeOptions(set, a.logger(set))
		o.Holder = "the command `" + cmd.CommandPath() + "`"
		s, err := kadedb.Compact(cmd.Context(), args[0], o)
		if e := status.From(err); e != nil && e.Code == status.StoreLocked {
			return e.WithHint("stop it first: only a store that nobody has open can be rewritten; meanwhile its free space is used again before the file grows")
		}
		if err != nil {
			return err
		}
		t := newFacts()
		t.add("", "before", "after", "given back")
		for _, row := range []struct {
			name          string
			before, after int64
		}{{"blocks", s.Before.Blocks, s.After.Blocks}, {"log", s.Before.Log, s.After.Log}, {"together", s.Before.Total(), s.After.Total()}} {
			t.add(row.name, bytesText(row.before), bytesText(row.after), bytesText(row.before-row.after))
		}
		a.say("%s%s: compacted in %v", t.text(), args[0], s.Took.Round(time.Millisecond))
		return nil
	}
	return cmd
}
