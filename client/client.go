// Package client asks a KadeDB server over its REST interface.
//
//	c, err := client.New("http://127.0.0.1:7480", os.Getenv("KADEDB_TOKEN"))
//	rows, err := c.Query(ctx, client.Request{Query: "MATCH (a:Airport) RETURN a.iata AS iata"})
//	for rows.Next() {
//		fmt.Println(rows.Values()[0])
//	}
//	err = rows.Close()
//
// Rows are streamed: they are read as they are asked for, and Close before the end
// cancels the statement. Every value arrives as it is in the store. Every error that the
// server knows is a *status.Error; one of the connection is too, with code Unreachable.
package client

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"sync"
	"time"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// Request is one statement with what bounds it.
type Request = wire.Request

// Report is what follows an answer's rows.
type Report = wire.Report

// Client asks one server. It is safe for several goroutines.
type Client struct {
	base  string
	token string
	http  *http.Transport // follows no redirects, and keeps no cookies
	tls   *tls.Config     // nil: the system's certificates are trusted
}

// New returns a client of the server at base, a URL. It asks nothing yet. token may
// be "" where the server wants none.
func New(base, token string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" {
		return nil, status.Errorf(status.InvalidUsage, "%q is not a server's address", base).WithHint("write it as http://127.0.0.1:7480")
	}
	if u.Path == "/" {
		u.Path = ""
	}
	// Within one machine compression costs more than it saves.
	transport := &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second,
		DisableCompression: loopback(u.Hostname())}
	return &Client{base: u.String(), token: token, http: transport}, nil
}

// Trust makes the certificates of a PEM file the only ones that a server at an https
// address may be signed by. It is for the time before the first request.
func (c *Client) Trust(pem []byte) error {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return status.Errorf(status.InvalidUsage, "there is no certificate in PEM to trust")
	}
	c.tls = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	c.http.TLSClientConfig = c.tls
	return nil
}

func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback() || host == "localhost"
}

// URL returns the server's address.
func (c *Client) URL() string { return c.base }

// Close closes idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// maxAnswer bounds a body that is read as a whole.
const maxAnswer = 64 << 20

func (c *Client) send(ctx context.Context, method, path, accept string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, status.Errorf(status.InvalidUsage, "%w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", wire.TypedJSON)
	}
	req.Header.Set("Accept", accept)
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token)
	}
	res, err := c.http.RoundTrip(req)
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	if res.StatusCode == http.StatusOK {
		return res, nil
	}
	defer res.Body.Close()
	return nil, c.refused(ctx, res)
}

// refused reads the error of an answer that is none.
func (c *Client) refused(ctx context.Context, res *http.Response) error {
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return unreachable(ctx, c.base, err)
	}
	v, err := wire.Decode(b)
	if err != nil || v.Kind() != value.KindMap {
		return status.Errorf(status.Unreachable, "%s answered %s, and is no KadeDB server", c.base, res.Status)
	}
	return wire.DecodeError(v.AsMap())
}

func requestBody(r *Request) []byte { return wire.Encoder{Typed: true}.AppendRequest(nil, r) }

func unreachable(ctx context.Context, base string, err error) error {
	if ended := status.Ended(ctx, "a request"); ended != nil {
		return ended
	}
	e := status.Errorf(status.Unreachable, "%s cannot be reached: %w", base, err)
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &untrusted) {
		return e.WithHint("give the certificate that signed the server's with --ca FILE, and the name that it is for as the address")
	}
	return e.WithHint("is `kadedb serve` running there?")
}

// object sends a request whose answer is one object.
func (c *Client) object(ctx context.Context, method, path string, body []byte) (*value.Map, error) {
	res, err := c.send(ctx, method, path, "application/json", body)
	if err != nil {
		return nil, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, unreachable(ctx, c.base, err)
	}
	v, err := wire.DecodeAnswer(b)
	if err != nil || v.Kind() != value.KindMap {
		return nil, status.Errorf(status.Unreachable, "%s%s answered with something else than an object", c.base, path)
	}
	return v.AsMap(), nil
}

// Rows are a statement's rows, for one goroutine. They must be closed.
type Rows struct {
	ctx     context.Context
	cancel  context.CancelFunc
	base    string
	body    io.ReadCloser
	in      *bufio.Reader
	columns []string
	row     []value.Value
	report  *Report // set by the last line
	err     error
	done    bool
}

// readers are pooled: most answers are much shorter than the buffer.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 64<<10) }}

// Query runs a statement. It returns when the first line of the answer is there.
func (c *Client) Query(ctx context.Context, r Request) (*Rows, error) {
	ctx, cancel := context.WithCancel(ctx)
	res, err := c.send(ctx, http.MethodPost, "/v1/query", wire.TypedLines, requestBody(&r))
	if err != nil {
		cancel()
		return nil, err
	}
	rows := &Rows{ctx: ctx, cancel: cancel, base: c.base, body: res.Body, in: readers.Get().(*bufio.Reader)}
	rows.in.Reset(res.Body)
	v, err := rows.line()
	if err != nil {
		rows.err = err
		return nil, rows.Close()
	}
	if v.Kind() == value.KindMap {
		if cols, ok := v.AsMap().Get("columns"); ok && cols.Kind() == value.KindList {
			for _, n := range cols.Elems() {
				if n.Kind() != value.KindString {
					break
				}
				rows.columns = append(rows.columns, n.AsString())
			}
			return rows, nil
		}
	}
	rows.err = status.Errorf(status.Unreachable, "%s does not answer as a KadeDB server", c.base)
	return nil, rows.Close()
}

