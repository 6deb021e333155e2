package rest

import (
	"encoding/json"
	"time"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/wire"
)

// The bodies of requests and answers. /openapi.json is made of their fields and tags.
// Those of queries are written without reflection, in package wire; the traffic of the
// tests is checked against these.

type queryAnswer struct {
	Columns []string         `json:"columns" doc:"the columns' names"`
	Rows    [][]any          `json:"rows" doc:"a list of values for each row"`
	Stats   map[string]int64 `json:"stats" doc:"what was done, without what is zero"`
	Notices []string         `json:"notices"`
	Status  []gqlStatus      `json:"statuses" doc:"GQL's: the outcome, then one for each notice"`
	Plan    string           `json:"plan,omitempty" doc:"of EXPLAIN and PROFILE"`
	Tx      string           `json:"tx,omitempty" doc:"the transaction that BEGIN opened"`
	Expires *time.Time       `json:"expires_at,omitempty"`
	Ms      float64          `json:"ms" doc:"milliseconds"`
}

type gqlStatus struct {
	Code        string `json:"gql_status" doc:"five characters: 00000 of rows, 00001 where there are no columns, 02000 of no rows, 01000 of a notice"`
	Description string `json:"status_description"`
}

type firstLine struct {
	Columns []string `json:"columns" doc:"the first line"`
}

type lastLine struct {
	Stats   map[string]int64 `json:"stats" doc:"what was done, without what is zero"`
	Notices []string         `json:"notices"`
	Status  []gqlStatus      `json:"statuses"`
	Plan    string           `json:"plan,omitempty"`
	Tx      string           `json:"tx,omitempty"`
	Expires *time.Time       `json:"expires_at,omitempty"`
	Ms      float64          `json:"ms" doc:"milliseconds"`
}

type errorLine struct {
	Error errorBody `json:"error" doc:"the last line of a statement that failed"`
}

type errorBody struct {
	Code    string  `json:"code" doc:"KDB- and four digits; docs/errors.md lists them"`
	Name    string  `json:"name"`
	GQL     string  `json:"gql_status" doc:"the status in GQL: five characters; docs/errors.md lists them"`
	Message string  `json:"message"`
	Line    *int32  `json:"line"`
	Column  *int32  `json:"column"`
	Hint    *string `json:"hint" doc:"what to do about it"`
	Type    string  `json:"type,omitempty" doc:"openCypher's, of errors of the language"`
	Phase   string  `json:"phase,omitempty"`
	Detail  string  `json:"detail,omitempty"`
}

type beginRequest struct {
	ReadOnly  bool   `json:"read_only,omitempty"`
	Isolation string `json:"isolation,omitempty" enum:"snapshot"`
}

type txAnswer struct {
	Tx       string     `json:"tx"`
	Expires  *time.Time `json:"expires_at,omitempty"`
	ReadOnly bool       `json:"read_only"`
}

type committedAnswer struct {
	Committed bool `json:"committed"`
}

type rolledBackAnswer struct {
	RolledBack bool `json:"rolled_back"`
}

type revokedAnswer struct {
	Revoked bool `json:"revoked"`
}

type tokenRequest struct {
	Role string `json:"role" enum:"reader,writer,admin"`
	Name string `json:"name,omitempty"`
}

type tokenAnswer struct {
	ID      string `json:"id"`
	Name    string `json:"name"`
	Role    string `json:"role" enum:"reader,writer,admin"`
	Created string `json:"created_at" format:"date-time"`
	Secret  string `json:"token,omitempty" doc:"shown this once"`
}

type tokensAnswer struct {
	Tokens []tokenAnswer `json:"tokens"`
}

type importForm struct {
	Spec importSpecBody `json:"spec" doc:"the first part; each other part is a file, named as here"`
}

type importSpecBody struct {
	Nodes         []string `json:"nodes,omitempty" doc:"Label=name of a part"`
	Relationships []string `json:"relationships,omitempty" doc:"TYPE=name of a part"`
	ID            []string `json:"id,omitempty"`
	From          []string `json:"from,omitempty"`
	To            []string `json:"to,omitempty"`
	Null          []string `json:"null,omitempty"`
	Delimiter     string   `json:"delimiter,omitempty" doc:"between the fields of CSV; found in the header"`
	ListDelimiter string   `json:"array_delimiter,omitempty" doc:"between the elements of a list in a field"`
	LineLimit     int64    `json:"line_limit,omitempty" doc:"most bytes of one record"`
	SkipBad       bool     `json:"skip_bad,omitempty" doc:"import the other rows"`
	Strict        bool     `json:"strict,omitempty" doc:"stop at the first bad row"`
	Update        bool     `json:"update,omitempty"`
	DryRun        bool     `json:"dry_run,omitempty" doc:"read and check everything, answer with the plan, and import nothing"`
}

