// Package parser turns KadeQL text into a syntax tree.
//
// Text is scanned by hand into a slab of tokens, checked for depth, parsed by
// an ANTLR parser in SLL mode that stops at the first error, and built into
// an ast tree in one pass; ANTLR's own tree is dropped. See package grammar.
package parser

import (
	"sync"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// MaxText is the longest text that is parsed, in bytes.
const MaxText = 1 << 20

// MaxTokens is the most words and signs of a text. One takes up to 600 bytes while it is
// parsed, so that a text takes at most 300 MB.
const MaxTokens = 1 << 19

// Parse parses one statement; a semicolon may end it. Errors are
// *status.Error with a place and, where one can be guessed, a hint.
//
// Parse checks syntax alone: whether names are defined and clauses stand in
// an order that makes sense is the binder's business. It may be called from
// any number of goroutines.
func Parse(text string) (ast.Statement, error) {
	return parse(text, nil)
}

// ParseLifted is Parse, but the literals that Lift took out of this same text, given
// by their offsets, become *ast.Parameter with Literal and Index set.
func ParseLifted(text string, offsets []int32) (ast.Statement, error) {
	return parse(text, offsets)
}

const dataHint = "pass data as parameters, or load it with LOAD CSV or kadedb import"

// session is what one parse needs, pooled.
type session struct {
	tokens []token
	stream stream
	parser *gen.KadeQLParser
}

var sessions = sync.Pool{New: func() any {
	s := &session{}
	s.parser = gen.NewKadeQLParser(&s.stream)
	s.parser.RemoveErrorListeners()
	s.parser.GetInterpreter().SetPredictionMode(antlr.PredictionModeSLL)
	s.parser.SetErrorHandler(strategy{antlr.NewDefaultErrorStrategy()})
	return s
}}

// Texts of more than maxShort tokens are parsed one at a time, since they take much memory.
const maxShort = 1 << 14

var longs = make(chan struct{}, 1)

func parse(text string, lifted []int32) (st ast.Statement, err error) {
	if len(text) > MaxText {
		return nil, status.Errorf(status.TooLong, "the query is %d bytes long; at most %d are taken", len(text), MaxText).
			WithHint(dataHint)
	}
	s := sessions.Get().(*session)
	tokens, serr := scan(s.tokens[:0], text)
	s.tokens = tokens
	if len(tokens) > maxShort {
		longs <- struct{}{}
		defer func() { <-longs }()
	}
	defer func() {
		// After an error the parser's state is in the middle of something, and
		// one huge text should not keep its tokens for ever.
		if err == nil && cap(s.tokens) <= maxShort {
			clear(s.tokens)
			sessions.Put(s)
		}
	}()
	if serr != nil {
		return nil, serr
	}
	locate(tokens)
	if serr := checkDepth(tokens); serr != nil {
		return nil, serr
	}
	s.stream = stream{tokens: tokens}
	s.parser.SetInputStream(&s.stream)
	return run(s, lifted)
}

// run parses and builds. Both give up at the first error by a panic with a
// bail, which ends here; any other panic is a bug and goes on.
func run(s *session, lifted []int32) (st ast.Statement, err error) {
	defer func() {
		if r := recover(); r != nil {
			b, ok := r.(bail)
			if !ok {
				panic(r)
			}
			st, err = nil, b.err
		}
	}()
	tree := s.parser.Statement()
	b := builder{tokens: s.tokens, text: s.tokens[0].text, lifted: lifted}
	st = b.statement(tree)
	if b.patterns {
		checkPatterns(st, false)
	}
	return st, nil
}

// bail carries the first error out of the generated parser and the builder.
type bail struct {
	err *status.Error
}