// maxLine bounds one row.
const maxLine = 1 << 30

func (r *Rows) line() (value.Value, error) {
	var line []byte
	for {
		part, err := r.in.ReadSlice('\n')
		if line == nil && err == nil {
			line = part
			break
		}
		line = append(line, part...)
		if err == nil {
			break
		}
		if len(line) > maxLine {
			return value.Null, status.Errorf(status.LineTooLong, "a row of more than %d bytes", maxLine)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return value.Null, unreachable(r.ctx, r.base, err)
		}
	}
	return wire.DecodeTypedAnswer(line)
}

// Columns returns the columns' names.
func (r *Rows) Columns() []string { return r.columns }

// Next moves to the next row and reports whether there is one. An answer that ends
// without its last line is an error.
func (r *Rows) Next() bool {
	if r.done || r.err != nil {
		return false
	}
	v, err := r.line()
	if err != nil {
		r.err = err
		return false
	}
	if v.Kind() == value.KindList {
		r.row = v.Elems()
		return true
	}
	r.done = true
	if v.Kind() != value.KindMap {
		r.err = status.Errorf(status.Unreachable, "a line that is neither a row nor a report")
		return false
	}
	if e, ok := v.AsMap().Get("error"); ok && e.Kind() == value.KindMap {
		r.err = wire.DecodeError(e.AsMap())
		return false
	}
	r.report = wire.DecodeReport(v.AsMap())
	return false
}

// Values returns the present row, which stays valid.
func (r *Rows) Values() []value.Value { return r.row }

// Err returns what ended the rows early.
func (r *Rows) Err() error { return r.err }

// Report returns what the statement did, after Next was false.
func (r *Rows) Report() Report {
	if r.report == nil {
		return Report{}
	}
	return *r.report
}

// Close lets go of the answer, cancelling the statement if it still runs, and
// returns the rows' error.
func (r *Rows) Close() error {
	if r.in == nil {
		return r.err
	}
	r.cancel()
	r.in.Reset(nil)
	readers.Put(r.in)
	r.in = nil
	if err := r.body.Close(); r.err == nil && r.done && err != nil {
		r.err = unreachable(context.Background(), r.base, err)
	}
	r.done = true
	return r.err
}

// Exec runs a statement to its end and drops its rows.
func (c *Client) Exec(ctx context.Context, r Request) (Report, error) {
	rows, err := c.Query(ctx, r)
	if err != nil {
		return Report{}, err
	}
	for rows.Next() {
	}
	err = rows.Close()
	return rows.Report(), err
}

// Begin opens a transaction and returns its id, to be given as Request.Tx.
func (c *Client) Begin(ctx context.Context, readOnly bool) (string, error) {
	r := Request{}
	if readOnly {
		r.ReadOnly = &readOnly
	}
	m, err := c.object(ctx, http.MethodPost, "/v1/tx", requestBody(&r))
	if err != nil {
		return "", err
	}
	return text(m, "tx"), nil
}

// Commit commits a transaction.
func (c *Client) Commit(ctx context.Context, tx string) error {
	_, err := c.object(ctx, http.MethodPost, "/v1/tx/"+url.PathEscape(tx)+"/commit", nil)
	return err
}

// Rollback rolls a transaction back.
func (c *Client) Rollback(ctx context.Context, tx string) error {
	_, err := c.object(ctx, http.MethodDelete, "/v1/tx/"+url.PathEscape(tx), nil)
	return err
}

// Token is what an admin sees of a token; Secret only when it was just made.
type Token struct {
	ID, Name, Role, CreatedAt, Secret string
}

func text(m *value.Map, key string) string {
	if v, ok := m.Get(key); ok && v.Kind() == value.KindString {
		return v.AsString()
	}
	return ""
}

func tokenOf(m *value.Map) Token {
	return Token{ID: text(m, "id"), Name: text(m, "name"), Role: text(m, "role"), CreatedAt: text(m, "created_at"), Secret: text(m, "token")}
}

// CreateToken makes a token.
func (c *Client) CreateToken(ctx context.Context, name, role string) (Token, error) {
	body := wire.AppendString([]byte(`{"role":`), role)
	body = append(wire.AppendString(append(body, `,"name":`...), name), '}')
	m, err := c.object(ctx, http.MethodPost, "/v1/tokens", body)
	if err != nil {
		return Token{}, err
	}
	return tokenOf(m), nil
}

// Tokens lists the tokens.
func (c *Client) Tokens(ctx context.Context) ([]Token, error) {
	m, err := c.object(ctx, http.MethodGet, "/v1/tokens", nil)
	if err != nil {
		return nil, err
	}
	var out []Token
	if list, ok := m.Get("tokens"); ok && list.Kind() == value.KindList {
		for _, t := range list.Elems() {
			if t.Kind() == value.KindMap {
				out = append(out, tokenOf(t.AsMap()))
			}
		}
	}
	return out, nil
}

// RevokeToken revokes a token.
func (c *Client) RevokeToken(ctx context.Context, id string) error {
	_, err := c.object(ctx, http.MethodDelete, "/v1/tokens/"+url.PathEscape(id), nil)
	return err
}

// Schema returns what /v1/schema answers.
func (c *Client) Schema(ctx context.Context) (value.Value, error) {
	m, err := c.object(ctx, http.MethodGet, "/v1/schema", nil)
	return value.FromMap(m), err
}
