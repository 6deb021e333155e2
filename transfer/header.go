package transfer

import (
	"fmt"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/transfer/tabular"
)

// role is what a column of a file is for.
type role uint8

const (
	property role = iota
	roleID
	roleLabel
	roleStart
	roleEnd
	roleType
	ignored
)

// field is a column's header, read: name:type, or :ROLE(space).
type field struct {
	name  string
	role  role
	space string
	kind  tabular.Kind
	list  bool
	typed bool // kind was given

	hidden bool // of an id: it becomes no property
}

var roles = map[string]role{"ID": roleID, "LABEL": roleLabel, "START_ID": roleStart, "END_ID": roleEnd, "TYPE": roleType, "IGNORE": ignored}

var kinds = map[string]tabular.Kind{
	"int": tabular.Int, "integer": tabular.Int, "long": tabular.Int, "short": tabular.Int, "byte": tabular.Int,
	"float": tabular.Float, "double": tabular.Float, "bool": tabular.Bool, "boolean": tabular.Bool,
	"string": tabular.String, "char": tabular.String, "date": tabular.Date, "localdatetime": tabular.LocalDateTime,
	"any": tabular.Any, "datetime": tabular.DateTime, "localtime": tabular.LocalTime, "time": tabular.Time, "duration": tabular.Duration,
	"point": tabular.Point,
}

// typeNames are the types that a header may declare, as errors list them.
const typeNames = "int, long, short, byte, float, double, boolean, string, char, date, localdatetime, datetime, localtime, time, duration, point, any"

// parseHeader reads the header of a file. Where any column has a role or a type, or no
// name before a colon, the file follows the conventions of Neo4j, and what follows
// another colon has to be a type as well. Elsewhere a colon is part of the name.
func parseHeader(file string, columns []tabular.Column) (fields []field, notice string, err error) {
	follows, unknown := false, -1
	for i, c := range columns {
		f, err := parseField(file, c.Name)
		if err != nil {
			return nil, "", err
		}
		fields = append(fields, f)
		colon := strings.LastIndexByte(c.Name, ':')
		if unknown < 0 && colon >= 0 && f.role == property && !f.typed {
			unknown = i
		}
		follows = follows || f.role != property || f.typed || colon == 0
	}
	if unknown < 0 {
		return fields, "", nil
	}
	name := columns[unknown].Name
	what := name[strings.LastIndexByte(name, ':')+1:]
	if !follows {
		return fields, fmt.Sprintf("%s: column %q: %q is no type, so the colon is part of the name", file, name, what), nil
	}
	e := status.Errorf(status.MalformedFile, "%s: column %q: %q is no type or role", file, name, what)
	if near := status.Nearest(strings.ToLower(what), strings.Split(typeNames, ", ")...); near != "" {
		return nil, "", e.WithHint("Did you mean %q? Types are %s, and those with [].", near, typeNames)
	}
	return nil, "", e.WithHint("Types are %s, and those with []; roles ID, LABEL, START_ID, END_ID, TYPE, IGNORE.", typeNames)
}

// parseField reads a column's header. A colon before what is no type or role is part of
// the name.
func parseField(file, header string) (field, error) {
	i := strings.LastIndexByte(header, ':')
	if i >= 0 {
		// A plain type at the end, whatever the name holds.
		base, list := strings.CutSuffix(header[i+1:], "[]")
		if k, ok := kinds[strings.ToLower(base)]; ok && header[:i] != "" {
			return field{name: header[:i], kind: k, list: list, typed: true}, nil
		}
	}
	if j := strings.IndexByte(header, '{'); j >= 0 && j < i {
		// Options of a type, {timezone:…}, have colons of their own.
		i = strings.LastIndexByte(header[:j], ':')
	}
	if i < 0 {
		return field{name: header}, nil
	}
	f := field{name: header[:i]}
	word, options, hasOptions := strings.Cut(header[i+1:], "{")
	word, space, named := strings.Cut(word, "(")
	if r, ok := roles[strings.ToUpper(word)]; ok && (!named || strings.HasSuffix(space, ")")) {
		// Other options of ids, {id-type:int}, say what the file shows as well.
		f.role, f.space = r, strings.TrimSuffix(space, ")")
		f.hidden = r == roleID && strings.Contains(options, "stored:false")
		return f, nil
	}
	base, list := strings.CutSuffix(word, "[]")
	if k, ok := kinds[strings.ToLower(base)]; ok && !named {
		if hasOptions {
			return f, status.Errorf(status.NotYet, "%s: options of a type are not read yet: {%s of column %q", file, options, header).
				WithHint("Write zones and systems of coordinates into the values.")
		}
		f.kind, f.list, f.typed = k, list, true
		return f, nil
	}
	return field{name: header}, nil
}
