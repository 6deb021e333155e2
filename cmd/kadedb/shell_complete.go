package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/kadedb/kadedb/cmd/kadedb/edit"
	"github.com/kadedb/kadedb/cmd/kadedb/syntax"
)

// mostProposals bounds what is shown.
const mostProposals = 200

// proposals returns how text, cut off at the cursor, may go on: each replaces the text
// from start.
func (sh *shell) proposals(text string) (start int, list []edit.Proposal) {
	start, all := sh.allProposals(text)
	prefix := strings.ToLower(text[start:])
	for _, p := range all {
		if printable(p.Text) != p.Text || strings.Contains(p.Text, "\n") {
			continue // names from the store must not steer the terminal
		}
		p.Doc = printable(p.Doc)
		name := strings.ToLower(p.Text)
		if (strings.HasPrefix(name, prefix) || strings.HasPrefix(strings.TrimPrefix(name, "`"), prefix)) && len(list) < mostProposals {
			list = append(list, p)
		}
	}
	return start, list
}

func (sh *shell) allProposals(text string) (start int, list []edit.Proposal) {
	offset := 0
	if lead := strings.TrimLeft(text, " \t"); strings.HasPrefix(lead, ":") {
		name, rest, more := strings.Cut(lead, " ")
		at := len(text) - len(lead)
		if !more {
			for _, w := range shellWords() {
				list = append(list, edit.Proposal{Text: w.names[0], Doc: w.doc})
			}
			return at, list
		}
		offset = len(text) - len(rest)
		switch name = strings.ToLower(name); name {
		case ":explain", ":profile":
			text = rest
		case ":param":
			const lead = "RETURN "
			name, expr, is := strings.Cut(rest, "=>")
			if !is {
				return len(text), sh.afterCommand(":param", "")
			}
			place := syntax.At(lead + expr)
			at := place.Start - len(lead)
			return offset + len(name) + len("=>") + at, sh.forPlace(place, expr[at:])
		default:
			word := strings.LastIndexAny(text, " \t") + 1
			return word, sh.afterCommand(name, text[word:])
		}
	}
	place := syntax.At(text)
	return offset + place.Start, sh.forPlace(place, text[place.Start:])
}

// afterCommand proposes what follows the name of a command.
func (sh *shell) afterCommand(name, word string) (list []edit.Proposal) {
	add := func(names []string) {
		for _, n := range names {
			list = append(list, edit.Proposal{Text: n})
		}
	}
	switch name {
	case ":source":
		add(filesLike(word))
	case ":param", ":clear":
		add(sh.paramNames())
	case ":schema":
		known := sh.names.get(time.Now().Add(namesWait))
		add(known.labels)
		add(known.types)
	}
	for _, w := range shellWords() {
		if slices.Contains(w.names, name) && w.values != nil {
			add(w.values())
		}
	}
	return list
}

// filesLike returns the files and folders whose names begin with prefix.
func filesLike(prefix string) (list []string) {
	dir, base := filepath.Split(prefix)
	entries, err := os.ReadDir(filepath.Clean("./" + dir))
	if filepath.IsAbs(dir) {
		entries, err = os.ReadDir(dir)
	}
	if err != nil {
		return nil // a folder that is not there holds nothing to propose
	}
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), base) || base == "" && strings.HasPrefix(e.Name(), ".") {
			continue
		}
		name := dir + e.Name()
		if e.IsDir() {
			name += string(filepath.Separator)
		}
		list = append(list, name)
	}
	return list
}

// forPlace proposes what a statement may go on with.
func (sh *shell) forPlace(place syntax.Place, prefix string) (list []edit.Proposal) {
	deadline := time.Now().Add(namesWait)
	known := sh.names.get(deadline)
	add := func(want syntax.Wanted, names []string) {
		if place.Wanted&want == 0 {
			return
		}
		for _, n := range names {
			list = append(list, edit.Proposal{Text: syntax.Quote(n)})
		}
	}
	add(syntax.Variables, place.Variables)
	add(syntax.Labels, known.labels)
	add(syntax.Types, known.types)
	if place.Wanted&syntax.Keys != 0 {
		add(syntax.Keys, sh.keysFor(place.Of, known.keys, deadline))
	}
	if place.Wanted&syntax.Params != 0 {
		for _, n := range known.params {
			list = append(list, edit.Proposal{Text: "$" + syntax.Quote(n)})
		}
	}
	if place.Wanted&syntax.Procedures != 0 {
		for _, p := range known.procedures {
			list = append(list, edit.Proposal{Text: p.name + "(", Doc: p.doc})
		}
	}
	if place.Wanted&syntax.Keywords != 0 {
		small := prefix != "" && prefix == strings.ToLower(prefix)
		words := syntax.Words()
		if prefix == "" {
			words = syntax.Clauses()
		}
		for _, w := range words {
			if small {
				w = strings.ToLower(w)
			}
			list = append(list, edit.Proposal{Text: w})
		}
	}
	if place.Wanted&syntax.Functions != 0 && prefix != "" {
		for _, f := range known.functions {
			list = append(list, edit.Proposal{Text: f.name + "(", Doc: f.doc})
		}
	}
	return list
}

// keysFor returns the properties of labels or types, all where those are not known.
func (sh *shell) keysFor(of, all []string, deadline time.Time) (list []string) {
	const mostOf = 4
	for _, name := range of[:min(len(of), mostOf)] {
		list = append(list, sh.names.keysOf(name, deadline)...)
	}
	if list == nil {
		return all
	}
	slices.Sort(list)
	return slices.Compact(list)
}
