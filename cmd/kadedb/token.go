package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/cmd/kadedb/render"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

func (a *app) tokenCommand() *cobra.Command {
	c := &cobra.Command{Use: "token", Short: "Make, list and revoke tokens", Args: onlyCommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(a.err)
			return cmd.Help()
		}}
	c.AddCommand(a.tokenCreate(), a.tokenList(), a.tokenRevoke())
	return c
}

// tokens manages the tokens of a folder's store, or of a server's.
type tokens interface {
	create(ctx context.Context, name, role string) (client.Token, error)
	list(ctx context.Context) ([]client.Token, error)
	revoke(ctx context.Context, id string) error
	close() error
}

func (t *target) openTokens(a *app, cmd *cobra.Command, dir string) (tokens, error) {
	if err := t.resolve(a, dir); err != nil {
		return nil, err
	}
	if t.server != "" {
		c, err := a.connect(t.server, t.token)
		return remoteTokens{c}, err
	}
	db, err := t.openStore(a, cmd)
	return storeTokens{db}, err
}

// withTokens runs f and closes what it used.
func withTokens(t tokens, f func() error) error {
	err := f()
	if cerr := t.close(); err == nil {
		err = cerr
	}
	return err
}

type storeTokens struct{ db *kadedb.DB }

func tokenOf(t auth.Token) client.Token {
	return client.Token{ID: t.ID, Name: t.Name, Role: t.Role.String(), CreatedAt: t.Created.Format("2006-01-02T15:04:05Z07:00")}
}

func (s storeTokens) create(_ context.Context, name, role string) (client.Token, error) {
	r, err := auth.ParseRole(role)
	if err != nil {
		return client.Token{}, err
	}
	made, secret, err := s.db.Tokens().Create(name, r)
	if err != nil {
		return client.Token{}, err
	}
	t := tokenOf(made)
	t.Secret = secret
	return t, nil
}

func (s storeTokens) list(context.Context) ([]client.Token, error) {
	var out []client.Token
	for _, t := range s.db.Tokens().List() {
		out = append(out, tokenOf(t))
	}
	return out, nil
}

func (s storeTokens) revoke(_ context.Context, id string) error { return s.db.Tokens().Revoke(id) }
func (s storeTokens) close() error                              { return s.db.Close() }

type remoteTokens struct{ c *client.Client }

func (r remoteTokens) create(ctx context.Context, name, role string) (client.Token, error) {
	return r.c.CreateToken(ctx, name, role)
}
func (r remoteTokens) list(ctx context.Context) ([]client.Token, error) { return r.c.Tokens(ctx) }
func (r remoteTokens) revoke(ctx context.Context, id string) error      { return r.c.RevokeToken(ctx, id) }
func (r remoteTokens) close() error                                     { r.c.Close(); return nil }

func argument(args []string, i int) string {
	if i < len(args) {
		return args[i]
	}
	return ""
}

func (a *app) tokenCreate() *cobra.Command {
	var t target
	var role, name string
	cmd := &cobra.Command{Use: "create [DIR] --role ROLE", Short: "Make a token and print it, once", Args: exactly(0, 1)}
	t.flags(cmd)
	cmd.Flags().StringVar(&role, "role", "", "reader, writer or admin")
	cmd.Flags().StringVar(&name, "name", "", "what to call it in lists")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if _, err := auth.ParseRole(role); err != nil {
			return status.Errorf(status.InvalidUsage, "--role is %q", role).WithHint("roles are reader, writer and admin")
		}
		tokens, err := t.openTokens(a, cmd, argument(args, 0))
		if err != nil {
			return err
		}
		return withTokens(tokens, func() error {
			made, err := tokens.create(cmd.Context(), name, role)
			if err != nil {
				return err
			}
			a.say("token %s of role %s; it is shown this once:", made.ID, made.Role)
			_, err = fmt.Fprintln(a.out, made.Secret)
			return err
		})
	}
	return cmd
}

func (a *app) tokenList() *cobra.Command {
	var t target
	cmd := &cobra.Command{Use: "list [DIR]", Short: "List the tokens", Args: exactly(0, 1)}
	t.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		tokens, err := t.openTokens(a, cmd, argument(args, 0))
		if err != nil {
			return err
		}
		return withTokens(tokens, func() error {
			list, err := tokens.list(cmd.Context())
			if err != nil {
				return err
			}
			if a.screen().Columns > 0 {
				return a.showTokens(list)
			}
			for _, tok := range list {
				if _, err := fmt.Fprintf(a.out, "%s\t%s\t%s\t%s\n", tok.ID, tok.Role, tok.CreatedAt, printable(tok.Name)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return cmd
}

// showTokens prints tokens as a table, for a person; a pipe gets fields parted by tabs.
func (a *app) showTokens(list []client.Token) error {
	w, err := render.New(a.out, a.renderOptions("table"))
	if err != nil {
		return err
	}
	rows := &textRows{columns: []string{"id", "role", "created", "name"}}
	for _, t := range list {
		rows.rows = append(rows.rows, []string{t.ID, t.Role, t.CreatedAt, t.Name})
	}
	if _, err := w.Write(rows); err != nil {
		return err
	}
	return w.Close()
}

// textRows are rows of text that are there already.
type textRows struct {
	columns []string
	rows    [][]string
	at      int
}

func (r *textRows) Columns() []string { return r.columns }
func (r *textRows) Next() bool        { r.at++; return r.at <= len(r.rows) }
func (r *textRows) Close() error      { return nil }

func (r *textRows) Values() []value.Value {
	var vals []value.Value
	for _, s := range r.rows[r.at-1] {
		vals = append(vals, value.String(s))
	}
	return vals
}

func (a *app) tokenRevoke() *cobra.Command {
	var t target
	cmd := &cobra.Command{Use: "revoke ID [DIR]", Short: "Revoke a token, and end what it has open", Args: exactly(1, 2)}
	t.flags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		tokens, err := t.openTokens(a, cmd, argument(args, 1))
		if err != nil {
			return err
		}
		return withTokens(tokens, func() error {
			if err := tokens.revoke(cmd.Context(), args[0]); err != nil {
				return err
			}
			a.say("token %s is revoked", args[0])
			return nil
		})
	}
	return cmd
}
