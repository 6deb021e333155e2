package function

import "regexp"

// pattern is a compiled regular expression, or why it is none.
type pattern struct {
	re  *regexp.Regexp
	err error
}
