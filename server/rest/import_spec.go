package rest

import (
	"io"
	"mime/multipart"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

const (
	// maxImportSpec bounds the part that says what the files are.
	maxImportSpec = 1 << 20
	// maxLineLimit bounds what a client may set: several records are held at once.
	maxLineLimit = 64 << 20
)

// readImportSpec reads the first part.
func readImportSpec(form *multipart.Reader) (*importJob, error) {
	part, err := form.NextPart()
	if err != nil {
		return nil, malformedForm(err)
	}
	if part.FormName() != "spec" {
		return nil, status.Errorf(status.MalformedRequest, "the first part is %.100q, not \"spec\"", part.FormName()).
			WithHint(`send {"nodes": ["Person=people.csv"], "id": ["Person:id"]} first`)
	}
	raw, err := io.ReadAll(io.LimitReader(part, maxImportSpec+1))
	if err != nil {
		return nil, malformedForm(err)
	}
	if len(raw) > maxImportSpec {
		return nil, status.Errorf(status.BodyLimit, "the spec has more than %d bytes", maxImportSpec)
	}
	v, err := wire.Decode(raw)
	if err != nil {
		return nil, err
	}
	if v.Kind() != value.KindMap {
		return nil, status.Errorf(status.MalformedRequest, "the spec is not an object")
	}
	j := &importJob{}
	for i, k := range v.AsMap().Keys {
		if err := j.field(k, v.AsMap().Vals[i]); err != nil {
			return nil, err
		}
	}
	return j, nil
}

// field takes a field of the spec.
func (j *importJob) field(key string, v value.Value) error {
	wrong := status.Errorf(status.MalformedRequest, "field `%.100s` of the spec cannot be used", key).
		WithHint("nodes, relationships, id, from, to and null are lists of strings; skip_bad, strict, update and dry_run are booleans; delimiter and array_delimiter are strings of one character; line_limit is a number of bytes")
	flags := map[string]*bool{"skip_bad": &j.spec.SkipBad, "strict": &j.spec.Strict, "update": &j.spec.Update, "dry_run": &j.spec.DryRun}
	chars := map[string]*byte{"delimiter": &j.spec.Delimiter, "array_delimiter": &j.spec.ListDelim}
	switch {
	case flags[key] != nil:
		if v.Kind() != value.KindBool {
			return wrong
		}
		*flags[key] = v.AsBool()
		return nil
	case chars[key] != nil:
		if v.Kind() != value.KindString {
			return wrong
		}
		return oneCharacter(chars[key], key, v.AsString())
	case key == "line_limit":
		if v.Kind() != value.KindInt || v.AsInt() < 1 {
			return wrong
		}
		if v.AsInt() > maxLineLimit {
			return status.Errorf(status.InvalidArgumentValue, "line_limit is %d; a server takes at most %d", v.AsInt(), maxLineLimit)
		}
		j.spec.LineLimit = int(v.AsInt())
		return nil
	case v.Kind() != value.KindList:
		return wrong
	}
	for _, e := range v.Elems() {
		if e.Kind() != value.KindString {
			return wrong
		}
		var err error
		switch text := e.AsString(); key {
		case "nodes":
			err = addParsed(&j.spec.Nodes, text, transfer.ParseFile)
		case "relationships":
			err = addParsed(&j.spec.Relationships, text, transfer.ParseFile)
		case "id":
			err = addParsed(&j.spec.IDs, text, transfer.ParseID)
		case "from":
			err = addParsed(&j.spec.From, text, transfer.ParseEnd)
		case "to":
			err = addParsed(&j.spec.To, text, transfer.ParseEnd)
		case "null":
			j.spec.Nulls = append(j.spec.Nulls, text)
		default:
			return wrong
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func oneCharacter(to *byte, key, text string) error {
	if len(text) != 1 || text == "\"" || text == "\n" || text == "\r" || text[0] > 126 || text[0] < ' ' && text != "\t" {
		return status.Errorf(status.MalformedRequest, "%s of the spec is one ASCII character, not %.20q", key, text)
	}
	*to = text[0]
	return nil
}

func addParsed[T any](to *[]T, text string, parse func(string) (T, error)) error {
	x, err := parse(text)
	*to = append(*to, x)
	return err
}
