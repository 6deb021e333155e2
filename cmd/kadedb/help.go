package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kadedb/kadedb/internal/setting"
	"github.com/kadedb/kadedb/status"
)

const (
	// helpWidth is the width of help where no terminal says another, and mostHelpWidth
	// the widest that reads well.
	helpWidth     = 80
	mostHelpWidth = 100
)

func (a *app) helpCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Tell what a command does, and its flags",
		RunE: func(cmd *cobra.Command, args []string) error {
			about := cmd.Root()
			for _, word := range args {
				next := commandNamed(about, word)
				if next == nil {
					return noCommand(about, word)
				}
				about = next
			}
			return about.Help()
		},
		ValidArgsFunction: func(cmd *cobra.Command, args []string, _ string) (list []string, _ cobra.ShellCompDirective) {
			about := cmd.Root()
			for _, word := range args {
				if about = commandNamed(about, word); about == nil {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
			}
			for _, c := range about.Commands() {
				list = append(list, c.Name()+"\t"+c.Short)
			}
			return list, cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func commandNamed(cmd *cobra.Command, name string) *cobra.Command {
	for _, c := range cmd.Commands() {
		if c.Name() == name {
			return c
		}
	}
	return nil
}

// noCommand is the error of a word that should name a command below cmd.
func noCommand(cmd *cobra.Command, word string) error {
	err := status.Errorf(status.InvalidUsage, "there is no command `%s %s`", cmd.CommandPath(), word)
	var names []string
	for _, c := range cmd.Commands() {
		names = append(names, c.Name())
	}
	if near := status.Nearest(word, names...); near != "" {
		return err.WithHint("did you mean `%s %s`? `%s --help` lists the commands", cmd.CommandPath(), near, cmd.CommandPath())
	}
	return err.WithHint("`%s --help` lists the commands", cmd.CommandPath())
}

// onlyCommands is the check of arguments of a command that only has others below it.
func onlyCommands(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return noCommand(cmd, args[0])
	}
	return nil
}

// writeHelp tells of a command in lines that fit the terminal.
func (a *app) writeHelp(to io.Writer, cmd *cobra.Command) error {
	most := helpWidth
	if w := a.screen().Columns; w > 0 {
		most = min(w, mostHelpWidth)
	}
	var b strings.Builder
	text := cmd.Long
	if text == "" {
		text = cmd.Short + "."
	}
	for i, p := range strings.Split(strings.TrimSpace(text), "\n\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		if strings.HasPrefix(p, "  ") {
			b.WriteString(strings.TrimRight(p, "\n") + "\n")
			continue
		}
		b.WriteString(fold(p, most, "\n") + "\n")
	}
	if cmd.Runnable() && !cmd.HasAvailableSubCommands() {
		b.WriteString("\nUsage:\n  " + fold(strings.TrimSuffix(cmd.UseLine(), " [flags]"), most-2, "\n      ") + "\n")
	} else {
		b.WriteString("\nUsage:\n  " + cmd.CommandPath() + " COMMAND\n")
	}
	if cmd.Example != "" {
		b.WriteString("\nExamples:\n" + strings.TrimRight(cmd.Example, "\n") + "\n")
	}
	var commands, own, settings, global [][2]string
	for _, c := range cmd.Commands() {
		if c.IsAvailableCommand() {
			commands = append(commands, [2]string{c.Name(), c.Short})
		}
	}
	cmd.LocalFlags().VisitAll(func(f *pflag.Flag) {
		if _, is := settingOf(f); is {
			settings = append(settings, flagHelp(f))
		} else if !f.Hidden && f.Name != "help" && cmd.PersistentFlags().Lookup(f.Name) == nil {
			own = append(own, flagHelp(f))
		}
	})
	cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
		if cmd.LocalNonPersistentFlags().Lookup(f.Name) == nil {
			global = append(global, flagHelp(f))
		}
	})
	helpList(&b, "Commands", commands, most)
	helpList(&b, "Flags", own, most)
	helpList(&b, "Settings, from flags, KADEDB_… variables or a file (see `kadedb config show`)", settings, most)
	helpList(&b, "Flags of all commands", global, most)
	if len(commands) > 0 {
		fmt.Fprintf(&b, "\n`%s COMMAND --help` tells more of one.\n", cmd.CommandPath())
	}
	_, err := io.WriteString(to, a.marks(b.String()))
	return err
}

// flagHelp returns a flag with what follows it, and what it does.
func flagHelp(f *pflag.Flag) [2]string {
	name := "    --" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand + ", --" + f.Name
	}
	if value := flagValue(f); value != "" {
		name += " " + value
	}
	usage := f.Usage
	if d, is := settingOf(f); is {
		usage = strings.TrimSuffix(usage, " ("+d.Env()+")")
	}
	switch f.DefValue {
	case "", "false", "[]":
	default:
		usage += " (" + f.DefValue + ")"
	}
	return [2]string{name, usage}
}

// settingOf returns the setting that a flag is for. Some commands have a flag of their
// own with the name of one.
func settingOf(f *pflag.Flag) (setting.Setting, bool) {
	d, is := setting.Lookup(setting.Name(f.Name))
	return d, is && f.Usage == settingUsage(d)
}

// flagValue says what follows a flag, "" for one that stands alone.
func flagValue(f *pflag.Flag) string {
	if d, is := settingOf(f); is {
		switch d.Kind {
		case setting.Count:
			return "N"
		case setting.Size:
			return "SIZE"
		case setting.Duration:
			return "TIME"
		case setting.Choice:
			return strings.Join(d.Choices, "|")
		}
	}
	switch f.Name {
	case "server":
		return "URL"
	case "param":
		return "NAME=VALUE"
	case "data", "folder":
		return "DIR"
	case "file", "output", "config", "skip-bad", "ca":
		return "FILE"
	case "id":
		return "LABEL:COLUMN"
	case "from", "to":
		if f.Value.Type() == "string" {
			return "DIR"
		}
		return "TYPE:LABEL:COLUMN"
	case "nodes":
		return "LABEL=FILE"
	case "relationships":
		return "TYPE=FILE"
	case "format", "token", "role", "name", "query":
		return strings.ToUpper(f.Name)
	}
	switch f.Value.Type() {
	case "bool":
		return ""
	case "int", "int64", "uint":
		return "N"
	case "duration":
		return "TIME"
	}
	return "TEXT"
}

// helpList writes names with what they do, the latter in a column of its own.
func helpList(b *strings.Builder, title string, list [][2]string, most int) {
	if len(list) == 0 {
		return
	}
	const mostName = 24
	column := 0
	for _, l := range list {
		if n := len(l[0]); n <= mostName {
			column = max(column, n)
		}
	}
	b.WriteString("\n" + fold(title+":", most, "\n") + "\n")
	indent := strings.Repeat(" ", column+4)
	for _, l := range list {
		b.WriteString("  " + l[0])
		if len(l[0]) > column {
			b.WriteString("\n" + indent)
		} else {
			b.WriteString(indent[len(l[0])+2:])
		}
		b.WriteString(fold(l[1], most-len(indent), "\n"+indent) + "\n")
	}
}
