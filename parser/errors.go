package parser

import (
	"fmt"
	"slices"
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/status"
)

// strategy ends the parse at the first error.
type strategy struct {
	*antlr.DefaultErrorStrategy
}

func (s strategy) ReportError(p antlr.Parser, e antlr.RecognitionException) {
	if _, ok := e.(*antlr.NoViableAltException); ok {
		if in, ok := p.GetTokenStream().(*stream); ok {
			panic(bail{syntaxError(p, &in.tokens[in.far])})
		}
	}
	s.RecoverInline(p)
}

func (s strategy) Recover(p antlr.Parser, e antlr.RecognitionException) {
	s.ReportError(p, e)
}

func (s strategy) RecoverInline(p antlr.Parser) antlr.Token {
	offending, _ := p.GetCurrentToken().(*token)
	panic(bail{syntaxError(p, offending)})
}

func (s strategy) Sync(antlr.Parser) {}

// syntaxError words the error at offending.
func syntaxError(p antlr.Parser, offending *token) *status.Error {
	if later := laterOn(p, offending); later != "" {
		return status.Errorf(status.NotYet, "%s cannot be used in this version", later).At(offending.pos()).
			WithHint("it is planned for a later version")
	}
	var want string
	if p.GetCurrentToken() == antlr.Token(offending) {
		want = describe(p, p.GetExpectedTokens())
	}
	if hint := brokenRange(p, offending); hint != "" {
		return status.Errorf(status.InvalidRelationshipPattern, "`%s` is not expected in a relationship pattern", offending.lexeme()).
			At(offending.pos()).WithHint("%s", hint)
	}
	found := "`" + shorten(offending.lexeme()) + "`"
	if offending.typ == antlr.TokenEOF {
		found = "the end of the query"
	}
	err := status.Errorf(status.UnexpectedSyntax, "%s is not expected here", found)
	if want != "" {
		err = status.Errorf(status.UnexpectedSyntax, "expected %s but found %s", want, found)
	}
	err = err.At(offending.pos())
	if hint := guess(p, offending); hint != "" {
		err = err.WithHint("%s", hint)
	}
	return err
}

// brokenRange tells a malformed number of hops from other errors by a hint, "" if it is none.
func brokenRange(p antlr.Parser, offending *token) string {
	s, ok := p.GetTokenStream().(*stream)
	if !ok || offending.index == 0 || !insideRelationship(s.tokens, int(offending.index)) {
		return ""
	}
	prev := s.tokens[offending.index-1].typ
	switch {
	case offending.typ == gen.KadeQLParserDOTDOT:
		return "a number of hops begins with an asterisk: [:TYPE*1..3]"
	case offending.typ == gen.KadeQLParserMINUS && (prev == gen.KadeQLParserSTAR || prev == gen.KadeQLParserDOTDOT):
		return "a number of hops cannot be negative"
	}
	return ""
}

// insideRelationship reports whether the innermost bracket open before token i is that of -[ ].
func insideRelationship(tokens []token, i int) bool {
	depth := 0
	for i--; i > 0; i-- {
		switch tokens[i].typ {
		case gen.KadeQLParserRPAREN, gen.KadeQLParserRBRACKET, gen.KadeQLParserRBRACE:
			depth++
		case gen.KadeQLParserLPAREN, gen.KadeQLParserLBRACKET, gen.KadeQLParserLBRACE:
			if depth == 0 {
				return tokens[i].typ == gen.KadeQLParserLBRACKET && tokens[i-1].typ == gen.KadeQLParserMINUS
			}
			depth--
		}
	}
	return false
}

