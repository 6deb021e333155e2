package main

import (
	"bufio"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/internal/memory"
	"github.com/kadedb/kadedb/internal/setting"
	"github.com/kadedb/kadedb/query/procedure"
	"github.com/kadedb/kadedb/status"
)

// storeSettings are those that a command takes which opens a folder itself.
var storeSettings = []setting.Name{setting.Memory, setting.ImportDir, setting.LogLevel, setting.LogFormat, setting.QueryMemory,
	setting.QueryTime, setting.PathRows, setting.PathLength, setting.TxMemory, setting.LogKeepAge, setting.LogKeepSize,
	setting.CheckpointSize, setting.PlanCache}

// settingFlags gives cmd a flag for each of names.
func settingFlags(cmd *cobra.Command, names ...setting.Name) {
	for _, n := range names {
		d, ok := setting.Lookup(n)
		if !ok {
			panic("no setting " + string(n))
		}
		cmd.Flags().String(string(n), d.Default, settingUsage(d))
	}
}

func settingUsage(d setting.Setting) string { return d.Doc + " (" + d.Env() + ")" }

func allSettings() []setting.Name {
	var names []setting.Name
	for _, s := range setting.Table() {
		names = append(names, s.Name)
	}
	return names
}

// env returns an environment variable.
func (a *app) env(name string) string {
	val, _ := a.lookupEnv(name)
	return val
}

func (a *app) lookupEnv(name string) (val string, set bool) {
	for _, e := range a.environ {
		if k, v, ok := strings.Cut(e, "="); ok && k == name {
			val, set = v, true
		}
	}
	return val, set
}

// settings reads what is in force: defaults, the file, the environment, cmd's flags.
func (a *app) settings(cmd *cobra.Command) (*setting.Set, error) {
	set := setting.New()
	file := a.config
	if file == "" {
		file = a.env("KADEDB_CONFIG")
	}
	if file != "" {
		values, err := readSettings(file)
		if err != nil {
			return nil, err
		}
		if err := set.Load(setting.FromFile, values); err != nil {
			return nil, err
		}
	}
	env, flags := map[string]string{}, map[string]string{}
	for _, d := range setting.Table() {
		if v := a.env(d.Env()); v != "" {
			env[string(d.Name)] = v
		}
		if f := cmd.Flags().Lookup(string(d.Name)); f != nil && f.Changed {
			flags[string(d.Name)] = f.Value.String()
		}
	}
	if err := set.Load(setting.FromEnv, env); err != nil {
		return nil, err
	}
	return set, set.Load(setting.FromFlag, flags)
}

// readSettings reads a file of lines `name = value`; # starts a comment, and a value
// may stand in double quotes. That is also TOML without its sections.
func readSettings(file string) (map[string]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, status.Errorf(status.InvalidSetting, "the file of settings cannot be read: %w", err)
	}
	defer f.Close()
	values := map[string]string{}
	in := bufio.NewScanner(f)
	for n := 1; in.Scan(); n++ {
		line := strings.TrimSpace(in.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		name, val, ok := strings.Cut(line, "=")
		name, val = strings.TrimSpace(name), strings.TrimSpace(val)
		if !ok || name == "" {
			return nil, status.Errorf(status.InvalidSetting, "%s, line %d: %q is not `name = value`", file, n, line)
		}
		if strings.HasPrefix(val, `"`) {
			quoted, err := strconv.QuotedPrefix(val)
			rest := strings.TrimSpace(strings.TrimPrefix(val, quoted))
			if err != nil || rest != "" && rest[0] != '#' {
				return nil, status.Errorf(status.InvalidSetting, "%s, line %d: the quotes do not fit", file, n)
			}
			if val, err = strconv.Unquote(quoted); err != nil {
				return nil, status.Errorf(status.InvalidSetting, "%s, line %d: %w", file, n, err)
			}
		} else if i := strings.Index(val, " #"); i >= 0 {
			val = strings.TrimSpace(val[:i])
		}
		if _, twice := values[name]; twice {
			return nil, status.Errorf(status.InvalidSetting, "%s, line %d: `%s` is set twice", file, n, name)
		}
		values[name] = val
	}
	if err := in.Err(); err != nil {
		return nil, status.Errorf(status.InvalidSetting, "reading %s: %w", file, err)
	}
	return values, nil
}

