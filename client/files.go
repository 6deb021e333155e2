package client

import (
	"context"
	"io"
	"net/http"
	"net/url"

	"github.com/kadedb/kadedb/status"
)

// Export writes to w what /v1/export answers in a format: the rows of a query, or where
// it is "" the whole graph. An answer that breaks off is an error.
func (c *Client) Export(ctx context.Context, format string, r Request, w io.Writer) error {
	res, err := c.send(ctx, http.MethodPost, "/v1/export?format="+url.QueryEscape(format), "*/*", requestBody(&r))
	if err != nil {
		return err
	}
	defer res.Body.Close()
	out := &target{w: w}
	if _, err := io.Copy(out, res.Body); err != nil {
		if out.err != nil {
			return status.Errorf(status.DiskError, "writing the export: %w", out.err)
		}
		return unreachable(ctx, c.base, err)
	}
	return nil
}

// target tells its own errors from those of the connection.
type target struct {
	w   io.Writer
	err error
}

// Write is part of io.Writer.
func (t *target) Write(p []byte) (int, error) {
	n, err := t.w.Write(p)
	t.err = err
	return n, err
}
