package parser

import (
	"maps"
	"slices"
	"strings"

	"github.com/kadedb/kadedb/grammar/gen"
	"github.com/kadedb/kadedb/parser/ast"
	"github.com/kadedb/kadedb/status"
)

// listing is what the words after SHOW ask for.
type listing struct {
	kind ast.ShowKind
	only string
}

// listings maps those words, in capitals and with single spaces, to what they ask for.
var listings = func() map[string]listing {
	m := map[string]listing{}
	add := func(kind ast.ShowKind, only string, phrases ...string) {
		for _, p := range phrases {
			m[p] = listing{kind, only}
		}
	}
	add(ast.ShowIndexes, "", "INDEX", "INDEXES", "ALL INDEX", "ALL INDEXES")
	for _, kind := range []string{"RANGE", "TEXT", "POINT", "LOOKUP", "FULLTEXT", "VECTOR", "BTREE"} {
		add(ast.ShowIndexes, kind, kind+" INDEX", kind+" INDEXES")
	}
	add(ast.ShowConstraints, "", "CONSTRAINT", "CONSTRAINTS", "ALL CONSTRAINT", "ALL CONSTRAINTS")
	for kind, spellings := range map[string][]string{
		"UNIQUE": {"UNIQUE", "UNIQUENESS", "PROPERTY UNIQUE", "PROPERTY UNIQUENESS"}, "KEY": {"KEY"},
		"PROPERTY EXISTENCE": {"EXIST", "EXISTENCE", "PROPERTY EXIST", "PROPERTY EXISTENCE"},
		"PROPERTY TYPE":      {"PROPERTY TYPE"},
	} {
		for entity, prefixes := range map[string][]string{"": {""}, "NODE ": {"NODE "}, "RELATIONSHIP ": {"REL ", "RELATIONSHIP "}} {
			for _, prefix := range prefixes {
				for _, s := range spellings {
					add(ast.ShowConstraints, entity+kind, prefix+s+" CONSTRAINT", prefix+s+" CONSTRAINTS")
				}
			}
		}
	}
	add(ast.ShowFunctions, "", "FUNCTION", "FUNCTIONS", "ALL FUNCTION", "ALL FUNCTIONS")
	add(ast.ShowFunctions, "BUILT IN", "BUILT IN FUNCTION", "BUILT IN FUNCTIONS")
	add(ast.ShowFunctions, "USER DEFINED", "USER DEFINED FUNCTION", "USER DEFINED FUNCTIONS")
	add(ast.ShowProcedures, "", "PROCEDURE", "PROCEDURES")
	for phrase, l := range maps.Clone(m) {
		if l.kind == ast.ShowFunctions || l.kind == ast.ShowProcedures {
			add(l.kind, l.only, phrase+" EXECUTABLE", phrase+" EXECUTABLE BY CURRENT USER")
		}
	}
	add(ast.ShowTransactions, "", "TRANSACTION", "TRANSACTIONS")
	add(ast.ShowSettings, "", "SETTING", "SETTINGS")
	add(ast.ShowDatabases, "", "DATABASE", "DATABASES")
	add(ast.ShowDatabases, "DEFAULT", "DEFAULT DATABASE", "DEFAULT DATABASES")
	add(ast.ShowDatabases, "HOME", "HOME DATABASE", "HOME DATABASES")
	add(ast.ShowAliases, "", "ALIAS FOR DATABASE", "ALIASES FOR DATABASE", "ALIAS FOR DATABASES", "ALIASES FOR DATABASES")
	add(ast.ShowServers, "", "SERVER", "SERVERS")
	add(ast.ShowUsers, "", "USER", "USERS", "USER WITH AUTH", "USERS WITH AUTH")
	add(ast.ShowCurrentUser, "", "CURRENT USER")
	for _, noun := range []string{"ROLE", "ROLES"} {
		for _, all := range []string{"", "ALL ", "POPULATED "} {
			add(ast.ShowRoles, strings.TrimSpace(strings.TrimPrefix(all, "ALL ")), all+noun)
			add(ast.ShowMembers, strings.TrimSpace(strings.TrimPrefix(all, "ALL ")), all+noun+" WITH USER", all+noun+" WITH USERS")
		}
	}
	for _, noun := range []string{"PRIVILEGE", "PRIVILEGES"} {
		add(ast.ShowPrivileges, "", noun, "ALL "+noun)
		add(ast.ShowPrivileges, "USER", "USER "+noun, "USERS "+noun)
		add(ast.ShowPrivileges, "ROLE", "ROLE "+noun, "ROLES "+noun)
	}
	add(ast.ShowVersion, "", "VERSION")
	add(ast.ShowConfig, "", "CONFIG")
	add(ast.ShowStorageInfo, "", "STORAGE INFO")
	add(ast.ShowIndexInfo, "", "INDEX INFO")
	add(ast.ShowConstraintInfo, "", "CONSTRAINT INFO")
	add(ast.ShowSchemaInfo, "", "SCHEMA INFO")
	return m
}()

// named are the listings of which one may be asked for by its name as a word.
var named = map[ast.ShowKind]bool{ast.ShowDatabases: true, ast.ShowSettings: true, ast.ShowAliases: true}

// nameInside finds the listings whose name stands inside of their words: USER ann PRIVILEGES,
// ALIAS a FOR DATABASE.
func nameInside(words []gen.IShowWordContext) (l listing, name gen.IShowWordContext, ok bool) {
	if len(words) < 3 {
		return listing{}, nil, false
	}
	rest := append(append([]gen.IShowWordContext{}, words[0]), words[2:]...)
	l, ok = listings[phrase(rest)]
	return l, words[1], ok && (l.kind == ast.ShowAliases || l.kind == ast.ShowPrivileges && l.only != "")
}

