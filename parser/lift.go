package parser

import (
	"strconv"
	"sync"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/value"
)

// Lifted is what Lift makes of a text.
type Lifted struct {
	// Key is the text's tokens in one canonical form, with each literal that was
	// lifted replaced by its kind. Texts with equal keys have equal trees
	// but for those literals and the places of nodes.
	Key string
	// Params are the values that were lifted, in the order of the text.
	Params []value.Value
	// Offsets are the places of the lifted literals, ascending.
	Offsets []int32
}

// Lift scans text without parsing it and gives the key under which its plan
// may be cached. ok is false where the text is better not cached, because it
// is no query or because it cannot be told where its literals matter; it says
// nothing about the text's correctness.
//
// Literals stay where their value may matter before execution: in RETURN, WITH
// and ORDER BY (they name columns), after SKIP and LIMIT, as bounds of paths
// and slices, in COST, after USE, and wherever a rule below does not know the place. In
// RETURN and WITH white space stays too, since it is part of a column's name.
func Lift(text string) (l Lifted, ok bool) {
	var lifter Lifter
	if !lifter.Lift(text) {
		return Lifted{}, false
	}
	return Lifted{Key: string(lifter.Key), Params: lifter.Params, Offsets: lifter.Offsets}, true
}

// Lifter is Lift with buffers that are used again. Its results hold until the
// next call; strings in Params share the text's memory.
type Lifter struct {
	Key     []byte
	Params  []value.Value
	Offsets []int32

	tokens []token
	depth  int
	zone   int // depth at which literals and white space began to matter, -1 outside
}

// maxLifted bounds the literals that become parameters; a text with more, a
// bulk load in all likelihood, keeps the rest in its key.
const maxLifted = 256

// maxLiftText is the longest text that is worth a key.
const maxLiftText = 16 << 10

var liftTokens = sync.Pool{New: func() any { return new([]token) }}

// Lift is the function Lift on l's buffers.
func (l *Lifter) Lift(text string) bool {
	if len(text) > maxLiftText {
		return false
	}
	pooled := liftTokens.Get().(*[]token)
	tokens, err := scan((*pooled)[:0], text)
	defer func() {
		clear(tokens)
		*pooled = tokens[:0]
		liftTokens.Put(pooled)
	}()
	if err != nil || !startsQuery(tokens) {
		return false
	}
	l.Key, l.Params, l.Offsets = l.Key[:0], l.Params[:0], l.Offsets[:0]
	l.tokens, l.depth, l.zone = tokens, 0, -1
	for i := range tokens[:len(tokens)-1] {
		l.step(text, i)
	}
	l.tokens = nil
	return true
}

// startsQuery reports whether the tokens can be a query, rather than another
// kind of statement or nothing at all.
func startsQuery(t []token) bool {
	switch t[0].typ {
	case gen.KadeQLParserMATCH, gen.KadeQLParserOPTIONAL, gen.KadeQLParserRETURN, gen.KadeQLParserWITH,
		gen.KadeQLParserUNWIND, gen.KadeQLParserMERGE, gen.KadeQLParserINSERT, gen.KadeQLParserCALL, gen.KadeQLParserFOREACH:
		return true
	case gen.KadeQLParserCREATE:
		return t[1].typ == gen.KadeQLParserLPAREN || len(t) > 3 && t[2].typ == gen.KadeQLParserEQ
	}
	return false
}

func (l *Lifter) typ(i int) int {
	if i < 0 {
		return antlr.TokenInvalidType
	}
	return l.tokens[i].typ
}

func (l *Lifter) step(text string, i int) {
	t := &l.tokens[i]
	inZone := l.zone >= 0
	l.track(i)
	if i > 0 {
		// A zone's inside is written as it stands, its borders are not.
		if inZone && l.zone >= 0 {
			l.Key = append(l.Key, text[l.tokens[i-1].end:t.start]...)
		} else {
			l.Key = append(l.Key, ' ')
		}
	}
	if l.zone < 0 && len(l.Offsets) < maxLifted && l.movable(i) {
		if v, kind := literalValue(t); kind != 0 {
			l.Key = append(l.Key, 1, kind)
			l.Params = append(l.Params, v)
			l.Offsets = append(l.Offsets, t.start)
			return
		}
	}
	l.Key = append(l.Key, text[t.start:t.end]...)
}

