package function

import (
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
)

// pattern is a compiled regular expression, or why it is none.
type pattern struct {
	re  *regexp.Regexp
	err error
}

// maxPatterns bounds how many compiled expressions a context keeps.
const maxPatterns = 64

// Matches is `a =~ b`, RE2 syntax, over the whole of a: null unless both are strings.
func Matches(ctx *Context, a, b value.Value) (value.Value, error) {
	text, expr, ok := strings2(a, b)
	if !ok {
		return value.Null, nil
	}
	p := ctx.compile(expr)
	if p.err != nil {
		return value.Null, p.err
	}
	return value.Bool(p.re.MatchString(text)), nil
}

// Regexp compiles the pattern of =~, which matches whole strings.
func Regexp(expr string) (*regexp.Regexp, error) {
	_, err := syntax.Parse(expr, syntax.Perl)
	var re *regexp.Regexp
	if err == nil { // by itself: in the parentheses below a)|(b would be one
		re, err = regexp.Compile(`\A(?:` + expr + `)\z`)
	}
	if err != nil {
		return nil, status.Errorf(status.InvalidArgumentValue, "=~: %s", strings.TrimPrefix(err.Error(), "error parsing regexp: ")).
			WithHint("the syntax is RE2's; it has no backreferences and no lookaround")
	}
	return re, nil
}

func (ctx *Context) compile(expr string) *pattern {
	if p, ok := ctx.regex[expr]; ok {
		return p
	}
	re, err := Regexp(expr)
	p := &pattern{re: re, err: err}
	if ctx.regex == nil || len(ctx.regex) >= maxPatterns {
		ctx.regex = make(map[string]*pattern)
	}
	ctx.regex[strings.Clone(expr)] = p
	return p
}