type importAnswer struct {
	Nodes         int64          `json:"nodes"`
	Relationships int64          `json:"relationships"`
	Updated       int64          `json:"updated"`
	Written       int64          `json:"bytes_written"`
	Bad           int64          `json:"bad"`
	BadRows       []badRow       `json:"bad_rows" doc:"the first of them"`
	Notices       []string       `json:"notices" doc:"none where they were lines of their own"`
	Plan          []importSource `json:"plan,omitempty" doc:"of a dry run"`
}

type badRow struct {
	File   string  `json:"file"`
	Line   int64   `json:"line" doc:"of a file that has none: the row"`
	Code   string  `json:"code"`
	Reason string  `json:"reason"`
	Row    *string `json:"row,omitempty" doc:"its text, in lines of their own"`
}

// importLine is a line of an import that is answered while it runs: one of these, or in
// the last line result and, where the import failed, error.
type importLine struct {
	Plan     []importSource  `json:"plan,omitempty"`
	Notice   string          `json:"notice,omitempty"`
	Progress *importProgress `json:"progress,omitempty"`
	BadRow   *badRow         `json:"bad_row,omitempty" doc:"one of those left out (skip_bad)"`
	Again    int             `json:"again,omitempty" doc:"another commit got in the way: the import begins anew, and bad rows come again"`
	Result   *importAnswer   `json:"result,omitempty" doc:"in the last line"`
	Error    *errorBody      `json:"error,omitempty" doc:"in the last line of an import that failed"`
}

type importSource struct {
	File    string         `json:"file"`
	Of      string         `json:"of" enum:"nodes,relationships"`
	Name    string         `json:"name" doc:"labels or type; empty: named by row"`
	Rows    *int64         `json:"rows" doc:"null where the file does not say"`
	Bytes   int64          `json:"bytes"`
	Columns []importColumn `json:"columns"`
}

type importColumn struct {
	Column   string `json:"column"`
	Property string `json:"property,omitempty"`
	Type     string `json:"type"`
	Role     string `json:"role,omitempty"`
}

type importProgress struct {
	Stage string  `json:"stage"`
	Rows  int64   `json:"rows" doc:"of this stage"`
	Rate  float64 `json:"rows_per_second"`
	Done  int64   `json:"done" doc:"of total, in a measure of its own"`
	Total int64   `json:"total"`
	Ms    float64 `json:"ms"`
}

type schemaAnswer struct {
	Labels      []string           `json:"labels"`
	Types       []string           `json:"relationship_types"`
	Keys        []string           `json:"property_keys"`
	Indexes     []indexAnswer      `json:"indexes"`
	Constraints []constraintAnswer `json:"constraints"`
}

type indexAnswer struct {
	Name       string   `json:"name"`
	State      string   `json:"state"`
	Percent    float64  `json:"populationPercent"`
	Type       string   `json:"type"`
	Entity     string   `json:"entityType" enum:"NODE,RELATIONSHIP"`
	Labels     []string `json:"labelsOrTypes"`
	Properties []string `json:"properties"`
	Constraint *string  `json:"owningConstraint"`
}

type constraintAnswer struct {
	Name       string   `json:"name"`
	Type       string   `json:"type"`
	Entity     string   `json:"entityType" enum:"NODE,RELATIONSHIP"`
	Labels     []string `json:"labelsOrTypes"`
	Properties []string `json:"properties"`
	Index      *string  `json:"ownedIndex"`
	Of         *string  `json:"propertyType"`
}

type liveAnswer struct {
	Status string `json:"status" enum:"live"`
}

type readyAnswer struct {
	Status  string `json:"status" enum:"ready,recovering,draining,failed"`
	Records int64  `json:"records,omitempty" doc:"of the log, read so far"`
	Bytes   int64  `json:"bytes,omitempty"`
	AtMost  int64  `json:"bytes_at_most,omitempty"`
	Ms      int64  `json:"ms,omitempty" doc:"since the start"`
}

// answerWith answers with one of these.
func answerWith(c *front.Call, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return status.Errorf(status.Internal, "the answer cannot be written: %w", err)
	}
	c.Reply(append(b, '\n'))
	return nil
}

func tokenOf(t auth.Token, secret string) tokenAnswer {
	return tokenAnswer{ID: t.ID, Name: t.Name, Role: t.Role.String(), Created: t.Created.Format(time.RFC3339), Secret: secret}
}

// expiry is when a transaction ends by itself; nil: never.
func expiry(t *query.Tx) *time.Time {
	at := t.Expires().UTC()
	if at.IsZero() {
		return nil
	}
	return &at
}

// txFields are what names an open transaction in the answer of a query.
func txFields(t *query.Tx) []byte {
	b := wire.AppendString([]byte(`"tx":`), t.ID())
	if at := expiry(t); at != nil {
		b = wire.AppendString(append(b, `,"expires_at":`...), at.Format(time.RFC3339Nano))
	}
	return b
}

// list is never null in JSON.
func list[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
