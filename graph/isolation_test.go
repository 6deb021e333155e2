package graph

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/catalog"
	"github.com/kadedb/kadedb/value"
)

// script runs one case of testdata/isolation.txt.
type script struct {
	t     *testing.T
	s     *Store
	txs   map[string]*Tx
	nodes map[string]uint32
	v, k  catalog.KeyID
	name  catalog.KeyID
	label catalog.LabelID
	typ   catalog.TypeID
	index catalog.IndexID
}

func TestIsolation(t *testing.T) {
	f, err := os.Open("testdata/isolation.txt")
	must(t, err)
	defer f.Close()
	var title string
	var lines []string
	cases := 0
	flush := func() {
		if title == "" {
			return
		}
		cases++
		body := slices.Clone(lines)
		t.Run(title, func(t *testing.T) {
			sc := newScript(t)
			for _, l := range body {
				if err := sc.line(strings.Fields(l)); err != nil {
					t.Fatalf("%s: %v", l, err)
				}
			}
			for _, tx := range sc.txs {
				tx.Rollback()
			}
			checkStore(t, sc.s)
		})
	}
	for sc := bufio.NewScanner(f); sc.Scan(); {
		switch l := strings.TrimSpace(sc.Text()); {
		case l == "" || l[0] == '#':
		case strings.HasPrefix(l, "== "):
			flush()
			title, lines = l[3:], nil
		default:
			lines = append(lines, l)
		}
	}
	flush()
	if cases < 18 {
		t.Errorf("only %d cases", cases)
	}
}

func newScript(t *testing.T) *script {
	s := open(t)
	_, err := s.CreateConstraint(context.Background(), ConstraintSpec{Name: "u", Kind: catalog.Unique, Token: "U", Keys: []string{"k"}}, nil)
	must(t, err)
	sc := &script{t: t, s: s, txs: map[string]*Tx{}, nodes: map[string]uint32{}}
	tx := begin(t, s)
	sc.v, err = tx.Key("v")
	must(t, err)
	sc.k, err = tx.Key("k")
	must(t, err)
	sc.name, err = tx.Key("name")
	must(t, err)
	sc.label, err = tx.Label("U")
	must(t, err)
	sc.typ, err = tx.Type("T")
	must(t, err)
	must(t, sc.create(tx, "x", 10))
	must(t, sc.create(tx, "y", 20))
	commit(t, tx)
	r, err := s.Snapshot()
	must(t, err)
	x, _ := r.Catalog().IndexNamed("u")
	sc.index = x.ID
	r.Close()
	return sc
}

func (sc *script) create(tx *Tx, name string, v int64) error {
	ref, err := tx.CreateNode(nil, []catalog.KeyID{sc.v, sc.name}, []value.Value{value.Int(v), value.String(name)})
	sc.nodes[name] = ref
	return err
}

func (sc *script) line(f []string) error {
	if f[0] == "check" {
		r, err := sc.s.Snapshot()
		if err != nil {
			return err
		}
		defer r.Close()
		return sc.check(r, f[1:])
	}
	if f[1] == "begin" {
		sc.txs[f[0]] = begin(sc.t, sc.s)
		return nil
	}
	tx := sc.txs[f[0]]
	switch f[1] {
	case "abort":
		tx.Rollback()
		return nil
	case "commit":
		return expect(tryCommit(tx), f[2:], "conflict", status.WriteConflict)
	case "get":
		return sc.check(tx.Reader, []string{f[2] + "=" + f[3]})
	case "rows":
		return sc.rows(tx.Reader, f[2:])
	case "set":
		v, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return err
		}
		return tx.SetNodeProperty(sc.nodes[f[2]], sc.v, value.Int(v))
	case "create":
		v, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return err
		}
		return sc.create(tx, f[2], v)
	case "delete":
		_, err := tx.DeleteNode(sc.nodes[f[2]])
		return err
	case "edge":
		_, err := tx.CreateRel(sc.typ, sc.nodes[f[2]], sc.nodes[f[3]], nil, nil)
		return err
	case "key":
		_, err := tx.CreateNode([]catalog.LabelID{sc.label}, []catalog.KeyID{sc.k}, []value.Value{value.String(f[2])})
		if err != nil {
			return err
		}
		return expect(tx.EndStatement(), f[3:], "violation", status.ConstraintViolation)
	case "rekey", "find":
		refs, err := tx.IndexEqual(sc.index, []value.Value{value.String(f[2])}, nil)
		if err != nil {
			return err
		}
		if f[1] == "find" {
			if fmt.Sprint(len(refs)) != f[3] {
				return fmt.Errorf("found %d", len(refs))
			}
			return nil
		}
		return tx.SetNodeProperty(refs[0], sc.k, value.String(f[3]))
	}
	return fmt.Errorf("unknown step %q", f[1])
}

// expect compares an error with the word that a line ends in, if any.
func expect(err error, words []string, word string, code status.Code) error {
	if len(words) == 0 {
		return err
	}
	if words[0] != word {
		return fmt.Errorf("unknown word %q", words[0])
	}
	if status.CodeOf(err) != code {
		return fmt.Errorf("got %v, want %s", err, code.Info().Name)
	}
	return nil
}

func (sc *script) check(r *Reader, want []string) error {
	for _, w := range want {
		name, val, _ := strings.Cut(w, "=")
		got := fmt.Sprint(r.CountRels(sc.typ))
		if name != "edges" {
			c := r.NodeColumn(sc.v)
			v, err := c.Value(sc.nodes[name])
			c.Close()
			if err != nil {
				return err
			}
			got = fmt.Sprint(v.AsInt())
		}
		if got != val {
			return fmt.Errorf("%s is %s", name, got)
		}
	}
	return nil
}

func (sc *script) rows(r *Reader, want []string) error {
	c, names := r.NodeColumn(sc.v), r.NodeColumn(sc.name)
	defer c.Close()
	defer names.Close()
	var got []string
	err := r.eachOf(context.Background(), catalog.Nodes, uint32(catalog.AnyLabel), func(refs []uint32) error {
		for _, ref := range refs {
			v, err := c.Value(ref)
			if err != nil {
				return err
			}
			if v.IsNull() || v.AsInt() < 10 {
				continue
			}
			name, err := names.Value(ref)
			if err != nil {
				return err
			}
			got = append(got, name.AsString())
		}
		return nil
	})
	slices.Sort(got)
	if err == nil && !slices.Equal(got, want) {
		err = fmt.Errorf("rows are %v", got)
	}
	return err
}