// maxListings bounds the listings of one statement.
const maxListings = 20

// listings builds SHOW and TERMINATE, of which each runs for every row of the one before it.
func (b *builder) listings(ctxs []gen.IListingContext) ast.Statement {
	if len(ctxs) > maxListings {
		b.fail(ctxs[maxListings].GetStart(), status.TooDeep, "", "more than %d listings in one statement", maxListings)
	}
	var next ast.Statement
	for i := len(ctxs) - 1; i >= 0; i-- {
		ctx := ctxs[i]
		y, where, ret := b.showTail(ctx.ShowTail())
		if next != nil && (y == nil || ret != nil) {
			b.fail(ctxs[i+1].GetStart(), status.InvalidClauseComposition, "write YIELD with names before it, and RETURN at the end", "a listing that another one follows needs YIELD and no RETURN")
		}
		if has(ctx, gen.KadeQLParserTERMINATE) {
			next = &ast.Terminate{Loc: loc(ctx), IDs: b.exprs(ctx.AllExpression()), Yield: y, Where: where, Return: ret, Next: next}
			continue
		}
		s := b.show(ctx)
		s.Yield, s.Where, s.Return, s.Next = y, where, ret, next
		next = s
	}
	return next
}

func (b *builder) show(ctx gen.IListingContext) *ast.Show {
	s := &ast.Show{Loc: loc(ctx), IDs: b.ids(ctx.IdList())}
	words := ctx.AllShowWord()
	l, ok := listings[phrase(words)]
	if last := len(words) - 1; !ok && last > 0 && s.IDs == nil {
		t := words[last].GetStart()
		inside, name, found := nameInside(words)
		if l, ok = listings[phrase(words[:last])]; found {
			l, ok, t = inside, true, name.GetStart()
		}
		switch {
		case found:
			s.IDs = []ast.Expr{&ast.StringLit{Loc: at(t), Value: nameText(t)}}
		case ok && named[l.kind] && l.only == "":
			s.IDs = []ast.Expr{&ast.StringLit{Loc: at(t), Value: nameText(t)}}
		case ok && l.kind == ast.ShowTransactions:
			s.IDs = []ast.Expr{&ast.Variable{Loc: at(t), Name: nameText(t)}}
		default:
			ok = false
		}
	}
	if !ok {
		b.noListing(words)
	}
	if s.IDs != nil && !named[l.kind] && l.kind != ast.ShowTransactions && (l.kind != ast.ShowPrivileges || l.only == "") {
		b.fail(ctx.IdList().GetStart(), status.UnexpectedSyntax, "filter with YIELD * WHERE …", "SHOW %s takes no list of names", l.kind)
	}
	s.Kind, s.Only = l.kind, l.only
	return s
}

func phrase(words []gen.IShowWordContext) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = strings.ToUpper(w.GetText())
	}
	return strings.Join(out, " ")
}

// noListing fails with what SHOW could list instead.
func (b *builder) noListing(words []gen.IShowWordContext) {
	asked := phrase(words)
	first := strings.ToUpper(words[0].GetText())
	if _, ok := listings[first]; !ok && laterThings[first] != "" {
		b.fail(words[0].GetStart(), status.NotYet, "it is planned for a later version", "%s cannot be used in this version", laterThings[first])
	}
	all := make([]string, 0, len(listings))
	for p := range listings {
		all = append(all, p)
	}
	slices.Sort(all)
	hint := "SHOW lists DATABASES, INDEXES, CONSTRAINTS, FUNCTIONS, PROCEDURES, TRANSACTIONS, SETTINGS, USERS, ROLES and more: see docs/language-show.md"
	if near := status.Nearest(asked, all...); near != "" {
		hint = "did you mean SHOW " + near + "?"
	}
	b.fail(words[0].GetStart(), status.UnexpectedSyntax, hint, "there is no SHOW %s", shorten(asked))
}

// showTail builds what follows a listing.
func (b *builder) showTail(tail gen.IShowTailContext) (y *ast.Yield, where ast.Expr, ret *ast.Return) {
	switch {
	case tail == nil:
	case !has(tail, gen.KadeQLParserYIELD):
		where = b.where(tail.Where())
	default:
		y = &ast.Yield{
			Loc: loc(tail), Star: has(tail, gen.KadeQLParserSTAR), Items: yieldItems(tail.AllYieldItem()),
			OrderBy: b.orderBy(tail.OrderBy()), Skip: b.skip(tail.Skip()), Limit: b.limit(tail.Limit()), Where: b.where(tail.Where()),
		}
		if r := tail.ReturnClause(); r != nil {
			ret = b.returns(r)
		}
	}
	return y, where, ret
}

// useName returns the name that USE gives, with its dots.
func (b *builder) useName(ctx gen.IUseContext) *ast.Name {
	n := name(ctx.Name(0))
	for _, more := range ctx.AllName()[1:] {
		n.Text += "." + nameText(more.GetStart())
	}
	a := ctx.Arguments()
	if a == nil {
		return &n
	}
	if list := a.AllExpression(); len(list) == 1 && strings.EqualFold(n.Text, "graph.byName") {
		if lit, ok := b.expr(list[0]).(*ast.StringLit); ok {
			return &ast.Name{Loc: n.Loc, Text: lit.Value}
		}
	}
	b.fail(ctx.Name(0).GetStart(), status.NotYet, "a server has one database: write its name, or leave USE out",
		"USE takes the name of a database, or graph.byName('name')")
	return nil
}
