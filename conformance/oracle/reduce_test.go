package oracle

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// specimen is a claim that is not true of a graph, to be made as small as it goes.
type specimen struct {
	family   *family
	seed     uint64
	model    *model
	question []int // the choices that made the claim
	claim    claim
	sets     []setting
	fail     failure
	past     [][]step // graphs that the store held before
	tries    int
	deadline time.Time
}

// Bounds of a reduction.
const (
	reductionTries = 3000
	reductionTime  = 40 * time.Second
)

// report reduces the specimen and describes it.
func (s *specimen) report() error {
	found := s.fail
	reduced := s.reduce()
	text := s.file()
	if !reduced {
		return fmt.Errorf("seed %d, %s, %s: %s\n%s\n%sA store of its own does not show it; what was written, not reduced:\n\n%s",
			s.seed, found.set.name, s.claim.name, strings.Join(s.claim.texts, "\n"), found.kind, found.text, text)
	}
	where := filepath.Join("testdata", "regress", fileName(text))
	if *keep {
		if err := os.WriteFile(where, []byte(text), 0o644); err != nil {
			return err
		}
	}
	return fmt.Errorf("seed %d, %s, %s: %s\n%s\nreduced in %d steps; -keep writes it to conformance/oracle/%s, for TestRegress:\n\n%s",
		s.seed, s.fail.set.name, s.claim.name, s.fail.kind, s.fail.text, s.tries, where, text)
}

// reduce drops settings, then parts of graph and question in turn, while the claim fails in
// the same way. It reports whether it fails in a store of its own at all.
func (s *specimen) reduce() bool {
	s.deadline = time.Now().Add(reductionTime)
	sets := []setting{s.fail.set}
	if s.claim.relation == anywhere || s.claim.relation == effect {
		sets = []setting{s.sets[0], s.fail.set}
	}
	if !s.reproduce(sets) {
		return false
	}
	for again := true; again; {
		again = s.reduceGraph()
		again = s.reduceQuestion() || again
		again = s.reducePast() || again
	}
	return true
}

// reproduce finds out whether the failure needs other settings beside its own, or a past.
func (s *specimen) reproduce(sets []setting) bool {
	all, past := s.sets, s.past
	for n := 0; n <= len(past); n = 2*n + 1 {
		s.past = past[len(past)-n:]
		for _, s.sets = range [][]setting{sets, all} {
			if s.try(s.model, s.claim) {
				return true
			}
		}
	}
	return false
}

// reducePast drops graphs that the store held before, and their steps.
func (s *specimen) reducePast() bool {
	changed := false
	offer := func(past [][]step) {
		old := s.past
		if s.past = past; s.try(s.model, s.claim) {
			changed = true
			return
		}
		s.past = old
	}
	for i := len(s.past) - 1; i >= 0; i-- {
		if offer(slices.Delete(slices.Clone(s.past), i, i+1)); i >= len(s.past) {
			continue
		}
		for k := len(s.past[i]) - 1; k >= 0; k-- {
			less := slices.Clone(s.past)
			less[i] = slices.Delete(slices.Clone(less[i]), k, k+1)
			offer(less)
		}
	}
	return changed
}

// script is all that makes the store.
func (s *specimen) script(m *model, at stage) []step {
	var out []step
	for _, graph := range s.past {
		out = append(append(out, graph...), step{verb: verbEnd}, empty)
	}
	return append(out, m.script(at)...)
}

// try reports whether the claim fails as it did, in stores made for it alone.
func (s *specimen) try(m *model, c claim) bool {
	if s.tries++; s.tries > reductionTries || time.Now().After(s.deadline) {
		return false
	}
	fail, err := once(func(at stage) []step { return s.script(m, at) }, c, m, s.sets)
	if err != nil || fail == nil || fail.kind != s.fail.kind {
		return false
	}
	s.fail = *fail
	return true
}

// once checks a claim in new stores.
func once(script func(stage) []step, c claim, m *model, sets []setting) (fail *failure, err error) {
	var worlds []*world
	for _, set := range sets {
		w, err := newWorld(set)
		if err != nil {
			return nil, err
		}
		defer func() {
			if e := w.close(); e != nil && err == nil {
				err = e
			}
		}()
		if err := w.play(script(set.at)); err != nil {
			return nil, err
		}
		worlds = append(worlds, w)
	}
	return c.in(worlds, m, &tally{}), nil
}

// reduceQuestion makes the choices fewer and smaller; it reports whether that went anywhere.
func (s *specimen) reduceQuestion() bool {
	changed := false
	for again := true; again; {
		again = false
		for choices := range smaller(s.question) {
			r := replay(choices)
			i := slices.IndexFunc(s.family.claims(r, s.model), func(c claim) bool { return c.name == s.claim.name })
			if i < 0 || !less(r.taken, s.question) {
				continue
			}
			c := s.family.claims(replay(choices), s.model)[i]
			if s.try(s.model, c) {
				s.question, s.claim = r.taken, c
				again, changed = true, true
				break
			}
		}
	}
	return changed
}

