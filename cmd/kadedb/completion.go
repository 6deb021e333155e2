package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kadedb/kadedb/internal/setting"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

func (a *app) completionCommand() *cobra.Command {
	shells := []string{"bash", "zsh", "fish"}
	return &cobra.Command{
		Use:   "completion bash|zsh|fish",
		Short: "Print a script that lets a shell complete our commands and flags",
		Long: `Prints a completion script. For this session:

  source <(kadedb completion bash)      bash, which needs the package bash-completion
  source <(kadedb completion zsh)       zsh, after compinit
  kadedb completion fish | source       fish

For every session, write it to /etc/bash_completion.d/kadedb, to _kadedb in a folder of $fpath, or to
~/.config/fish/completions/kadedb.fish.`,
		Args:      exactly(1, 1),
		ValidArgs: shells,
		RunE: func(cmd *cobra.Command, args []string) error {
			switch args[0] {
			case "bash":
				return cmd.Root().GenBashCompletionV2(a.out, true)
			case "zsh":
				return cmd.Root().GenZshCompletion(a.out)
			case "fish":
				return cmd.Root().GenFishCompletion(a.out, true)
			}
			return status.Errorf(status.InvalidUsage, "there is no completion for %q", args[0]).WithHint("shells are bash, zsh and fish")
		},
	}
}

// completeValues says what may follow the flags and words of all commands.
func completeValues(root *cobra.Command) {
	fixed := map[string][]string{"role": {"reader", "writer", "admin"}}
	for _, d := range setting.Table() {
		if len(d.Choices) > 0 {
			fixed[string(d.Name)] = d.Choices
		}
	}
	for _, cmd := range allCommands(root) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if _, has := cmd.GetFlagCompletionFunc(f.Name); has {
				return
			}
			var complete cobra.CompletionFunc
			switch {
			case cmd.Name() == "export" && f.Name == "format":
				complete = cobra.FixedCompletions(exportFormats(), cobra.ShellCompDirectiveNoFileComp)
			case fixed[f.Name] != nil:
				complete = cobra.FixedCompletions(fixed[f.Name], cobra.ShellCompDirectiveNoFileComp)
			case f.Name == "data", f.Name == "folder", f.Name == "to" && f.Value.Type() == "string", f.Name == string(setting.ImportDir):
				complete = folders
			case f.Name == "file", f.Name == "output", f.Name == "ca", f.Name == "tls-cert", f.Name == "tls-key", f.Name == "skip-bad", f.Name == "nodes", f.Name == "relationships", f.Name == "config":
				return // files, which is what shells complete by themselves
			default:
				complete = cobra.NoFileCompletions
			}
			if err := cmd.RegisterFlagCompletionFunc(f.Name, complete); err != nil {
				panic(err) // the flag is there
			}
		})
		switch {
		case cmd.ValidArgsFunction != nil, cmd.ValidArgs != nil:
		case strings.Contains(cmd.Use, "DIR"):
			cmd.ValidArgsFunction = folders
		default:
			cmd.ValidArgsFunction = cobra.NoFileCompletions
		}
	}
}

func exportFormats() (list []string) {
	for _, f := range []transfer.ExportFormat{transfer.ExportCSV, transfer.ExportJSONL, transfer.ExportParquet, transfer.ExportArrow, transfer.ExportGraphML} {
		list = append(list, string(f))
	}
	return list
}

func folders(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return nil, cobra.ShellCompDirectiveFilterDirs
}

// allCommands returns a command and those below it, in the order of their names.
func allCommands(cmd *cobra.Command) []*cobra.Command {
	list := []*cobra.Command{cmd}
	for _, c := range cmd.Commands() {
		list = append(list, allCommands(c)...)
	}
	return list
}
