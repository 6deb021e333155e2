// Command kadedb serves a store over HTTP, and asks, fills and checks one.
//
//	kadedb serve --demo                      a store with sample data, until Ctrl-C
//	kadedb serve --data DIR                  a store that lasts
//	kadedb query 'MATCH (n) RETURN count(*)' ask a server, or a folder with --data
//	kadedb shell                             the same, by hand
//	kadedb import --data DIR …               fill a store from CSV and Parquet
//
// Standard output carries data alone; whatever speaks to a person goes to standard
// error. docs/cli.md is the reference.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	_ "time/tzdata" // names of time zones, also where the system has none

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/vfs"
)

func main() {
	// A write says that nobody reads on, and we end in order; what we start has SIGPIPE as ever.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	a := &app{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ()}
	code := a.run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

// app is one run of the command: where it reads and writes.
type app struct {
	in       io.Reader
	out, err io.Writer
	environ  []string
	config   string // --config
	ca       string // --ca
	json     bool   // --json
	helpErr  error  // of writing help, which cobra has no way to return
}

// The exit codes. They are part of the interface: docs/cli.md lists them.
const (
	exitOK          = 0
	exitBug         = 1
	exitUsage       = 2
	exitToken       = 3
	exitForbidden   = 4
	exitNotFound    = 5
	exitConflict    = 6
	exitInvalid     = 7
	exitLimit       = 8
	exitUnavailable = 9
	exitDamage      = 10
	exitDisk        = 11
	exitInterrupted = 130
)

func exitCode(err error) int {
	e := asError(err)
	switch e.Code {
	case status.InvalidUsage, status.InvalidSetting:
		return exitUsage
	case status.Cancelled:
		return exitInterrupted
	case status.DiskFull, status.DiskError:
		return exitDisk
	}
	switch e.Code.Info().Blame {
	case status.Client, status.TooLarge:
		return exitInvalid
	case status.Unauthorized:
		return exitToken
	case status.Forbidden:
		return exitForbidden
	case status.NotFound:
		return exitNotFound
	case status.Conflict:
		return exitConflict
	case status.Limited:
		return exitLimit
	case status.Transient:
		return exitUnavailable
	case status.Damage:
		return exitDamage
	}
	return exitBug
}

func (a *app) run(ctx context.Context, args []string) int {
	root := a.rootCommand()
	// An error of the command line itself is one before its flags are read.
	a.json = slices.Contains(args, "--json")
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		err = a.helpErr
	}
	var shown *shownError
	switch {
	case err == nil, errors.Is(err, syscall.EPIPE): // whoever read our output has had enough
		return exitOK
	case errors.As(err, &shown):
		return exitCode(shown.err)
	}
	a.report(err, "")
	return exitCode(err)
}

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "kadedb",
		Short:         "A graph database: a durable property graph, asked in KadeQL",
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(a.err)
			return cmd.Help()
		},
	}
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		var missing *pflag.ValueRequiredError
		if errors.As(err, &missing) {
			f := missing.GetFlag()
			return status.Errorf(status.InvalidUsage, "--%s takes %s, and nothing follows it", f.Name, flagValue(f)).
				WithHint("`%s --help` tells what it is for", cmd.CommandPath())
		}
		return status.Errorf(status.InvalidUsage, "%w", err).WithHint("`%s --help` lists the flags", cmd.CommandPath())
	})
	root.PersistentFlags().StringVar(&a.config, "config", "", "file of settings, lines of name = value (KADEDB_CONFIG)")
	root.PersistentFlags().StringVar(&a.ca, "ca", "", "file of certificates, in PEM, that a server at an https:// address may be signed by (KADEDB_CA)")
	root.PersistentFlags().BoolVar(&a.json, "json", false, "write errors and messages to standard error as JSON, an object a line")
	root.AddCommand(a.serveCommand(), a.queryCommand(), a.shellCommand(), a.importCommand(), a.exportCommand(), a.checkCommand(),
		a.statusCommand(), a.compactCommand(), a.tokenCommand(), a.configCommand(), a.versionCommand(), a.completionCommand(), a.manCommand())
	root.SetHelpCommand(a.helpCommand())
	root.InitDefaultHelpCmd()
	root.SetHelpFunc(func(cmd *cobra.Command, _ []string) {
		if err := a.writeHelp(cmd.OutOrStdout(), cmd); err != nil {
			a.helpErr = err
		}
	})
	root.CompletionOptions.DisableDefaultCmd = true
	completeValues(root)
	return root
}

// asError is err as users see it: a failure of a file that we write, standard output for one, has its code.
func asError(err error) *status.Error {
	var known *status.Error
	var file *fs.PathError
	switch {
	case errors.As(err, &known) && !(known.Code == status.DiskError && vfs.IsFull(err)), known == nil && !errors.As(err, &file):
		return status.From(err)
	case vfs.IsFull(err):
		return status.Errorf(status.DiskFull, "%w", err).WithHint("what was written is not whole: make room, and run it again")
	}
	return status.Errorf(status.DiskError, "%w", err)
}

// shownError was told to the user already.
type shownError struct{ err error }

func (e *shownError) Error() string { return e.err.Error() }
func (e *shownError) Unwrap() error { return e.err }

// exactly returns a check for the number of arguments.
func exactly(least, most int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) >= least && len(args) <= most {
			return nil
		}
		takes := fmt.Sprintf("%d to %d arguments", least, most)
		switch {
		case most == 0:
			takes = "no arguments"
		case least == most && most == 1:
			takes = "one argument"
		case least == most:
			takes = fmt.Sprintf("%d arguments", most)
		case least == 0 && most == 1:
			takes = "at most one argument"
		case least == 0:
			takes = fmt.Sprintf("at most %d arguments", most)
		}
		return status.Errorf(status.InvalidUsage, "`%s` takes %s, not %d", cmd.CommandPath(), takes, len(args)).
			WithHint("usage: %s", strings.TrimSuffix(cmd.UseLine(), " [flags]"))
	}
}
