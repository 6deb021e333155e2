package main

import (
	"os"

	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/status"
)

// connect returns a client of a server, which trusts the certificates of --ca. An empty token is
// that of KADEDB_TOKEN.
func (a *app) connect(server, token string) (*client.Client, error) {
	if token == "" {
		token = a.env("KADEDB_TOKEN")
	}
	c, err := client.New(server, token)
	if err != nil {
		return nil, err
	}
	name := a.ca
	if name == "" {
		name = a.env("KADEDB_CA")
	}
	if name == "" {
		return c, nil
	}
	pem, err := os.ReadFile(name)
	if err != nil {
		return nil, status.Errorf(status.InvalidUsage, "`ca` cannot be read: %w", err)
	}
	if err := c.Trust(pem); err != nil {
		return nil, status.Errorf(status.InvalidUsage, "%s: %w", name, err)
	}
	return c, nil
}
