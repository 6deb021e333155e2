package query

import (
	"context"
	"time"

	"github.com/kadedb/kadedb/query/procedure"
)

// Schema is what a graph is made of at one moment: the names in use, and what was
// declared about them.
type Schema struct {
	Labels            []string
	RelationshipTypes []string
	PropertyKeys      []string
	Indexes           []procedure.Index
	Constraints       []procedure.Constraint
}

// Schema returns the schema as of the last commit.
func (e *Engine) Schema(ctx context.Context) (*Schema, error) {
	res := &Result{engine: e, text: "the schema", started: time.Now()}
	res.mu.Lock()
	defer res.unlock()
	run := e.take()
	run.res, res.run = res, run
	run.x.Reader = &run.reader
	err := ctx.Err()
	if err == nil {
		err = res.list()
	}
	if err == nil {
		err = e.store.Read(&run.reader)
	}
	s := &Schema{}
	if err == nil {
		err = s.read(catalogView{&run.reader})
	}
	res.release(err)
	if res.err != nil {
		return nil, res.err
	}
	return s, nil
}

func (s *Schema) read(v catalogView) (err error) {
	if s.Labels, err = v.Labels(); err != nil {
		return err
	}
	if s.RelationshipTypes, err = v.RelationshipTypes(); err != nil {
		return err
	}
	if s.PropertyKeys, err = v.PropertyKeys(); err != nil {
		return err
	}
	if s.Indexes, err = v.Indexes(); err != nil {
		return err
	}
	s.Constraints, err = v.Constraints()
	return err
}
