package procedure

import (
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// Coerce checks one argument against its field and converts it where the
// language does so by itself: an INTEGER to a FLOAT.
func (d *Def) Coerce(i int, v value.Value) (value.Value, error) {
	f := d.Args[i]
	if f.Type.Has(v.Kind()) {
		return v, nil
	}
	if v.Kind() == value.KindInt && f.Type.Has(value.KindFloat) {
		return value.Float(float64(v.AsInt())), nil
	}
	return value.Null, status.Errorf(status.RuntimeTypeMismatch, "%s takes %s for `%s`, not %s", d.Name, f.Type, f.Name, v.Kind()).
		WithHint("The signature is %s.", d.Signature())
}

// Complete appends the defaults of the arguments that a call left out.
func (d *Def) Complete(args []value.Value) ([]value.Value, error) {
	if len(args) < d.MinArgs() || len(args) > len(d.Args) {
		return nil, status.Errorf(status.InvalidNumberOfArguments, "%s takes %d arguments, not %d", d.Name, len(d.Args), len(args)).
			WithHint("The signature is %s.", d.Signature())
	}
	for _, f := range d.Args[len(args):] {
		args = append(args, *f.Default)
	}
	return args, nil
}

// Accepts reports whether a value of one of kinds (bit k for value.Kind(k)) may
// turn out to fit argument i: false is an error known before a row is read.
func (d *Def) Accepts(i int, kinds uint32) bool {
	t := d.Args[i].Type
	fit := t.Kinds
	if t.Has(value.KindFloat) {
		fit |= 1 << value.KindInt
	}
	if t.Nullable {
		fit |= 1 << value.KindNull
	}
	return kinds&fit != 0
}
