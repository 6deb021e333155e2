package client

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
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

// Upload is a file for Import. Open is called once, when it is its turn.
type Upload struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Import sends files, which spec, a JSON object, describes: see docs/import.md. It
// returns the answer's object.
func (c *Client) Import(ctx context.Context, spec []byte, files []Upload) (*value.Map, error) {
	pr, pw := io.Pipe()
	form := multipart.NewWriter(pw)
	sent := make(chan error, 1)
	go func() {
		err := sendForm(form, spec, files)
		// Both the reader's side and the caller hear of it.
		sent <- err
		pw.CloseWithError(err)
	}()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/v1/import", pr)
	if err != nil {
		pr.CloseWithError(err)
		return nil, status.Errorf(status.InvalidUsage, "%w", err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.RoundTrip(req)
	pr.CloseWithError(io.ErrClosedPipe)
	if serr := <-sent; err != nil && serr != nil && status.CodeOf(serr) != status.Internal {
		return nil, serr
	}
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	v, err := wire.Decode(b)
	if err != nil || v.Kind() != value.KindMap {
		return nil, status.Errorf(status.Unreachable, "%s answered %s, and is no KadeDB server", c.base, res.Status)
	}
	if res.StatusCode != http.StatusOK {
		return nil, wire.DecodeError(v.AsMap())
	}
	return v.AsMap(), nil
}

func sendForm(form *multipart.Writer, spec []byte, files []Upload) error {
	w, err := form.CreateFormField("spec")
	if err == nil {
		_, err = w.Write(spec)
	}
	for _, f := range files {
		if err != nil {
			return err
		}
		err = sendFile(form, f)
	}
	if err != nil {
		return err
	}
	return form.Close()
}

func sendFile(form *multipart.Writer, f Upload) error {
	w, err := form.CreateFormFile(f.Name, f.Name)
	if err != nil {
		return err
	}
	in, err := f.Open()
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		return errorOf(err, in.Close())
	}
	return in.Close()
}

// errorOf is err, unless there is none.
func errorOf(err, other error) error {
	if err != nil {
		return err
	}
	return other
}