// track keeps depth and zone at token i.
func (l *Lifter) track(i int) {
	switch l.tokens[i].typ {
	case gen.KadeQLParserLPAREN, gen.KadeQLParserLBRACKET, gen.KadeQLParserLBRACE:
		l.depth++
	case gen.KadeQLParserRPAREN, gen.KadeQLParserRBRACKET, gen.KadeQLParserRBRACE:
		l.depth--
		if l.depth < l.zone {
			l.zone = -1
		}
	case gen.KadeQLParserRETURN, gen.KadeQLParserORDER, gen.KadeQLParserSKIP_, gen.KadeQLParserOFFSET,
		gen.KadeQLParserLIMIT, gen.KadeQLParserCOST, gen.KadeQLParserYIELD:
		l.enter(i)
	case gen.KadeQLParserUSE:
		// The name of a database must be known before the query is bound.
		if p := l.typ(i - 1); isName(l.typ(i+1)) && p != gen.KadeQLParserCOLON {
			l.enter(i)
		}
	case gen.KadeQLParserWITH:
		if p := l.typ(i - 1); p != gen.KadeQLParserSTARTS && p != gen.KadeQLParserENDS || !endsOperand(l.typ(i-2)) || l.typ(i-3) == gen.KadeQLParserAS {
			l.enter(i)
		}
	case gen.KadeQLParserMATCH, gen.KadeQLParserOPTIONAL, gen.KadeQLParserWHERE, gen.KadeQLParserUNWIND,
		gen.KadeQLParserCREATE, gen.KadeQLParserMERGE, gen.KadeQLParserSET, gen.KadeQLParserREMOVE,
		gen.KadeQLParserDELETE, gen.KadeQLParserDETACH, gen.KadeQLParserCALL, gen.KadeQLParserUNION, gen.KadeQLParserFOREACH:
		if l.depth == l.zone && l.endsItem(i-1) {
			l.zone = -1
		}
	}
}

// enter begins a zone unless one is open or the word at i is plainly a name.
func (l *Lifter) enter(i int) {
	switch l.typ(i - 1) {
	case gen.KadeQLParserDOT, gen.KadeQLParserDOLLAR:
		return
	}
	if l.zone < 0 {
		l.zone = l.depth
	}
}

// endsItem reports whether token i surely ends an item of a projection, so
// that a clause's word after it begins that clause.
func (l *Lifter) endsItem(i int) bool {
	switch l.typ(i) {
	case gen.KadeQLParserDESC, gen.KadeQLParserDESCENDING, gen.KadeQLParserASC, gen.KadeQLParserASCENDING:
		return endsOperand(l.typ(i - 1))
	case gen.KadeQLParserSTAR:
		p := l.typ(i - 1)
		return p == gen.KadeQLParserRETURN || p == gen.KadeQLParserWITH || p == gen.KadeQLParserDISTINCT
	}
	return endsOperand(l.typ(i))
}

// movable reports whether token i is a literal at a place where its value is
// known not to matter before execution.
func (l *Lifter) movable(i int) bool {
	switch l.typ(i) {
	case gen.KadeQLParserINTEGER_LITERAL, gen.KadeQLParserFLOAT_LITERAL, gen.KadeQLParserSTRING_LITERAL:
	default:
		return false
	}
	if l.typ(i+1) == gen.KadeQLParserDOTDOT {
		return false
	}
	switch l.typ(i - 1) {
	case gen.KadeQLParserEQ, gen.KadeQLParserNE, gen.KadeQLParserLT, gen.KadeQLParserLE, gen.KadeQLParserGT, gen.KadeQLParserGE,
		gen.KadeQLParserREGEX, gen.KadeQLParserPLUS, gen.KadeQLParserMINUS, gen.KadeQLParserSLASH, gen.KadeQLParserPERCENT,
		gen.KadeQLParserCARET, gen.KadeQLParserBARBAR, gen.KadeQLParserCOLON,
		gen.KadeQLParserAND, gen.KadeQLParserOR, gen.KadeQLParserXOR, gen.KadeQLParserIN, gen.KadeQLParserCONTAINS,
		gen.KadeQLParserWITH, gen.KadeQLParserWHERE, gen.KadeQLParserWHEN, gen.KadeQLParserTHEN, gen.KadeQLParserELSE:
		return true
	case gen.KadeQLParserLPAREN:
		// A label $('A') is worth knowing.
		return l.typ(i-2) != gen.KadeQLParserDOLLAR && l.typ(i-3) != gen.KadeQLParserDOLLAR
	case gen.KadeQLParserLBRACKET:
		// n['key'] is a property whose key the plan should know.
		return !endsOperand(l.typ(i-2)) && !isWord(l.typ(i-2)) || l.typ(i-2) == gen.KadeQLParserIN || l.typ(i-2) == gen.KadeQLParserUNWIND
	case gen.KadeQLParserCOMMA:
		// {1,3} and {,3} bound a path.
		return l.typ(i-2) != gen.KadeQLParserLBRACE && l.typ(i-3) != gen.KadeQLParserLBRACE
	}
	return false
}

// literalValue returns the value of a literal and the letter of its kind, 0
// where the literal is at fault or unusual.
func literalValue(t *token) (v value.Value, kind byte) {
	raw := t.lexeme()
	switch t.typ {
	case gen.KadeQLParserINTEGER_LITERAL:
		if n, code := parseInt(raw, false); code == 0 {
			return value.Int(n), 'i'
		}
	case gen.KadeQLParserFLOAT_LITERAL:
		if f, err := strconv.ParseFloat(withoutGroups(raw), 64); err == nil {
			return value.Float(f), 'f'
		}
	case gen.KadeQLParserSTRING_LITERAL:
		if s, _, code := unquote(raw); code == 0 {
			return value.String(s), 's'
		}
	}
	return value.Null, 0
}
