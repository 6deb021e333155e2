package rest

import (
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
)

const (
	// maxEpilogue is how much may follow the form, which nobody reads.
	maxEpilogue = 64 << 10
	// importRatio is how much may come out of one byte of a compressed file.
	importRatio = 100
	// importTries is how often an import is tried that other commits get in the way of.
	importTries = 5
	// mostImportNotices bounds those that wait for the end of an import.
	mostImportNotices = 100
)

const linesType = "application/x-ndjson"

// importFiles takes files of nodes and relationships, and imports them at once or not
// at all. The first part of the form, "spec", says what they are; each of the others is
// a file, named as the spec names it. They wait on the disk until all are there, because
// an import reads a file again where a later row is of another type than the first ones.
//
// The answer is one object; or, where the client accepts JSON Lines, what happens as it
// does: the plan, notices, bad rows and progress, and the object last.
func importFiles(c *front.Call) (err error) {
	lines, err := acceptsLines(c.R)
	if err != nil {
		return err
	}
	rc := http.NewResponseController(c.W)
	in, done, err := c.Unpack(&slowBody{Reader: c.R.Body, rc: rc, most: c.Server.PieceTime()})
	if err != nil {
		return err
	}
	defer done()
	// What the form leaves of the body is read by whoever answers.
	c.R.Body = io.NopCloser(in)
	form, err := c.R.MultipartReader()
	if err != nil {
		return status.Errorf(status.ContentTypeRefused, "the body is %.200q", c.R.Header.Get("Content-Type")).
			WithHint("send multipart/form-data: curl -F spec=@spec.json -F people.csv=@people.csv")
	}
	j, err := readImportSpec(form)
	if err != nil {
		return err
	}
	up := &uploads{files: map[string]*os.File{}, most: c.Server.ImportSize()}
	defer func() { err = errors.Join(err, up.close()) }()
	if err := up.take(c, form); err != nil {
		return err
	}
	if err := toItsEnd(in); err != nil {
		return err
	}
	if err := rc.SetReadDeadline(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return front.ErrGone
	}
	j.spec.Open, j.spec.MaxRatio = up.open, importRatio
	if lines {
		return j.answerInLines(c)
	}
	return j.answerWhole(c)
}

// toItsEnd reads what follows the form. Before the end of the body nobody notices that
// the client hangs up.
func toItsEnd(in io.Reader) error {
	switch _, err := io.CopyN(io.Discard, in, maxEpilogue); {
	case err == nil:
		return status.Errorf(status.MalformedRequest, "more than %d bytes follow the form", maxEpilogue)
	case !errors.Is(err, io.EOF):
		return malformedForm(err)
	}
	return nil
}

// acceptsLines reports whether an import is answered in lines.
func acceptsLines(r *http.Request) (lines bool, err error) {
	accept := strings.Join(r.Header["Accept"], ",")
	if strings.TrimSpace(accept) == "" {
		return false, nil
	}
	var kinds []string
	for part := range strings.SplitSeq(accept, ",") {
		if kind, params, err := mime.ParseMediaType(part); err == nil && params["q"] != "0" {
			kinds = append(kinds, kind)
		}
	}
	for _, kind := range kinds {
		switch kind {
		case linesType:
			return true, nil
		case "application/json", "application/*", "*/*":
			return false, nil
		}
	}
	return false, status.Errorf(status.NotAcceptable, "none of %.200q can be answered", accept).WithHint("ask for application/json, or %s", linesType)
}

// importJob is an import that a client asked for.
type importJob struct {
	spec kadedb.ImportSpec
	plan *transfer.Plan // the last that was made
}

// run imports, several times where commits of others get in the way; again is told of that.
func (j *importJob) run(c *front.Call, planned func() error, again func(try int) error) (sum kadedb.ImportSummary, err error) {
	j.spec.Planned = func(p *transfer.Plan) error {
		j.plan = p
		return planned()
	}
	for try := 1; ; try++ {
		sum, err = c.DB.Import(c.Context(), j.spec)
		if status.CodeOf(err) != status.WriteConflict || try == importTries {
			return sum, err
		}
		if err := again(try + 1); err != nil {
			return sum, err
		}
	}
}

// answerWhole answers when the import is done.
func (j *importJob) answerWhole(c *front.Call) error {
	var notices []string
	j.spec.Notice = func(text string) {
		if len(notices) < mostImportNotices {
			notices = append(notices, text)
		}
	}
	sum, err := j.run(c, func() error { return nil }, func(int) error { notices = nil; return nil })
	if err != nil {
		return firstBad(&sum, err)
	}
	a := importedAs(&sum, notices)
	if j.spec.DryRun {
		a.Plan = planned(j.plan)
	}
	return answerWith(c, a)
}

// firstBad names the first bad row, which the client hears of in no other way.
func firstBad(sum *kadedb.ImportSummary, err error) error {
	if len(sum.Bad.First) == 0 || status.CodeOf(err) != status.BadRows {
		return err
	}
	b := sum.Bad.First[0]
	return status.Errorf(status.BadRows, "bad rows: %d, the first is %s:%d: %s; nothing was imported", sum.Bad.Count, b.File, b.Line, b.Reason).
		WithHint("mend them, or set skip_bad to import the other rows")
}

func importedAs(sum *kadedb.ImportSummary, notices []string) *importAnswer {
	a := &importAnswer{Nodes: sum.Nodes, Relationships: sum.Relationships, Updated: sum.Updated, Bad: sum.Bad.Count, BadRows: badRows(sum), Notices: list(notices)}
	if sum.Bytes > 0 {
		a.Written = sum.Bytes
	}
	return a
}

func badRows(sum *kadedb.ImportSummary) []badRow {
	rows := make([]badRow, 0, len(sum.Bad.First))
	for _, r := range sum.Bad.First {
		rows = append(rows, badRow{File: r.File, Line: r.Line, Code: r.Code.Info().Name, Reason: r.Reason})
	}
	return rows
}

func planned(p *transfer.Plan) []importSource {
	out := make([]importSource, 0, len(p.Sources))
	for _, s := range p.Sources {
		of := importSource{File: s.Path, Of: "nodes", Name: s.Name, Bytes: s.Bytes, Columns: []importColumn{}}
		if s.Relationships {
			of.Of = "relationships"
		}
		if s.Rows >= 0 {
			of.Rows = &s.Rows
		}
		for _, c := range s.Columns {
			of.Columns = append(of.Columns, importColumn{Column: c.Column, Property: c.Property, Type: c.Type, Role: c.Role})
		}
		out = append(out, of)
	}
	return slices.Clip(out)
}

// slowBody ends an upload that stops coming.
type slowBody struct {
	io.Reader
	rc   *http.ResponseController
	most time.Duration // until its next piece
}

// Read is part of io.Reader.
func (s *slowBody) Read(p []byte) (int, error) {
	if err := s.rc.SetReadDeadline(time.Now().Add(s.most)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return s.Reader.Read(p)
}

func malformedForm(err error) error {
	if c := status.CodeOf(err); c == status.BodyLimit || c == status.MalformedRequest {
		return err // of its compression
	}
	return status.Errorf(status.MalformedRequest, "the form ended early, or is not sound: %w", err)
}