// storeOptions turns settings into what Open takes.
func storeOptions(set *setting.Set, log *slog.Logger) *kadedb.Options {
	budget := set.Size(setting.Memory, memory.Machine())
	o := &kadedb.Options{
		Memory: budget,
		Limits: kadedb.Limits{Memory: set.Size(setting.QueryMemory, budget), Time: set.Duration(setting.QueryTime),
			Rows: set.Count(setting.QueryRows), PathRows: set.Count(setting.PathRows), PathLength: int(set.Count(setting.PathLength))},
		TxLimits: kadedb.TxLimits{Idle: set.Duration(setting.TxIdle), Time: set.Duration(setting.TxTime), Open: int(set.Count(setting.TxOpen))},
		TxMemory: set.Size(setting.TxMemory, budget), ImportDir: set.Text(setting.ImportDir),
		LogKeepAge: orNone(set.Duration(setting.LogKeepAge)), LogKeepBytes: orNone(set.Size(setting.LogKeepSize, 0)),
		CheckpointBytes: orNone(set.Size(setting.CheckpointSize, 0)), Logger: log,
	}
	o.Engine.PlanCache = int(set.Count(setting.PlanCache))
	o.Engine.NoPlanCache = o.Engine.PlanCache == 0
	for _, d := range setting.Table() {
		o.Settings = append(o.Settings, procedure.Setting{Name: string(d.Name), Value: set.Text(d.Name), Default: d.Default,
			Origin: set.Origin(d.Name).String(), Doc: d.Doc})
	}
	return o
}

// orNone turns the 0 that a user writes for "none" into the negative number that
// Options take for it.
func orNone[T ~int64](n T) T {
	if n == 0 {
		return -1
	}
	return n
}

func (a *app) logger(set *setting.Set) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(set.Text(setting.LogLevel))); err != nil {
		panic("setting: " + err.Error()) // Load has checked it
	}
	o := &slog.HandlerOptions{Level: level}
	if a.json || set.Text(setting.LogFormat) == "json" {
		return slog.New(slog.NewJSONHandler(a.err, o))
	}
	return slog.New(slog.NewTextHandler(a.err, o))
}

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{Use: "config", Short: "Show the settings in force", Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(a.err)
			return cmd.Help()
		}}
	show := &cobra.Command{Use: "show", Short: "Print every setting, as a file of settings", Args: exactly(0, 0)}
	origin := show.Flags().Bool("origin", false, "also print where each comes from")
	settingFlags(show, allSettings()...)
	show.RunE = func(cmd *cobra.Command, _ []string) error {
		set, err := a.settings(cmd)
		if err != nil {
			return err
		}
		for _, d := range setting.Table() {
			line := fmt.Sprintf("%s = %q", d.Name, set.Text(d.Name))
			if *origin {
				line = fmt.Sprintf("%-32s # %s", line, set.Origin(d.Name))
			}
			if _, err := fmt.Fprintln(a.out, line); err != nil {
				return err
			}
		}
		return nil
	}
	c.AddCommand(show)
	return c
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print the version", Args: exactly(0, 0), RunE: func(*cobra.Command, []string) error {
		revision := ""
		if info, ok := debug.ReadBuildInfo(); ok {
			for _, s := range info.Settings {
				if s.Key == "vcs.revision" {
					revision = " " + s.Value
				}
			}
		}
		_, err := fmt.Fprintf(a.out, "kadedb %s%s %s %s/%s\n", kadedb.Version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}}
}
