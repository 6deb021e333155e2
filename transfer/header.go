package transfer

import (
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
}

var roles = map[string]role{"ID": roleID, "LABEL": roleLabel, "START_ID": roleStart, "END_ID": roleEnd, "TYPE": roleType, "IGNORE": ignored}

var kinds = map[string]tabular.Kind{
	"int": tabular.Int, "integer": tabular.Int, "long": tabular.Int, "short": tabular.Int, "byte": tabular.Int,
	"float": tabular.Float, "double": tabular.Float, "bool": tabular.Bool, "boolean": tabular.Bool,
	"string": tabular.String, "char": tabular.String, "date": tabular.Date, "localdatetime": tabular.LocalDateTime,
	"datetime": tabular.DateTime, "localtime": tabular.LocalTime, "time": tabular.Time, "duration": tabular.Duration,
}

// parseField reads a column's header. A colon before what is no type or role is part of
// the name.
func parseField(file, header string) (field, error) {
	i := strings.LastIndexByte(header, ':')
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
		// Options of ids, {id-type:int}, say what the file shows as well.
		f.role, f.space = r, strings.TrimSuffix(space, ")")
		return f, nil
	}
	base, list := strings.CutSuffix(word, "[]")
	if k, ok := kinds[strings.ToLower(base)]; ok && !named {
		if hasOptions {
			return f, status.Errorf(status.NotYet, "%s: options of a type are not read yet: {%s of column %q", file, options, header).
				WithHint("Write zones into the values.")
		}
		f.kind, f.list, f.typed = k, list, true
		return f, nil
	}
	if strings.EqualFold(base, "point") {
		return f, status.Errorf(status.NotYet, "%s: points are not offered yet: column %q", file, header).
			WithHint("Import the coordinates as two columns.")
	}
	return field{name: header}, nil
}