// less reports whether some choices are simpler than others.
func less(a, b []int) bool {
	return cmp.Or(cmp.Compare(len(a), len(b)), slices.Compare(a, b)) < 0
}

// reduceGraph drops stages, elements, labels and properties; it reports whether it dropped any.
func (s *specimen) reduceGraph() bool {
	changed := false
	for again := true; again; {
		again = false
		for m := range s.model.smaller() {
			if s.try(m, s.claim) {
				s.model = m
				again, changed = true, true
				break
			}
		}
	}
	return changed
}

// smaller gives graphs with something less.
func (m *model) smaller() func(func(*model) bool) {
	return func(yield func(*model) bool) {
		ok := true
		offer := func(change func(c *model)) {
			if ok {
				c := m.clone()
				change(c)
				ok = yield(c)
			}
		}
		for at := range m.stage {
			offer(func(c *model) { c.stage = at })
		}
		for size := len(m.rels); size > 0; size /= 2 {
			for at := 0; at+size <= len(m.rels); at += size {
				offer(func(c *model) { c.dropRels(at, size) })
			}
		}
		for size := len(m.nodes); size > 0; size /= 2 {
			for at := 0; at+size <= len(m.nodes); at += size {
				offer(func(c *model) {
					for i := range size {
						c.dropNode(at + size - 1 - i)
					}
				})
			}
		}
		for i := range m.nodes {
			m.nodes[i].smaller(func(change func(*node)) { offer(func(c *model) { change(&c.nodes[i]) }) })
		}
		for i, x := range m.rels {
			if x.was >= 0 || x.way > 0 {
				offer(func(c *model) { c.rels[i].was, c.rels[i].way = -1, 0 })
			}
			if x.w > 0 {
				offer(func(c *model) { c.rels[i].w = 0 })
			}
			if x.typ != "T" {
				offer(func(c *model) { c.rels[i].typ = "T" })
			}
			if x.gone {
				offer(func(c *model) { c.rels[i].gone = c.nodes[x.from].gone || c.nodes[x.to].gone })
			}
		}
		if m.laterNodes < len(m.nodes) || m.laterRels < len(m.rels) {
			offer(func(c *model) { c.laterNodes, c.laterRels = len(c.nodes), len(c.rels) })
		}
	}
}

// smaller offers changes that leave less of a node.
func (n *node) smaller(offer func(func(*node))) {
	if n.was != nil || n.way > 0 {
		offer(func(n *node) { n.was, n.way = nil, 0 })
	}
	if len(n.props) > 1 {
		offer(func(n *node) { n.props = nil })
	}
	for k := range n.props {
		offer(func(n *node) { delete(n.props, k) })
	}
	for i := range n.labels {
		offer(func(n *node) { n.labels = slices.Delete(slices.Clone(n.labels), i, i+1) })
	}
	if n.v >= 0 {
		offer(func(n *node) { n.v = -1 })
	}
	if n.v > 0 {
		offer(func(n *node) { n.v = 0 })
	}
}

func (m *model) dropRels(at, n int) {
	m.laterRels -= max(0, min(m.laterRels, at+n)-at)
	m.rels = slices.Delete(m.rels, at, at+n)
}

func (m *model) dropNode(at int) {
	for i := len(m.rels) - 1; i >= 0; i-- {
		switch x := &m.rels[i]; {
		case x.from == at || x.to == at:
			m.dropRels(i, 1)
		default:
			x.from -= above(x.from, at)
			x.to -= above(x.to, at)
		}
	}
	if at < m.laterNodes {
		m.laterNodes--
	}
	m.nodes = slices.Delete(m.nodes, at, at+1)
}

func above(a, b int) int {
	if a > b {
		return 1
	}
	return 0
}

// file writes the specimen as a file of testdata/regress.
func (s *specimen) file() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# %s, seed %d, in the setting %q\n\n", s.claim.name, s.seed, s.fail.set.name)
	for _, st := range s.script(s.model, s.fail.set.at) {
		fmt.Fprintln(&b, strings.TrimSpace(st.verb+"\n"+st.text)+"\n")
	}
	for _, k := range sorted(s.claim.params) {
		fmt.Fprintf(&b, "param %s\n%s\n\n", k, s.claim.params[k])
	}
	for i, text := range s.claim.texts {
		head := "and"
		if i == 0 {
			head = strings.Join(append([]string{string(s.claim.relation)}, s.claim.folds...), " ")
		}
		fmt.Fprintf(&b, "%s\n%s\n\n", head, text)
	}
	if s.claim.want != nil {
		want := s.claim.want(s.model)
		slices.Sort(want)
		fmt.Fprintf(&b, "gives\n%s\n\n", strings.Join(want, "\n"))
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
