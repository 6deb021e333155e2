package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/setting"
)

func (a *app) manCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "man",
		Short: "Print the manual page",
		Long: `Prints the manual page kadedb(1) of this version, of all commands and flags. Look at it with
'kadedb man | man -l -', or install it: kadedb man > /usr/local/share/man/man1/kadedb.1.`,
		Args: exactly(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := a.out.Write(manual(cmd.Root()))
			return err
		},
	}
}

// exitMeanings say what the exit codes tell. docs/cli.md has the same.
var exitMeanings = []struct {
	code    int
	meaning string
}{
	{exitOK, "done; also where the reader of our output has stopped reading"},
	{exitBug, "a bug of ours"},
	{exitUsage, "a command line or a setting that cannot be used"},
	{exitToken, "no valid token"},
	{exitForbidden, "not allowed"},
	{exitNotFound, "not found"},
	{exitConflict, "a conflict with another transaction"},
	{exitInvalid, "the statement, the data or the folder is wrong"},
	{exitLimit, "a limit"},
	{exitUnavailable, "a server that cannot be reached or is not ready, or a folder that another process holds"},
	{exitDamage, "a damaged store"},
	{exitDisk, "a disk, here or of the server, that is full or cannot be read or written; what was printed is not whole"},
	{exitInterrupted, "interrupted"},
}

// manual writes the manual page of all commands, in the macros of man(7).
func manual(root *cobra.Command) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, ".TH KADEDB 1 \"\" \"KadeDB %s\" \"User Commands\"\n", kadedb.Version)
	fmt.Fprintf(&b, ".SH NAME\nkadedb \\- %s\n", roff(strings.ToLower(root.Short[:1])+root.Short[1:]))
	b.WriteString(".SH SYNOPSIS\n.B kadedb\n.I command\n[\\fIflags\\fR] [\\fIarguments\\fR]\n")
	b.WriteString(".SH DESCRIPTION\nStandard output carries data alone: rows, tokens, problems, pages. Whatever speaks to a person goes to standard error.\n")
	manualFlags(&b, root.PersistentFlags())
	b.WriteString(".SH COMMANDS\n")
	for _, c := range allCommands(root) {
		if c == root || c.Hidden || c.Name() == "help" {
			continue
		}
		fmt.Fprintf(&b, ".SS %s\n", roff(strings.TrimSuffix(c.UseLine(), " [flags]")))
		text := c.Long
		if text == "" {
			text = c.Short + "."
		}
		manualText(&b, text)
		if c.Example != "" {
			fmt.Fprintf(&b, ".PP\n.EX\n%s\n.EE\n", roff(c.Example))
		}
		manualFlags(&b, c.LocalNonPersistentFlags())
	}
	b.WriteString(".SH SETTINGS\nA setting comes from its flag, else its variable, else the file of \\fB\\-\\-config\\fR, else its default.\n")
	for _, d := range setting.Table() {
		fmt.Fprintf(&b, ".TP\n\\fB\\-\\-%s\\fR, \\fB%s\\fR", roff(string(d.Name)), roff(d.Env()))
		if d.Default != "" {
			fmt.Fprintf(&b, " (%s)", roff(d.Default))
		}
		fmt.Fprintf(&b, "\n%s\n", roff(d.Doc))
	}
	b.WriteString(".SH EXIT STATUS\n")
	for _, e := range exitMeanings {
		fmt.Fprintf(&b, ".TP\n.B %d\n%s\n", e.code, roff(e.meaning))
	}
	b.WriteString(".SH ENVIRONMENT\n")
	for _, e := range [][2]string{
		{"KADEDB_SERVER, KADEDB_DATA", "whom to ask where no flag says so"},
		{"KADEDB_TOKEN", "the token for the server"},
		{"KADEDB_CONFIG", "file of settings; each setting also has a variable of its own, named with its flag above"},
		{"KADEDB_PAGER, PAGER", "what the shell shows long results with (less -SRX); empty for nothing"},
		{"NO_COLOR", "print no colours"},
		{"TERM, LC_ALL, LC_CTYPE, LANG", "a dumb terminal, or a locale that is not UTF-8, gets ASCII alone"},
		{"XDG_STATE_HOME", "folder below which the shell keeps kadedb/history (~/.local/state)"},
	} {
		fmt.Fprintf(&b, ".TP\n.B %s\n%s\n", roff(e[0]), roff(e[1]))
	}
	return b.Bytes()
}

// manualText writes paragraphs; indented lines stay as they are.
func manualText(b *bytes.Buffer, text string) {
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		if strings.HasPrefix(paragraph, "  ") {
			fmt.Fprintf(b, ".PP\n.EX\n%s\n.EE\n", roff(paragraph))
			continue
		}
		fmt.Fprintf(b, ".PP\n%s\n", roff(paragraph))
	}
}

// manualFlags writes flags; settings have a section of their own.
func manualFlags(b *bytes.Buffer, flags *pflag.FlagSet) {
	settings := 0
	flags.VisitAll(func(f *pflag.Flag) {
		if _, is := settingOf(f); is {
			settings++
		} else if !f.Hidden && f.Name != "help" {
			manualFlag(b, f)
		}
	})
	if settings > 0 {
		var names []string
		flags.VisitAll(func(f *pflag.Flag) {
			if _, is := settingOf(f); is {
				names = append(names, "\\fB\\-\\-"+roff(f.Name)+"\\fR")
			}
		})
		fmt.Fprintf(b, ".PP\nand the settings %s.\n", strings.Join(names, ", "))
	}
}

func manualFlag(b *bytes.Buffer, f *pflag.Flag) {
	name := "\\fB\\-\\-" + roff(f.Name)
	if f.Shorthand != "" {
		name = "\\fB\\-" + f.Shorthand + "\\fR, " + name
	}
	if value := flagValue(f); value != "" {
		name += " \\fI" + roff(value) + "\\fR"
	}
	fmt.Fprintf(b, ".TP\n%s\\fR\n%s\n", name, roff(flagHelp(f)[1]))
}

var roffEscapes = strings.NewReplacer(`\`, `\e`, "-", `\-`)

// roff escapes text. A line that begins like a request is none.
func roff(text string) string {
	lines := strings.Split(roffEscapes.Replace(text), "\n")
	for i, l := range lines {
		if strings.HasPrefix(l, ".") || strings.HasPrefix(l, "'") {
			lines[i] = `\&` + l
		}
	}
	return strings.Join(lines, "\n")
}
