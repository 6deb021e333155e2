package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// Scenario is one case to run: an outline gives one for each row of its examples.
type Scenario struct {
	Feature string
	Name    string
	Tags    []string
	File    string
	Line    int
	Steps   []Step
}

// Step is one Given, When, Then, And or But line with what hangs below it.
type Step struct {
	Line  int
	Text  string
	Doc   string     // the text between """ lines, indentation removed
	Table [][]string // cells, escapes undone
}

// readFeatures parses every .feature file under dir, in the order of their names.
func readFeatures(dir string) ([]Scenario, error) {
	var files []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".feature") {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("%s: no .feature file below this folder", dir)
	}
	sort.Strings(files)
	var out []Scenario
	for _, f := range files {
		s, err := parseFeature(f)
		if err != nil {
			return nil, err
		}
		out = append(out, s...)
	}
	return out, nil
}

// featureParser holds what the lines so far have opened.
type featureParser struct {
	file       string
	feature    string
	background []Step
	tags       []string

	cur        *Scenario
	outline    bool
	examples   [][]string // of the current Examples block, header first
	inExamples bool
	inBack     bool
	out        []Scenario
}

func parseFeature(file string) ([]Scenario, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &featureParser{file: file}
	s := bufio.NewScanner(f)
	s.Buffer(nil, 1<<20)
	for n := 1; s.Scan(); n++ {
		line := strings.TrimSpace(s.Text())
		if line == `"""` {
			doc, lines, err := readDoc(s, strings.Index(s.Text(), `"""`))
			if err != nil {
				return nil, fmt.Errorf("%s:%d: %w", file, n, err)
			}
			st := p.lastStep()
			if st == nil {
				return nil, fmt.Errorf("%s:%d: a text block without a step", file, n)
			}
			st.Doc = doc
			n += lines
			continue
		}
		if err := p.line(n, line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	p.close()
	return p.out, s.Err()
}

// readDoc reads up to the closing """ and removes the indentation of the opening one.
func readDoc(s *bufio.Scanner, indent int) (string, int, error) {
	var lines []string
	for s.Scan() {
		if strings.TrimSpace(s.Text()) == `"""` {
			return strings.Join(lines, "\n"), len(lines) + 1, nil
		}
		l := s.Text()
		cut := 0
		for cut < indent && cut < len(l) && (l[cut] == ' ' || l[cut] == '\t') {
			cut++
		}
		lines = append(lines, l[cut:])
	}
	return "", 0, fmt.Errorf(`no closing """`)
}

func (p *featureParser) lastStep() *Step {
	steps := &p.background
	if !p.inBack {
		if p.cur == nil {
			return nil
		}
		steps = &p.cur.Steps
	}
	if len(*steps) == 0 {
		return nil
	}
	return &(*steps)[len(*steps)-1]
}

func (p *featureParser) line(n int, line string) error {
	keyword, rest, _ := strings.Cut(line, ":")
	switch {
	case line == "" || line[0] == '#':
	case line[0] == '@':
		if p.inExamples {
			p.flushExamples()
		}
		p.tags = append(p.tags, strings.Fields(line)...)
	case keyword == "Feature":
		p.feature = strings.TrimSpace(rest)
		p.tags = nil
	case keyword == "Background":
		p.close()
		p.inBack = true
	case keyword == "Scenario" || keyword == "Example" || keyword == "Scenario Outline" || keyword == "Scenario Template":
		p.close()
		p.outline = keyword == "Scenario Outline" || keyword == "Scenario Template"
		p.cur = &Scenario{Feature: p.feature, Name: strings.TrimSpace(rest), Tags: p.tags, File: p.file, Line: n}
		p.cur.Steps = append(p.cur.Steps, p.background...)
		p.tags = nil
	case keyword == "Examples" || keyword == "Scenarios":
		p.flushExamples()
		p.inExamples = true
	case line[0] == '|':
		cells, err := splitCells(line)
		if err != nil {
			return err
		}
		if p.inExamples {
			p.examples = append(p.examples, cells)
			return nil
		}
		st := p.lastStep()
		if st == nil {
			return fmt.Errorf("a table without a step")
		}
		st.Table = append(st.Table, cells)
	default:
		text, ok := stepText(line)
		if !ok {
			if p.cur == nil && !p.inBack {
				return nil // free description below Feature
			}
			return fmt.Errorf("neither a step nor a table: %q", line)
		}
		if p.inBack {
			p.background = append(p.background, Step{Line: n, Text: text})
		} else if p.cur != nil {
			p.cur.Steps = append(p.cur.Steps, Step{Line: n, Text: text})
		}
	}
	return nil
}

func stepText(line string) (string, bool) {
	for _, k := range []string{"Given ", "When ", "Then ", "And ", "But ", "* "} {
		if strings.HasPrefix(line, k) {
			return strings.TrimSpace(line[len(k):]), true
		}
	}
	return "", false
}

// splitCells cuts a table row at its unescaped bars.
func splitCells(line string) ([]string, error) {
	var cells []string
	var b strings.Builder
	for i := 1; i < len(line); i++ {
		switch c := line[i]; {
		case c == '\\' && i+1 < len(line) && (line[i+1] == '|' || line[i+1] == '\\'):
			i++
			b.WriteByte(line[i])
		case c == '\\' && i+1 < len(line) && line[i+1] == 'n':
			i++
			b.WriteByte('\n')
		case c == '|':
			cells = append(cells, strings.TrimSpace(b.String()))
			b.Reset()
		default:
			b.WriteByte(c)
		}
	}
	if strings.TrimSpace(b.String()) != "" {
		return nil, fmt.Errorf("a table row that does not end in |: %q", line)
	}
	return cells, nil
}

// close ends the scenario that is open.
func (p *featureParser) close() {
	if p.cur != nil {
		if p.outline {
			p.flushExamples()
		} else {
			p.out = append(p.out, *p.cur)
		}
	}
	p.cur, p.inBack, p.inExamples, p.examples = nil, false, false, nil
}

// flushExamples writes one scenario for each row of the examples read so far.
func (p *featureParser) flushExamples() {
	if p.cur == nil || len(p.examples) == 0 {
		p.examples = nil
		return
	}
	header := p.examples[0]
	for _, row := range p.examples[1:] {
		var pairs []string
		var label []string
		for i, h := range header {
			if i < len(row) {
				pairs = append(pairs, "<"+h+">", row[i])
				label = append(label, h+"="+row[i])
			}
		}
		sub := strings.NewReplacer(pairs...)
		s := *p.cur
		s.Name = sub.Replace(s.Name) + " {" + strings.Join(label, ", ") + "}"
		s.Steps = make([]Step, len(p.cur.Steps))
		for i, st := range p.cur.Steps {
			c := Step{Line: st.Line, Text: sub.Replace(st.Text), Doc: sub.Replace(st.Doc)}
			for _, r := range st.Table {
				cells := make([]string, len(r))
				for j, cell := range r {
					cells[j] = sub.Replace(cell)
				}
				c.Table = append(c.Table, cells)
			}
			s.Steps[i] = c
		}
		p.out = append(p.out, s)
	}
	p.examples = nil
}