func shorten(s string) string {
	const most = 40
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// describe names what may stand at the current token, "" where that is too much to say.
func describe(p antlr.Parser, set *antlr.IntervalSet) string {
	if set == nil {
		return ""
	}
	var types []int
	for _, iv := range set.GetIntervals() {
		for t := iv.Start; t < iv.Stop; t++ {
			types = append(types, t)
		}
	}
	has := func(t int) bool { return slices.Contains(types, t) }
	var parts []string
	switch {
	case has(gen.KadeQLParserIDENTIFIER) && has(gen.KadeQLParserSTRING_LITERAL):
		return "an expression"
	case has(antlr.TokenEOF) && len(types) <= 2:
		// Loops that could have gone on are left by now: more would have been
		// allowed than what is known here.
		return ""
	case has(gen.KadeQLParserIDENTIFIER):
		parts = append(parts, "a name")
	case has(gen.KadeQLParserMATCH) && has(gen.KadeQLParserRETURN):
		return "a clause such as MATCH or RETURN"
	}
	for _, t := range types {
		if t == antlr.TokenEOF || t == gen.KadeQLParserESCAPED || t == gen.KadeQLParserIDENTIFIER || isWord(t) && has(gen.KadeQLParserIDENTIFIER) {
			continue
		}
		parts = append(parts, tokenName(p, t))
	}
	const most = 5
	if len(parts) > most {
		return ""
	}
	return strings.Join(parts, " or ")
}

func tokenName(p antlr.Parser, t int) string {
	if names := p.GetLiteralNames(); t > 0 && t < len(names) && names[t] != "" {
		w := strings.Trim(names[t], "'")
		if isWord(t) {
			return w
		}
		return "`" + w + "`"
	}
	switch t {
	case gen.KadeQLParserINTEGER_LITERAL:
		return "an integer"
	case gen.KadeQLParserSTRING_LITERAL:
		return "a string"
	}
	return "a literal"
}

// guess returns a hint for the error at offending, "" if nothing comes to mind.
func guess(p antlr.Parser, offending *token) string {
	s, ok := p.GetTokenStream().(*stream)
	if !ok {
		return ""
	}
	i := int(offending.index)
	next := s.tokens[min(i+1, len(s.tokens)-1)]
	switch {
	case offending.typ == gen.KadeQLParserEXCLAMATION && next.typ == gen.KadeQLParserEQ:
		return "unequal is written <>"
	case offending.typ == gen.KadeQLParserUSE && i > 0:
		return "USE is the first clause of its query"
	case offending.typ == gen.KadeQLParserUSING && strings.EqualFold(next.lexeme(), "PERIODIC"):
		return "CALL { … } IN TRANSACTIONS takes the place of USING PERIODIC COMMIT"
	case offending.typ == gen.KadeQLParserEQ && next.typ == gen.KadeQLParserEQ,
		offending.typ == gen.KadeQLParserEQ && i > 0 && s.tokens[i-1].typ == gen.KadeQLParserEQ:
		return "equality is written ="
	case offending.typ == gen.KadeQLParserSEMICOLON || i > 0 && s.tokens[i-1].typ == gen.KadeQLParserSEMICOLON:
		return "send one statement at a time"
	}
	prev := &s.tokens[max(i-1, 0)]
	switch {
	case offending.typ == gen.KadeQLParserGT && prev.typ == gen.KadeQLParserMINUS,
		offending.typ == gen.KadeQLParserMINUS && prev.typ == gen.KadeQLParserGT:
		return "an arrow is written -->, or -[:TYPE]->"
	case prev.typ == gen.KadeQLParserON && i > 2 && s.tokens[i-2].typ == gen.KadeQLParserINDEX && s.tokens[i-3].typ == gen.KadeQLParserDROP:
		return "write DROP INDEX name; SHOW INDEXES lists the names"
	case prev.typ == gen.KadeQLParserON && i > 1 && s.tokens[i-2].typ == gen.KadeQLParserINDEX:
		return "write CREATE INDEX FOR (n:Label) ON (n.key)"
	}
	if offending.typ == antlr.TokenEOF {
		if open := unclosed(s.tokens); open != nil {
			return fmt.Sprintf("the `%s` at line %d, column %d is not closed", open.lexeme(), open.line, open.column)
		}
	}
	if i > 0 && s.tokens[i-1].typ == gen.KadeQLParserCOLONCOLON {
		if near := status.Nearest(strings.ToUpper(s.tokens[i].lexeme()), typeWords...); near != "" {
			return fmt.Sprintf("did you mean %s?", near)
		}
		return "types are " + strings.Join(typeWords, ", ")
	}
	for _, k := range []int{i, i - 1} {
		if k < 0 || s.tokens[k].typ != gen.KadeQLParserIDENTIFIER || k > 0 && s.tokens[k-1].typ == gen.KadeQLParserCOLON {
			continue
		}
		if w := nearestWord(s.tokens[k].lexeme()); w != "" {
			return fmt.Sprintf("did you mean %s?", w)
		}
	}
	if offending.typ == gen.KadeQLParserRETURN || offending.typ == gen.KadeQLParserMATCH {
		if open := unclosed(s.tokens[:i]); open != nil && open.typ != gen.KadeQLParserLBRACE {
			return fmt.Sprintf("the `%s` at line %d, column %d is not closed", open.lexeme(), open.line, open.column)
		}
	}
	return ""
}

// laterClauses and laterThings are words of KadeQL whose statements are not
// part of the grammar yet, with what they are about.
var (
	laterClauses = map[string]string{
		"FROM": "reading tables, documents and series", "JOIN": "JOIN", "ASOF": "ASOF JOIN", "SUBSCRIBE": "SUBSCRIBE", "EXPORT": "EXPORT",
		"HAVING": "HAVING", "OVER": "window functions", "ALTER": "ALTER", "GRANT": "GRANT", "REVOKE": "REVOKE", "DENY": "DENY",
		"VALID": "valid time", "VALID_TIME": "valid time", "SYSTEM_TIME": "system time", "SEARCH": "SEARCH",
		"EARLIEST": "a journey", "LATEST": "a journey", "FASTEST": "a journey", "JOURNEY": "a journey",
	}
	laterThings = map[string]string{
		"TABLE": "a table", "TABLES": "tables", "COLLECTION": "a document collection", "COLLECTIONS": "document collections", "SERIES": "a series",
		"MATERIALIZED": "a materialized view", "CONTINUOUS": "a continuous aggregate", "VIEW": "a view", "VIEWS": "views", "PROCEDURE": "a procedure of your own",
		"ALERT": "an alert", "ALERTS": "alerts", "HISTORY": "history", "USER": "a user", "USERS": "users", "ROLE": "a role", "ROLES": "roles",
		"DATABASE": "a database", "DATABASES": "databases", "INTO": "INSERT INTO",
	}
)

// laterOn says what the tokens around offending ask for, if it is something
// of KadeQL that the grammar does not have yet.
func laterOn(p antlr.Parser, offending *token) string {
	s, ok := p.GetTokenStream().(*stream)
	if !ok {
		return ""
	}
	for i := int(offending.index); i >= max(int(offending.index)-1, 0); i-- {
		t := &s.tokens[i]
		if !isName(t.typ) {
			continue
		}
		w := strings.ToUpper(t.lexeme())
		if i == int(offending.index) && t.typ == gen.KadeQLParserAS && isOf(&s.tokens[i+1]) {
			return "AS OF"
		}
		if what := laterClauses[w]; what != "" && clausePlace(s.tokens, i) {
			return what
		}
		if i == 0 {
			continue
		}
		switch s.tokens[i-1].typ {
		case gen.KadeQLParserCREATE, gen.KadeQLParserDROP, gen.KadeQLParserSHOW, gen.KadeQLParserINSERT:
			if what := laterThings[w]; what != "" {
				return what
			}
		}
	}
	return ""
}

func isOf(t *token) bool { return t.typ == gen.KadeQLParserOF }

// clausePlace reports whether token i stands where a clause could begin: at
// the start, or after what ends an operand or a pattern.
func clausePlace(tokens []token, i int) bool {
	if i == 0 {
		return true
	}
	prev := tokens[i-1].typ
	return endsOperand(prev) || prev == gen.KadeQLParserFOR || prev == gen.KadeQLParserEQ || prev == gen.KadeQLParserMATCH
}

// unclosed returns the innermost bracket that is still open at the end, or nil.
func unclosed(tokens []token) *token {
	var open []*token
	for i := range tokens {
		switch tokens[i].typ {
		case gen.KadeQLParserLPAREN, gen.KadeQLParserLBRACKET, gen.KadeQLParserLBRACE:
			open = append(open, &tokens[i])
		case gen.KadeQLParserRPAREN, gen.KadeQLParserRBRACKET, gen.KadeQLParserRBRACE:
			if len(open) > 0 {
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return nil
	}
	return open[len(open)-1]
}

// typable are the words that a hint may propose.
var typable = []string{
	"MATCH", "RETURN", "WHERE", "WITH", "OPTIONAL", "UNWIND", "CREATE", "MERGE", "DELETE", "DETACH", "REMOVE", "SET",
	"FOREACH", "CALL", "YIELD", "UNION", "ORDER", "BY", "SKIP", "OFFSET", "LIMIT", "DISTINCT", "DESC", "ASC", "AS", "AND", "OR", "XOR", "NOT",
	"CONTAINS", "STARTS", "ENDS", "CASE", "WHEN", "THEN", "ELSE", "END", "EXISTS", "LOAD", "CSV", "JSONL", "PARQUET", "FROM", "INSERT",
	"INDEX", "CONSTRAINT", "REQUIRE", "UNIQUE", "DROP", "SHOW", "BEGIN", "COMMIT", "ROLLBACK", "EXPLAIN", "PROFILE", "TERMINATE",
	"TRANSACTION", "TRANSACTIONS", "FUNCTIONS", "PROCEDURES", "INDEXES", "CONSTRAINTS", "SHORTEST", "CHEAPEST", "COST", "FILTER", "LET", "FINISH",
}

// typeWords are those that stand behind `::`.
var typeWords = []string{"ANY", "BOOLEAN", "INTEGER", "FLOAT", "STRING", "LIST", "MAP", "NODE", "RELATIONSHIP", "PATH", "POINT", "DATE", "LOCAL TIME", "ZONED TIME",
	"LOCAL DATETIME", "ZONED DATETIME", "DURATION", "NULL", "NOTHING"}

// nearestWord returns the word that w is a small slip away from.
func nearestWord(w string) string {
	if len(w) < 3 {
		return ""
	}
	return status.Nearest(strings.ToUpper(w), typable...)
}
