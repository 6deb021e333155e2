package rest

import (
	"net/url"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// operation is one method of one address. Register and /openapi.json read the list.
type operation struct {
	id, method, path string
	access           front.Access
	run              func(*front.Call) error // nil: another package answers it
	doc              string
	query            []parameter
	body             []content // one of them; needed unless optional is set
	optional         bool
	answers          map[int][]content
}

type parameter struct {
	name, doc string
	values    []string
}

// content is a body of a media type. of is a value of its Go type; nil: bytes.
type content struct {
	media string
	of    any
	doc   string
}

const jsonType = "application/json"

func jsonOf(v any) []content { return []content{{media: jsonType, of: v}} }

func ok(c []content) map[int][]content { return map[int][]content{200: c} }

// jsonBodies are a body in JSON or typed JSON.
func jsonBodies(v any) []content {
	return []content{{media: jsonType, of: v}, {media: wire.TypedJSON, of: v, doc: "values may be {\"$type\", \"value\"}"}}
}

func queryAnswers() []content {
	var out []content
	for _, f := range formats {
		switch {
		case f.file != nil:
			out = append(out, content{media: f.name, doc: "the rows; an answer that breaks off has no last chunk"})
		case f.stream:
			out = append(out, content{media: f.name, doc: "a QueryLine a line: columns, rows, and a report or an error"})
		default:
			out = append(out, content{media: f.name, of: queryAnswer{}})
		}
	}
	return out
}

func exportAnswers() []content {
	out := []content{{media: "application/zip", doc: "the files of the whole graph"}}
	for _, f := range exportFormats {
		media, _, _ := strings.Cut(exportTypes[f], ";")
		out = append(out, content{media: media, doc: string(f)})
	}
	return out
}

func exportNames() []string {
	var out []string
	for _, f := range exportFormats {
		out = append(out, string(f))
	}
	return out
}

func operations() []operation {
	ints := parameter{"ints", "how integers and ids are written", []string{"number", "string"}}
	return []operation{
		{id: "welcome", method: "GET", path: "/", access: front.Public, run: welcome, doc: "What this is and what to try", answers: ok([]content{{media: "text/plain"}})},
		{id: "openapi", method: "GET", path: "/openapi.json", access: front.Public, doc: "This description", answers: ok(jsonOf(map[string]any{}))},
		{id: "query", method: "POST", path: "/v1/query", access: front.ForReaders, run: runQuery, doc: "Run a statement; the Accept header chooses the form of the answer",
			query: []parameter{ints}, body: jsonBodies(wire.Request{}), answers: ok(queryAnswers())},
		{id: "export", method: "POST", path: "/v1/export", access: front.ForReaders, run: export, doc: "The rows of a query, or without one the whole graph, as files",
			query: []parameter{{"format", "of the files", exportNames()}}, body: jsonBodies(wire.Request{}), optional: true, answers: ok(exportAnswers())},
		{id: "import", method: "POST", path: "/v1/import", access: front.ForWriters, run: importFiles, doc: "Import files of nodes and relationships, all or nothing",
			body: []content{{media: "multipart/form-data", of: importForm{}}}, answers: ok(append(jsonOf(importAnswer{}), content{media: linesType, of: importLine{}, doc: "what happens, as it does"}))},
		{id: "begin", method: "POST", path: "/v1/tx", access: front.ForReaders, run: begin, doc: "Open a transaction",
			body: jsonBodies(beginRequest{}), optional: true, answers: ok(jsonOf(txAnswer{}))},
		{id: "commit", method: "POST", path: "/v1/tx/{id}/commit", access: front.ForReaders, run: commit, doc: "Commit a transaction", answers: ok(jsonOf(committedAnswer{}))},
		{id: "rollback", method: "DELETE", path: "/v1/tx/{id}", access: front.ForReaders, run: rollback, doc: "Roll a transaction back", answers: ok(jsonOf(rolledBackAnswer{}))},
		{id: "schema", method: "GET", path: "/v1/schema", access: front.ForReaders, run: schema, doc: "Labels, types, property keys, indexes, constraints", answers: ok(jsonOf(schemaAnswer{}))},
		{id: "listTokens", method: "GET", path: "/v1/tokens", access: front.ForAdmins, run: listTokens, doc: "The tokens", answers: ok(jsonOf(tokensAnswer{}))},
		{id: "createToken", method: "POST", path: "/v1/tokens", access: front.ForAdmins, run: createToken, doc: "Make a token",
			body: jsonBodies(tokenRequest{}), answers: ok(jsonOf(tokenAnswer{}))},
		{id: "revokeToken", method: "DELETE", path: "/v1/tokens/{id}", access: front.ForAdmins, run: revokeToken, doc: "Revoke a token", answers: ok(jsonOf(revokedAnswer{}))},
		{id: "status", method: "GET", path: "/v1/status", access: front.ForReaders, doc: "How the server and its store are", answers: ok(jsonOf(wire.ServerStatus{}))},
		{id: "webSocket", method: "GET", path: "/v1/ws", access: front.ForSessions, doc: "Many statements over one connection: docs/protocol-ws.md", answers: map[int][]content{101: nil}},
		{id: "metrics", method: "GET", path: "/metrics", access: front.ForReaders, doc: "For Prometheus", answers: ok([]content{{media: "text/plain"}})},
		{id: "live", method: "GET", path: "/livez", access: front.Public, doc: "Does the process live", answers: ok(jsonOf(liveAnswer{}))},
		{id: "ready", method: "GET", path: "/readyz", access: front.Public, doc: "Does it answer",
			answers: map[int][]content{200: jsonOf(readyAnswer{}), 503: jsonOf(readyAnswer{})}},
	}
}

// Register adds the interface's routes to s.
func Register(s *front.Server) {
	s.Handle("GET", "/openapi.json", front.Public, openAPI())
	for _, o := range operations() {
		if o.run != nil {
			s.Handle(o.method, o.path, o.access, func(c *front.Call) error {
				if err := o.checkQuery(c.R.URL.RawQuery); err != nil {
					return err
				}
				return o.run(c)
			})
		}
	}
}

// checkQuery refuses parameters that the operation does not know, so that a misspelt
// one is not a missing one.
func (o *operation) checkQuery(raw string) error {
	if raw == "" {
		return nil
	}
	given, err := url.ParseQuery(raw)
	if err != nil {
		return status.Errorf(status.MalformedRequest, "the parameters of the address cannot be read: %.200q", raw)
	}
	var known []string
	for _, p := range o.query {
		known = append(known, p.name)
	}
	for name, values := range given {
		switch {
		case !slices.Contains(known, name):
			e := status.Errorf(status.MalformedRequest, "the address has an unknown parameter %.100q", name)
			if len(known) == 0 {
				return e.WithHint("%s takes none", o.path)
			}
			return e.WithHint("known are %s", strings.Join(known, ", "))
		case len(values) > 1:
			return status.Errorf(status.MalformedRequest, "the parameter `%s` of the address stands twice", name)
		}
	}
	return nil
}
