package rest

import (
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/server/front"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

type object = map[string]any

// openAPI answers with the description of operations, which is made when it is asked for first.
func openAPI() func(*front.Call) error {
	document := sync.OnceValues(func() ([]byte, error) { return json.Marshal(describe(operations())) })
	return func(c *front.Call) error {
		b, err := document()
		if err != nil {
			return status.Errorf(status.Internal, "the description cannot be written: %w", err)
		}
		c.Reply(b)
		return nil
	}
}

// describe makes the OpenAPI 3.1 document of operations.
func describe(list []operation) object {
	s := schemas{}
	paths := object{}
	for i := range list {
		o := &list[i]
		at, ok := paths[o.path].(object)
		if !ok {
			at = object{}
			paths[o.path] = at
		}
		at[strings.ToLower(o.method)] = s.operation(o)
	}
	s["QueryLine"] = object{"description": "a line of a streamed answer",
		"oneOf": []any{s.of(reflect.TypeFor[firstLine]()), object{"type": "array", "description": "a row"}, s.of(reflect.TypeFor[lastLine]()), s.of(reflect.TypeFor[errorLine]())}}
	failed := object{"description": "an error; with 429 and 503 Retry-After says when to come again",
		"content": object{jsonType: object{"schema": s.of(reflect.TypeFor[errorBody]())}}}
	return object{
		"openapi": "3.1.0",
		"info": object{"title": "KadeDB", "version": kadedb.Version, "summary": "A graph database that answers KadeQL over HTTP",
			"description": "Values in answers: docs/rest.md. A float always has a point or an exponent, an integer neither; dates and times are ISO 8601 text, or say their types in typed JSON."},
		"servers": []any{object{"url": "/"}},
		"paths":   paths,
		"components": object{"schemas": s, "responses": object{"Error": failed},
			"securitySchemes": object{"token": object{"type": "http", "scheme": "bearer"}}},
		"security": []any{object{"token": []any{}}},
	}
}

// schemas are the named ones.
type schemas object

func (s schemas) operation(o *operation) object {
	out := object{"operationId": o.id, "summary": o.doc}
	if o.access == front.Public {
		out["security"] = []any{}
	}
	var params []any
	for seg := range strings.SplitSeq(o.path, "/") {
		if strings.HasPrefix(seg, "{") {
			params = append(params, object{"name": strings.Trim(seg, "{}"), "in": "path", "required": true, "schema": object{"type": "string"}})
		}
	}
	for _, p := range o.query {
		params = append(params, object{"name": p.name, "in": "query", "description": p.doc, "schema": object{"type": "string", "enum": p.values, "default": p.values[0]}})
	}
	if params != nil {
		out["parameters"] = params
	}
	if o.body != nil {
		out["requestBody"] = object{"required": !o.optional, "content": s.contents(o.body, true)}
	}
	answers := object{}
	for code, list := range o.answers {
		a := object{"description": map[int]string{101: "a connection", 200: "done", 503: "not now"}[code]}
		if list != nil {
			a["content"] = s.contents(list, false)
		}
		answers[strconv.Itoa(code)] = a
	}
	answers["4XX"] = object{"$ref": "#/components/responses/Error"}
	answers["5XX"] = object{"$ref": "#/components/responses/Error"}
	out["responses"] = answers
	return out
}

func (s schemas) contents(list []content, request bool) object {
	out := object{}
	for _, c := range list {
		schema := object{}
		if c.of != nil {
			schema = s.of(reflect.TypeOf(c.of))
			if ref, ok := schema["$ref"].(string); ok && request {
				// An unknown field is an error.
				if named, ok := s[ref[strings.LastIndexByte(ref, '/')+1:]].(object); ok {
					named["additionalProperties"] = false
				}
			}
		}
		if c.doc != "" {
			schema["description"] = c.doc
		}
		out[c.media] = object{"schema": schema}
	}
	return out
}

var (
	typeOfValue = reflect.TypeFor[value.Value]()
	typeOfTime  = reflect.TypeFor[time.Time]()
)

// of returns the schema of a Go type: of a struct a reference, and its own beside.
func (s schemas) of(t reflect.Type) object {
	switch {
	case t == typeOfValue:
		return object{"description": "any value"}
	case t == typeOfTime:
		return object{"type": "string", "format": "date-time"}
	}
	switch t.Kind() {
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int32, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Float64:
		return object{"type": "number"}
	case reflect.String:
		return object{"type": "string"}
	case reflect.Slice:
		return object{"type": "array", "items": s.of(t.Elem())}
	case reflect.Map:
		return object{"type": "object", "additionalProperties": s.of(t.Elem())}
	case reflect.Pointer:
		return s.of(t.Elem())
	case reflect.Struct:
		name := strings.ToUpper(t.Name()[:1]) + t.Name()[1:]
		if s[name] == nil {
			s[name] = object{} // its fields may name it
			s[name] = s.fields(t)
		}
		return object{"$ref": "#/components/schemas/" + name}
	}
	return object{}
}

func (s schemas) fields(t reflect.Type) object {
	props, required := object{}, []string{}
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "" || name == "-" {
			continue
		}
		p := s.of(f.Type)
		optional := options == "omitempty"
		if f.Type.Kind() == reflect.Pointer && !optional {
			p["type"] = []any{p["type"], "null"}
		}
		if e := f.Tag.Get("enum"); e != "" {
			p["enum"] = strings.Split(e, ",")
		}
		for _, tag := range []string{"format", "doc"} {
			if text := f.Tag.Get(tag); text != "" {
				p[map[string]string{"format": "format", "doc": "description"}[tag]] = text
			}
		}
		if n, err := strconv.Atoi(f.Tag.Get("minimum")); err == nil {
			p["minimum"] = n
		}
		props[name] = p
		if !optional {
			required = append(required, name)
		}
	}
	out := object{"type": "object", "properties": props}
	if len(required) > 0 {
		out["required"] = required
	}
	return out
}
