package rest

import (
	"errors"

	"github.com/kadedb/kadedb/query"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// schemaParts are the parts of /v1/schema: lists of names, and lists of objects made
// of a statement's columns.
var schemaParts = []struct {
	name, text string
	objects    bool
}{
	{"labels", "CALL db.labels()", false},
	{"relationship_types", "CALL db.relationshipTypes()", false},
	{"property_keys", "CALL db.propertyKeys()", false},
	{"indexes", "CALL db.indexes()", true},
	{"constraints", "CALL db.constraints()", true},
}

// schema reads all parts in one transaction, so that they fit each other.
func schema(c *front.Call) (err error) {
	t, err := c.Begin(query.TxOptions{ReadOnly: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, t.Rollback()) }()
	b := []byte{'{'}
	for i, p := range schemaParts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(wire.AppendString(b, p.name), ':', '[')
		res, err := c.Run(query.Request{Text: p.text, Tx: t})
		if err != nil {
			return err
		}
		for n := 0; res.Next(); n++ {
			if n > 0 {
				b = append(b, ',')
			}
			row := res.Values()
			if !p.objects {
				b = wire.Encoder{}.Append(b, row[0])
				continue
			}
			m := &value.Map{Keys: res.Columns(), Vals: append([]value.Value(nil), row...)}
			b = wire.Encoder{}.Append(b, value.FromMap(m))
		}
		if err := errors.Join(res.Err(), res.Close()); err != nil {
			return err
		}
		b = append(b, ']')
	}
	c.Reply(append(b, "}\n"...))
	return nil
}
