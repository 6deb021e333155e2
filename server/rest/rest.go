// Package rest is KadeDB's HTTP interface:
//
//	POST   /v1/query              run a statement: JSON, or NDJSON with Accept: application/x-ndjson
//	POST   /v1/export?format=csv  the rows of a query, or the whole graph, as files
//	POST   /v1/import             files of nodes and relationships, as multipart/form-data
//	POST   /v1/tx                 open a transaction
//	POST   /v1/tx/{id}/commit     commit it
//	DELETE /v1/tx/{id}            roll it back
//	GET    /v1/schema             labels, types, keys, indexes, constraints
//	GET    /openapi.json          a description of all that, made of the types of shapes.go
//	GET    /v1/tokens             list tokens; POST makes one, DELETE /v1/tokens/{id} revokes one
//
//	{"query": "MATCH (a:Airport) RETURN a.iata LIMIT $n", "params": {"n": 1}}
//	{"columns":["a.iata"],"rows":[["SEA"]],"stats":{…},"notices":[],"ms":0.412}
//
// A streamed answer is a line {"columns"}, a line for each row, and a last line
// {"stats"} or {"error"}; without a last line it is incomplete. A client that hangs up
// cancels its statement. docs/rest.md is the reference.
//
// It holds no logic of queries, tokens or limits: those are query's and server/front's.
package rest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

func welcome(c *front.Call) error {
	url, token := c.Server.URL(), ""
	if c.Server.AuthOn() {
		token = " -H 'Authorization: Bearer TOKEN'"
	}
	text := fmt.Sprintf(`This is KadeDB %s, a graph database. It answers KadeQL, a superset of openCypher, over HTTP.

Try:
  curl %s/v1/query%s -H 'Content-Type: application/json' -d '{"query": "RETURN 1 + 1 AS two"}'
  curl %s/v1/query%s -H 'Content-Type: application/json' -d '{"query": "MATCH (n) RETURN labels(n) AS labels, count(*) AS nodes"}'
  kadedb shell --server %s

What there is:
  POST   /v1/query             {"query", "params", "timeout_ms"?, "tx"?}; rows one a line with Accept: application/x-ndjson
  POST   /v1/export?format=F   rows, or without a query the graph, as csv, jsonl, parquet, arrow or graphml
  POST   /v1/import            files of nodes and relationships, as multipart/form-data
  POST   /v1/tx                open a transaction; POST /v1/tx/{id}/commit or DELETE /v1/tx/{id} ends it
  GET    /v1/ws                statements over WebSocket: docs/protocol-ws.md
  GET    /v1/schema            labels, relationship types, property keys, indexes, constraints
  GET    /v1/status            version, sizes, memory, what is open, the last checkpoint
  GET    /v1/tokens            tokens (admins); POST makes one, DELETE /v1/tokens/{id} revokes one
  GET    /openapi.json         all of this for programs
  GET    /livez /readyz        is it up, does it answer
  GET    /metrics              for Prometheus
`, kadedb.Version, url, token, url, token, url)
	c.W.Header().Set("Content-Type", "text/plain; charset=utf-8")
	if _, err := c.W.Write([]byte(text)); err != nil {
		return front.ErrGone
	}
	return nil
}

func isolationOf(r *wire.Request) error {
	if r.Isolation != "" && r.Tx != "" {
		return status.Errorf(status.MalformedRequest, "`isolation` belongs to the request that opens the transaction")
	}
	return nil
}

func begin(c *front.Call) error {
	req, err := readRequest(c, "read_only", "isolation")
	if err != nil {
		var e *status.Error
		if errors.As(err, &e) && strings.HasPrefix(e.Hint, "known are") {
			err = e.WithHint("%s; statements go to /v1/query with the `tx` that this answers", e.Hint)
		}
		return err
	}
	readOnly := !c.May(auth.Writer)
	if req.ReadOnly != nil {
		if readOnly && !*req.ReadOnly {
			return status.Errorf(status.RoleTooLow, "a token of role %s cannot open a transaction that writes", c.Token.Role)
		}
		readOnly = *req.ReadOnly
	}
	t, err := c.Begin(query.TxOptions{ReadOnly: readOnly, Isolation: req.Isolation})
	if err != nil {
		return err
	}
	return answerWith(c, &txAnswer{Tx: t.ID(), Expires: expiry(t), ReadOnly: readOnly})
}

func commit(c *front.Call) error {
	t, err := transaction(c, c.Vars["id"])
	if err != nil {
		return err
	}
	if err := t.Commit(c.Context()); err != nil {
		return err
	}
	return answerWith(c, &committedAnswer{true})
}

func rollback(c *front.Call) error {
	t, err := transaction(c, c.Vars["id"])
	if err != nil {
		return err
	}
	if err := t.Rollback(); err != nil {
		return err
	}
	return answerWith(c, &rolledBackAnswer{true})
}

// transaction finds an open transaction of the caller, and refuses a body that says
// something.
func transaction(c *front.Call, id string) (*query.Tx, error) {
	if c.R.Method == http.MethodPost {
		body, err := c.Body()
		if err != nil {
			return nil, err
		}
		if len(body) > 0 {
			switch v, err := wire.Decode(body); {
			case err != nil:
				return nil, err
			case v.Kind() != value.KindMap || v.AsMap().Len() > 0:
				return nil, status.Errorf(status.MalformedRequest, "a commit takes no fields").WithHint("send {}, or no body")
			}
		}
	}
	return c.DB.EngineOf().Transaction(id, c.Owner())
}

func listTokens(c *front.Call) error {
	a := tokensAnswer{Tokens: []tokenAnswer{}}
	for _, t := range c.DB.Tokens().List() {
		a.Tokens = append(a.Tokens, tokenOf(t, ""))
	}
	return answerWith(c, &a)
}

func createToken(c *front.Call) error {
	body, err := c.Body()
	if err != nil {
		return err
	}
	v, err := wire.Decode(body)
	if err != nil {
		return err
	}
	if v.Kind() != value.KindMap {
		return status.Errorf(status.MalformedRequest, "the body is not an object").WithHint(`send {"role": "reader"}`)
	}
	fields := map[string]string{}
	for i, k := range v.AsMap().Keys {
		x := v.AsMap().Vals[i]
		if k != "role" && k != "name" || x.Kind() != value.KindString {
			return status.Errorf(status.MalformedRequest, "field `%.100s` cannot be used", k).WithHint(`send {"role": "reader", "name": "…"}`)
		}
		fields[k] = x.AsString()
	}
	role, err := auth.ParseRole(fields["role"])
	if err != nil {
		return err
	}
	t, secret, err := c.DB.Tokens().Create(fields["name"], role)
	if err != nil {
		return err
	}
	return answerWith(c, tokenOf(t, secret))
}

func revokeToken(c *front.Call) error {
	if err := c.Server.Revoke(c.DB, c.Vars["id"]); err != nil {
		return err
	}
	return answerWith(c, &revokedAnswer{true})
}
