package ast

import (
	"strconv"
	"strings"
	"unicode"
)

// Format writes a statement, a query, a clause, a pattern or an expression as
// KadeQL. Parsing a formatted statement gives a tree equal to the one
// formatted but for the places of nodes.
func Format(n Node) string {
	var p printer
	switch n := n.(type) {
	case Statement:
		p.statement(n)
	case *SingleQuery:
		p.use(n.Use)
		p.clauses(n.Clauses, "\n")
	case Clause:
		p.clause(n)
	case *PatternPart:
		p.part(n)
	case Expr:
		p.expr(n, 0)
	case PatternElement:
		p.element(n)
	case LabelExpr:
		p.label(n)
	}
	return p.String()
}

type printer struct {
	strings.Builder
}

func (p *printer) s(parts ...string) {
	for _, s := range parts {
		p.WriteString(s)
	}
}

// when writes s if ok.
func (p *printer) when(ok bool, s string) {
	if ok {
		p.WriteString(s)
	}
}

// list writes n items with sep between them.
func (p *printer) list(n int, sep string, item func(i int)) {
	for i := range n {
		p.when(i > 0, sep)
		item(i)
	}
}

// reserved are the words that are quoted as names, for the reader's sake
// where the grammar does not demand it.
var reserved = map[string]bool{
	"NOT": true, "CASE": true, "WHEN": true, "TRUE": true, "FALSE": true, "NULL": true, "DISTINCT": true, "WHERE": true,
	"MATCH": true, "RETURN": true, "WITH": true, "CREATE": true, "MERGE": true, "DELETE": true, "SET": true, "REMOVE": true,
	"UNWIND": true, "UNION": true, "OPTIONAL": true, "AND": true, "OR": true, "XOR": true, "IN": true, "IS": true, "AS": true,
	"ON": true, "ORDER": true, "SKIP": true, "LIMIT": true, "END": true, "THEN": true, "ELSE": true, "DESC": true, "ASC": true,
}

func quote(name string) string {
	if plain(name) && !reserved[strings.ToUpper(name)] {
		return name
	}
	return "`" + strings.ReplaceAll(name, "`", "``") + "`"
}

