package client

import (
	"context"
	"io"
	"net/http"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// Status asks the server how it is.
func (c *Client) Status(ctx context.Context) (s wire.ServerStatus, err error) {
	res, err := c.send(ctx, "GET", "/v1/status", "application/json", nil)
	if err != nil {
		return s, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return s, unreachable(ctx, c.base, err)
	}
	return wire.DecodeServerStatus(b)
}

// Ready asks the server whether it takes requests, for which it wants no token. state
// is "ready", or why it does not.
func (c *Client) Ready(ctx context.Context) (state string, err error) {
	req, err := http.NewRequestWithContext(ctx, "GET", c.base+"/readyz", nil)
	if err != nil {
		return "", status.Errorf(status.InvalidUsage, "%w", err)
	}
	res, err := c.http.RoundTrip(req)
	if err != nil {
		return "", unreachable(ctx, c.base, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return "", unreachable(ctx, c.base, err)
	}
	v, err := wire.Decode(b)
	if err == nil && v.Kind() == value.KindMap {
		state = text(v.AsMap(), "status")
	}
	if state == "" {
		return "", status.Errorf(status.Unreachable, "%s answered %s, and is no KadeDB server", c.base, res.Status)
	}
	return state, nil
}
