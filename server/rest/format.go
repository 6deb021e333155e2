package rest

import (
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/transfer/tabular"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// format is the form of a query's answer.
type format struct {
	name   string // its media type
	typed  bool   // values say their types
	stream bool   // rows go out as they are found
	file   func(w io.Writer, columns []string) (rowFile, error)
}

// rowFile writes rows in a form that has no room for a report: it is whole when Close
// has ended it.
type rowFile interface {
	Append(row []value.Value) error
	Close() error
}

// formats are what /v1/query answers, the usual one first.
var formats = []format{
	{name: "application/json"},
	{name: "application/x-ndjson", stream: true},
	{name: wire.TypedJSON, typed: true},
	{name: wire.TypedLines, typed: true, stream: true},
	{name: "text/csv", stream: true, file: func(w io.Writer, columns []string) (rowFile, error) {
		return transfer.NewRowFile(w, transfer.ExportCSV, columns, "")
	}},
	{name: "application/vnd.apache.arrow.stream", stream: true, file: func(w io.Writer, columns []string) (rowFile, error) {
		return tabular.NewRowStream(w, columns), nil
	}},
}

// formatFor returns the form that a request asks for: of those that its Accept header
// names the one that it likes best, the first of equals.
func formatFor(r *http.Request) (*format, error) {
	headers := r.Header["Accept"]
	if len(headers) == 0 {
		return &formats[0], nil
	}
	var best *format
	most, some := 0.0, false
	for _, header := range headers {
		for part := range strings.SplitSeq(header, ",") {
			part = strings.TrimSpace(part)
			if part == "" {
				continue
			}
			some = true
			if f, q := accepted(part); f != nil && q > most {
				best, most = f, q
			}
		}
	}
	if best == nil && some {
		return nil, status.Errorf(status.NotAcceptable, "none of %.200q can be answered", strings.Join(headers, ", ")).
			WithHint("ask for %s; POST /v1/export writes files", formatNames())
	}
	if best == nil {
		best = &formats[0]
	}
	return best, nil
}

func formatNames() string {
	names := make([]string, len(formats))
	for i := range formats {
		names[i] = formats[i].name
	}
	return strings.Join(names, ", ")
}

// accepted returns what one part of an Accept header asks for, and how much.
func accepted(part string) (*format, float64) {
	if f := formatOf(part); f != nil {
		return f, 1
	}
	kind, params, err := mime.ParseMediaType(part)
	if err != nil {
		return nil, 0
	}
	q := 1.0
	if text, ok := params["q"]; ok {
		if q, err = strconv.ParseFloat(text, 64); err != nil || !(q >= 0 && q <= 1) {
			return nil, 0
		}
	}
	return formatOf(kind), q
}

func formatOf(kind string) *format {
	for i := range formats {
		if kind == formats[i].name {
			return &formats[i]
		}
	}
	if family, ok := strings.CutSuffix(kind, "/*"); ok {
		for i := range formats {
			if family == "*" || strings.HasPrefix(formats[i].name, family+"/") {
				return &formats[i]
			}
		}
	}
	return nil
}

// encoderFor returns what writes the values of an answer in f.
func encoderFor(r *http.Request, f *format) (wire.Encoder, error) {
	e := wire.Encoder{Typed: f.typed}
	if r.URL.RawQuery == "" {
		return e, nil
	}
	switch ints := r.URL.Query().Get("ints"); ints {
	case "", "number":
	case "string":
		e.IntsAsStrings = true
	default:
		return e, status.Errorf(status.MalformedRequest, "`ints` is %.100q", ints).WithHint("ask for ?ints=string, or leave it out")
	}
	return e, nil
}

// readRequest reads a request's body: JSON or typed JSON, as its Content-Type says. Where
// only is given, those are the fields that it may have.
func readRequest(c *front.Call, only ...string) (*wire.Request, error) {
	body, err := c.Body()
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return &wire.Request{}, nil
	}
	return wire.DecodeRequest(body, c.Typed, c.Reserve, only...)
}
