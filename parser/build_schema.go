package parser

import (
	"strings"

	"github.com/antlr4-go/antlr/v4"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

func (b *builder) schema(ctx gen.ISchemaStatementContext) ast.Statement {
	index := has(ctx, gen.KadeQLParserINDEX)
	if has(ctx, gen.KadeQLParserDROP) {
		ifExists := ctx.IfExists() != nil
		if index {
			return &ast.DropIndex{Loc: loc(ctx), Name: optName(ctx.Name()), IfExists: ifExists}
		}
		return &ast.DropConstraint{Loc: loc(ctx), Name: optName(ctx.Name()), IfExists: ifExists}
	}
	ifNot := ctx.IfNotExists() != nil
	b.laterIndex(ctx)
	on := b.schemaTarget(ctx.SchemaEntity(), ctx.SchemaProperties())
	var options ast.Expr
	if o := ctx.Options(); o != nil {
		options = b.properties(o.Map_(), o.Parameter())
	}
	if index {
		kind := "RANGE"
		if k := ctx.IndexKind(); k != nil {
			kind = strings.ToUpper(k.GetText())
		}
		return &ast.CreateIndex{Loc: loc(ctx), Name: optName(ctx.Name()), IfNotExists: ifNot, Kind: kind, On: on, Options: options}
	}
	c := &ast.CreateConstraint{Loc: loc(ctx), Name: optName(ctx.Name()), IfNotExists: ifNot, On: on, Options: options}
	k := ctx.ConstraintKind()
	switch {
	case has(k, gen.KadeQLParserUNIQUE):
		c.Kind = ast.Unique
	case has(k, gen.KadeQLParserKEY):
		c.Kind = ast.Key
	case has(k, gen.KadeQLParserNULL):
		c.Kind = ast.Existence
	default:
		c.Kind, c.Type = ast.TypeOf, b.typeName(k.Type_())
	}
	wantsRel, wantsNode := has(k, gen.KadeQLParserREL, gen.KadeQLParserRELATIONSHIP), has(k, gen.KadeQLParserNODE)
	if wantsRel && !on.Relationship || wantsNode && on.Relationship {
		b.fail(k.GetStart(), status.UnexpectedSyntax, "", "the constraint's kind and its pattern disagree on node and relationship")
	}
	if (c.Kind == ast.Existence || c.Kind == ast.TypeOf) && len(on.Properties) > 1 {
		b.fail(k.GetStart(), status.UnexpectedSyntax, "create one constraint for each property", "this constraint takes one property")
	}
	return c
}

// laterIndex refuses the forms that only indexes of texts and of labels have: several labels or
// none, [n.key], and ON EACH labels(n).
func (b *builder) laterIndex(ctx gen.ISchemaStatementContext) {
	props, tokens := ctx.SchemaProperties(), ctx.SchemaEntity().SchemaTokens()
	brackets, calls := has(props, gen.KadeQLParserLBRACKET), len(props.AllSchemaProperty()) == 0
	if tokens != nil && len(tokens.AllName()) == 1 && !brackets && !calls {
		return
	}
	if k := ctx.IndexKind(); k != nil {
		switch k.GetStart().GetTokenType() {
		case gen.KadeQLParserFULLTEXT:
			b.fail(k.GetStart(), status.NotYet, "CREATE INDEX makes a range index, which finds equal texts and their beginnings", "FULLTEXT indexes are not offered yet")
		case gen.KadeQLParserLOOKUP:
			b.fail(k.GetStart(), status.NotYet, "none is needed: labels and types are always looked up", "LOOKUP indexes are not offered yet")
		}
	}
	const hint = "write FOR (n:Label) ON (n.key), or ()-[r:TYPE]-() for relationships"
	switch {
	case tokens == nil:
		b.fail(ctx.SchemaEntity().GetStart(), status.UnexpectedSyntax, hint, "the pattern has no label or type")
	case len(tokens.AllName()) > 1:
		b.fail(tokens.GetStart(), status.UnexpectedSyntax, hint, "the pattern has more than one label or type")
	}
	b.fail(props.GetStart(), status.UnexpectedSyntax, hint, "only properties in parentheses can stand here")
}

func (b *builder) schemaTarget(entity gen.ISchemaEntityContext, props gen.ISchemaPropertiesContext) ast.SchemaTarget {
	variable := nameText(entity.Name().GetStart())
	t := ast.SchemaTarget{Relationship: has(entity, gen.KadeQLParserLBRACKET), Label: name(entity.SchemaTokens().Name(0))}
	for _, p := range props.AllSchemaProperty() {
		if v := nameText(p.Name(0).GetStart()); v != variable {
			b.fail(p.GetStart(), status.UndefinedVariable, "", "variable `%s` is not defined; the pattern names `%s`", v, variable)
		}
		t.Properties = append(t.Properties, name(p.Name(1)))
	}
	return t
}

func (b *builder) admin(ctx gen.IAdminStatementContext) ast.Statement {
	switch ctx.GetStart().GetTokenType() {
	case gen.KadeQLParserSHOW, gen.KadeQLParserTERMINATE:
		return b.listings(ctx.AllListing())
	case gen.KadeQLParserCOMMIT:
		return &ast.Transaction{Loc: loc(ctx), Kind: ast.Commit}
	case gen.KadeQLParserROLLBACK:
		return &ast.Transaction{Loc: loc(ctx), Kind: ast.Rollback}
	}
	if ctx.GetStart().GetTokenType() == gen.KadeQLParserSTART && !has(ctx, gen.KadeQLParserTRANSACTION) {
		b.fail(ctx.GetStart(), status.UnexpectedSyntax, "write START TRANSACTION, or BEGIN", "START alone says nothing")
	}
	t := &ast.Transaction{Loc: loc(ctx), Kind: ast.Begin}
	switch {
	case has(ctx, gen.KadeQLParserONLY):
		t.Access = ast.AccessRead
	case has(ctx, gen.KadeQLParserWRITE):
		t.Access = ast.AccessWrite
	}
	return t
}

func (b *builder) ids(ctx gen.IIdListContext) []ast.Expr {
	if ctx == nil {
		return nil
	}
	var out []ast.Expr
	for _, c := range ctx.AllId() {
		switch {
		case c.Parameter() != nil:
			out = append(out, b.parameter(c.Parameter()))
		case has(c, gen.KadeQLParserSTRING_LITERAL):
			out = append(out, b.str(c.GetStart()))
		default:
			out = append(out, b.literalInt(c.GetStart()))
		}
	}
	return out
}

// canonicalTypes maps the spellings of a type to the one that the tree has.
var canonicalTypes = map[string]string{
	"BOOL": "BOOLEAN", "VARCHAR": "STRING", "INT": "INTEGER", "SIGNED INTEGER": "INTEGER",
	"TIMESTAMP": "LOCAL DATETIME", "TIME": "ZONED TIME", "DATETIME": "ZONED DATETIME",
	"VERTEX": "NODE", "EDGE": "RELATIONSHIP", "ARRAY": "LIST",
	"ANY NODE": "NODE", "ANY VERTEX": "NODE", "ANY RELATIONSHIP": "RELATIONSHIP", "ANY EDGE": "RELATIONSHIP",
	"ANY MAP": "MAP", "ANY VALUE": "ANY", "ANY PROPERTY VALUE": "PROPERTY VALUE",
	"TIME WITH TIMEZONE": "ZONED TIME", "TIME WITH TIME ZONE": "ZONED TIME",
	"TIME WITHOUT TIMEZONE": "LOCAL TIME", "TIME WITHOUT TIME ZONE": "LOCAL TIME",
	"TIMESTAMP WITH TIMEZONE": "ZONED DATETIME", "TIMESTAMP WITH TIME ZONE": "ZONED DATETIME",
	"TIMESTAMP WITHOUT TIMEZONE": "LOCAL DATETIME", "TIMESTAMP WITHOUT TIME ZONE": "LOCAL DATETIME",
}

func (b *builder) typeName(ctx gen.ITypeContext) *ast.TypeName {
	atoms := ctx.AllTypeAtom()
	if len(atoms) == 1 {
		return b.typeAtom(atoms[0])
	}
	u := &ast.TypeName{Loc: loc(ctx), Name: "UNION"}
	for _, a := range atoms {
		if t := b.typeAtom(a); t.Name == "UNION" {
			u.Union = append(u.Union, t.Union...)
		} else {
			u.Union = append(u.Union, t)
		}
	}
	return u
}

// typeAtom builds a type and the LIST words that may follow it: INTEGER LIST is LIST<INTEGER>.
func (b *builder) typeAtom(ctx gen.ITypeAtomContext) *ast.TypeName {
	var t *ast.TypeName
	for _, k := range ctx.GetChildren() {
		switch k := k.(type) {
		case gen.ITypeWordContext:
			t = b.typeWord(k)
		case gen.INotNullContext:
			b.notNull(t)
		case antlr.TerminalNode:
			t = &ast.TypeName{Loc: t.Loc, Name: "LIST", Element: t}
		}
	}
	return t
}

// notNull takes null from a type, and from each that a union joins.
func (b *builder) notNull(t *ast.TypeName) {
	t.NotNull = t.Name != "UNION"
	for _, u := range t.Union {
		b.notNull(u)
	}
}

func (b *builder) typeWord(w gen.ITypeWordContext) *ast.TypeName {
	t := &ast.TypeName{Loc: loc(w)}
	if e := w.Type_(); e != nil {
		if has(w, gen.KadeQLParserANY) {
			return b.typeName(e)
		}
		t.Name, t.Element = "LIST", b.typeName(e)
		return t
	}
	if id := find(w, gen.KadeQLParserIDENTIFIER); id != nil {
		hint := "types are " + strings.Join(typeWords, ", ")
		if near := status.Nearest(strings.ToUpper(id.GetText()), typeWords...); near != "" {
			hint = "did you mean " + near + "?"
		}
		b.fail(id, status.UnexpectedSyntax, hint, "there is no type `%s`", shorten(id.GetText()))
	}
	var parts []string
	for _, c := range w.GetChildren() {
		parts = append(parts, strings.ToUpper(c.(antlr.TerminalNode).GetText()))
	}
	t.Name = strings.Join(parts, " ")
	if c, ok := canonicalTypes[t.Name]; ok {
		t.Name = c
	}
	return t
}
