package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/status"
)

func (a *app) checkCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Verify every checksum, index, degree and count of a store",
		Long: `Reads the whole store, which no server may hold, and changes nothing. Each problem is a line on standard
output; the exit code is 0 where there is none and 10 where there is one.`,
		Args: exactly(1, 1),
	}
	hash := cmd.Flags().Bool("hash", false, "only print a hash of the graph, which two stores with the same graph share")
	settingFlags(cmd, storeSettings...)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		set, err := a.settings(cmd)
		if err != nil {
			return err
		}
		if err := storeExists(args[0]); err != nil {
			return err
		}
		db, err := kadedb.OpenReadOnly(args[0], storeOptions(set, a.logger(set)))
		if err != nil {
			return checked(err)
		}
		memory.Govern(cmd.Context(), db.Budget())
		if *hash {
			text, err := db.StateHash(cmd.Context())
			if err == nil {
				_, err = fmt.Fprintln(a.out, text)
			}
			if cerr := db.Close(); err == nil {
				err = cerr
			}
			return err
		}
		found := 0
		var werr error
		err = db.Check(cmd.Context(), func(p kadedb.Problem) {
			found++
			if _, err := fmt.Fprintln(a.out, printable(p.String())); err != nil {
				werr = err
			}
		})
		if err == nil {
			err = werr
		}
		if cerr := db.Close(); err == nil {
			err = cerr
		}
		switch {
		case err != nil:
			return checked(err)
		case found > 0:
			return status.Errorf(status.Corruption, "%s: %d problems", args[0], found).
				WithHint("restore a backup; what is wrong in an index alone is mended by dropping and creating it")
		}
		a.say("%s: no problem found", args[0])
		return nil
	}
	return cmd
}

// checked is what check itself ends with: who gets it need not be told to run check.
func checked(err error) error {
	e := status.From(err)
	if e.Code != status.Corruption {
		return err
	}
	own := *e
	own.Hint, own.Err = "restore a backup", err
	return &own
}