func plain(name string) bool {
	for i, r := range name {
		if !unicode.IsLetter(r) && r != '_' && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return name != ""
}

func (p *printer) name(n *Name) { p.s(quote(n.Text)) }

func (p *printer) statement(st Statement) {
	switch st := st.(type) {
	case *Query:
		p.query(st)
	case *Explain:
		if st.Profile {
			p.s("PROFILE ")
		} else {
			p.s("EXPLAIN ")
		}
		p.statement(st.Statement)
	case *Transaction:
		p.s([...]string{Begin: "BEGIN", Commit: "COMMIT", Rollback: "ROLLBACK"}[st.Kind])
		p.s([...]string{AccessDefault: "", AccessRead: " READ ONLY", AccessWrite: " READ WRITE"}[st.Access])
	case *Show:
		p.show(st)
	case *Terminate:
		p.s("TERMINATE TRANSACTIONS ")
		p.exprs(st.IDs)
		p.listing(st.Yield, st.Where, st.Return, st.Next)
	case *Use:
		p.use(st.Name)
		p.statement(st.Statement)
	default:
		p.schema(st)
	}
}

func (p *printer) show(st *Show) {
	p.s("SHOW ")
	if st.Only != "" {
		p.s(st.Only, " ")
	}
	p.s(st.Kind.String())
	if len(st.IDs) > 0 {
		p.s(" ")
		p.exprs(st.IDs)
	}
	p.listing(st.Yield, st.Where, st.Return, st.Next)
}

// listing prints what follows a SHOW.
func (p *printer) listing(y *Yield, where Expr, ret *Return, next Statement) {
	if y != nil {
		p.yield(y)
	}
	p.where(where)
	if ret != nil {
		p.s(" RETURN ")
		p.projection(ret.Projection)
	}
	if next != nil {
		p.s(" ")
		p.statement(next)
	}
}

func (p *printer) use(n *Name) {
	if n != nil {
		p.s("USE ")
		p.name(n)
		p.s(" ")
	}
}

func (p *printer) schema(st Statement) {
	switch st := st.(type) {
	case *CreateIndex:
		p.s("CREATE ", st.Kind, " INDEX")
		p.schemaName(st.Name, st.IfNotExists, " IF NOT EXISTS")
		p.target(st.On, " ON ", true)
		p.options(st.Options)
	case *DropIndex:
		p.s("DROP INDEX")
		p.schemaName(st.Name, st.IfExists, " IF EXISTS")
	case *CreateConstraint:
		p.s("CREATE CONSTRAINT")
		p.schemaName(st.Name, st.IfNotExists, " IF NOT EXISTS")
		p.target(st.On, " REQUIRE ", len(st.On.Properties) > 1)
		p.s([...]string{Unique: " IS UNIQUE", Key: " IS KEY", Existence: " IS NOT NULL", TypeOf: " IS :: "}[st.Kind])
		if st.Kind == TypeOf {
			p.typeName(st.Type)
		}
		p.options(st.Options)
	case *DropConstraint:
		p.s("DROP CONSTRAINT")
		p.schemaName(st.Name, st.IfExists, " IF EXISTS")
	}
}

func (p *printer) schemaName(n *Name, cond bool, words string) {
	if n != nil {
		p.s(" ")
		p.name(n)
	}
	p.when(cond, words)
}

func (p *printer) target(t SchemaTarget, word string, parens bool) {
	p.s(" FOR ")
	if t.Relationship {
		p.s("()-[x:", quote(t.Label.Text), "]-()")
	} else {
		p.s("(x:", quote(t.Label.Text), ")")
	}
	p.s(word)
	p.when(parens, "(")
	p.list(len(t.Properties), ", ", func(i int) { p.s("x.", quote(t.Properties[i].Text)) })
	p.when(parens, ")")
}

func (p *printer) options(e Expr) {
	if e != nil {
		p.s(" OPTIONS ")
		p.expr(e, 0)
	}
}

func (p *printer) query(q *Query) {
	for ; q != nil; q = q.Next {
		for i, part := range q.Parts {
			if i > 0 {
				p.s("\nUNION")
				p.when(q.All[i-1], " ALL")
				p.s("\n")
			}
			p.use(part.Use)
			p.clauses(part.Clauses, "\n")
		}
		p.when(q.Next != nil, "\nNEXT\n")
	}
}

func (p *printer) clauses(cs []Clause, sep string) {
	p.list(len(cs), sep, func(i int) { p.clause(cs[i]) })
}

func (p *printer) clause(c Clause) {
	switch c := c.(type) {
	case *Match:
		p.when(c.Optional, "OPTIONAL ")
		p.s("MATCH ")
		p.mode(c.Mode)
		p.parts(c.Patterns)
		for _, h := range c.Hints {
			p.hint(h)
		}
		p.where(c.Where)
	case *With:
		p.s("WITH ")
		p.projection(c.Projection)
		p.where(c.Where)
	case *Return:
		p.s("RETURN ")
		p.projection(c.Projection)
	case *Finish:
		p.s("FINISH")
	case *Unwind:
		p.s("UNWIND ")
		p.expr(c.List, 0)
		p.s(" AS ")
		p.name(c.Var)
	case *For:
		p.s("FOR ", quote(c.Var.Text), " IN ")
		p.expr(c.List, 0)
		if c.Counter != nil {
			p.s(map[bool]string{false: " WITH ORDINALITY ", true: " WITH OFFSET "}[c.Offset], quote(c.Counter.Text))
		}
	case *Let:
		p.s("LET ")
		p.list(len(c.Items), ", ", func(i int) {
			p.s(quote(c.Items[i].Var.Text), " = ")
			p.expr(c.Items[i].Expr, 0)
		})
	case *Filter:
		p.s("FILTER ")
		p.expr(c.Where, 0)
	case *Page:
		p.order(c.OrderBy, c.Skip, c.Limit)
	case *When:
		p.conditional(c)
	case *Load:
		p.load(c)
	case *Call:
		p.call(c)
	case *CallSubquery:
		p.callSubquery(c)
	default:
		p.update(c)
	}
}

func (p *printer) update(c Clause) {
	switch c := c.(type) {
	case *Create:
		p.s(map[bool]string{false: "CREATE ", true: "INSERT "}[c.Insert])
		p.parts(c.Patterns)
	case *Merge:
		p.s("MERGE ")
		p.part(c.Pattern)
		for _, a := range c.Actions {
			p.s(map[bool]string{false: " ON CREATE SET ", true: " ON MATCH SET "}[a.OnMatch])
			p.setItems(a.Items)
		}
	case *Set:
		p.s("SET ")
		p.setItems(c.Items)
	case *Remove:
		p.s("REMOVE ")
		p.list(len(c.Items), ", ", func(i int) {
			switch r := c.Items[i].(type) {
			case *RemoveProperty:
				p.expr(r.Target, levelPostfix)
			case *RemoveLabels:
				p.expr(r.Target, levelPostfix)
				p.plainLabels(r.Labels)
			}
		})
	case *Delete:
		p.when(c.Detach, "DETACH ")
		p.s("DELETE ")
		p.exprs(c.Exprs)
	case *Foreach:
		p.s("FOREACH (", quote(c.Var.Text), " IN ")
		p.expr(c.List, levelAdd)
		p.s(" | ")
		p.clauses(c.Clauses, " ")
		p.s(")")
	}
}

func (p *printer) setItems(items []SetItem) {
	p.list(len(items), ", ", func(i int) {
		switch s := items[i].(type) {
		case *SetProperty:
			p.expr(s.Target, levelPostfix)
			p.s(" = ")
			p.expr(s.Value, 0)
		case *SetProperties:
			p.expr(s.Target, levelPostfix)
			p.s(map[bool]string{false: " = ", true: " += "}[s.Add])
			p.expr(s.Value, 0)
		case *SetLabels:
			p.expr(s.Target, levelPostfix)
			p.plainLabels(s.Labels)
		}
	})
}

func (p *printer) plainLabels(ls []LabelExpr) {
	for _, l := range ls {
		p.s(":")
		p.label(l)
	}
}

func (p *printer) conditional(w *When) {
	for i, b := range w.Branches {
		p.when(i > 0, "\n")
		p.s("WHEN ")
		p.expr(b.Cond, 0)
		p.s(" THEN {\n")
		p.query(b.Query)
		p.s("\n}")
	}
	if w.Else != nil {
		p.s("\nELSE {\n")
		p.query(w.Else)
		p.s("\n}")
	}
}

func (p *printer) load(c *Load) {
	p.s("LOAD ", c.Format.String(), " ")
	p.when(c.WithHeaders, "WITH HEADERS ")
	p.s("FROM ")
	p.expr(c.From, 0)
	p.s(" AS ", quote(c.Var.Text))
	if c.FieldTerminator != nil {
		p.s(" FIELDTERMINATOR ", quoteString(c.FieldTerminator.Value))
	}
}

func (p *printer) call(c *Call) {
	p.when(c.Optional, "OPTIONAL ")
	p.s("CALL ")
	p.list(len(c.Name), ".", func(i int) { p.s(quote(c.Name[i])) })
	if !c.Implicit {
		p.s("(")
		p.exprs(c.Args)
		p.s(")")
	}
	if c.Yield != nil {
		p.yield(c.Yield)
	}
}

func (p *printer) yield(y *Yield) {
	p.s(" YIELD ")
	p.when(y.Star, "*")
	p.list(len(y.Items), ", ", func(i int) {
		p.s(quote(y.Items[i].Field))
		if a := y.Items[i].Alias; a != nil {
			p.s(" AS ", quote(a.Text))
		}
	})
	p.order(y.OrderBy, y.Skip, y.Limit)
	p.where(y.Where)
}

func (p *printer) callSubquery(c *CallSubquery) {
	p.when(c.Optional, "OPTIONAL ")
	p.s("CALL ")
	if c.Scoped {
		p.s("(")
		p.when(c.ScopeAll, "*")
		p.list(len(c.Scope), ", ", func(i int) { p.name(c.Scope[i]) })
		p.s(") ")
	}
	p.s("{\n")
	p.query(c.Query)
	p.s("\n}")
	t := c.InTransactions
	if t == nil {
		return
	}
	p.s(" IN ")
	if t.Concurrency != nil {
		p.expr(t.Concurrency, 0)
		p.s(" ")
	}
	p.when(t.Concurrent, "CONCURRENT ")
	p.s("TRANSACTIONS")
	if t.Rows != nil {
		p.s(" OF ")
		p.expr(t.Rows, 0)
		p.s(" ROWS")
	}
	p.onError(t)
	if t.Report != nil {
		p.s(" REPORT STATUS AS ", quote(t.Report.Text))
	}
}

func (p *printer) onError(t *InTransactions) {
	word := [...]string{OnErrorDefault: "", OnErrorFail: "FAIL", OnErrorContinue: "CONTINUE", OnErrorBreak: "BREAK"}[t.OnError]
	switch {
	case t.Retry:
		p.s(" ON ERROR RETRY")
		if t.RetryFor != nil {
			p.s(" FOR ")
			p.expr(t.RetryFor, 0)
			p.s(" SECONDS")
		}
		p.when(word != "", " THEN "+word)
	case word != "":
		p.s(" ON ERROR ", word)
	}
}

func (p *printer) hint(h *Hint) {
	if h.Kind == HintJoin {
		p.s(" USING JOIN ON ")
		p.list(len(h.Vars), ", ", func(i int) { p.name(h.Vars[i]) })
		return
	}
	p.s(" USING ")
	p.when(h.Index != "", h.Index+" ")
	p.s([...]string{HintIndex: "INDEX ", HintIndexSeek: "INDEX SEEK ", HintScan: "SCAN "}[h.Kind], quote(h.Vars[0].Text), ":", quote(h.Label.Text))
	if h.Kind != HintScan {
		p.s("(")
		p.list(len(h.Keys), ", ", func(i int) { p.name(h.Keys[i]) })
		p.s(")")
	}
}

func (p *printer) where(e Expr) {
	if e != nil {
		p.s(" WHERE ")
		p.expr(e, 0)
	}
}

func (p *printer) projection(j *Projection) {
	p.when(j.Distinct, "DISTINCT ")
	p.when(j.Star, "*")
	p.when(j.Star && len(j.Items) > 0, ", ")
	p.list(len(j.Items), ", ", func(i int) {
		item := j.Items[i]
		switch {
		case item.Alias != nil:
			p.expr(item.Expr, 0)
			p.s(" AS ", quote(item.Alias.Text))
		case item.Text != "":
			// The text is the column's name.
			p.s(item.Text)
		default:
			p.expr(item.Expr, 0)
		}
	})
	if j.Grouped {
		p.s(" GROUP BY ")
		p.when(len(j.GroupBy) == 0, "()")
		p.exprs(j.GroupBy)
	}
	p.order(j.OrderBy, j.Skip, j.Limit)
}

func (p *printer) order(by []*SortItem, skip, limit Expr) {
	if len(by) > 0 {
		p.s(" ORDER BY ")
		p.list(len(by), ", ", func(i int) {
			p.expr(by[i].Expr, 0)
			p.when(by[i].Descending, " DESC")
		})
	}
	if skip != nil {
		p.s(" SKIP ")
		p.expr(skip, 0)
	}
	if limit != nil {
		p.s(" LIMIT ")
		p.expr(limit, 0)
	}
}

func (p *printer) mode(m MatchMode) {
	p.s([...]string{MatchDefault: "", DifferentRelationships: "DIFFERENT RELATIONSHIPS ", RepeatableElements: "REPEATABLE ELEMENTS "}[m])
}

func quoteString(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\n", `\n`, "\r", `\r`, "\t", `\t`).Replace(s) + "'"
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
