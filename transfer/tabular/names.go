package tabular

import "strings"

// AppendNames appends names, such as the labels of a node, as the text of one cell, with delim
// between them. A name that would be read as another is written in backticks, those in it doubled.
func AppendNames(dst []byte, names []string, delim byte) []byte {
	for i, n := range names {
		if i > 0 {
			dst = append(dst, delim)
		}
		if n == "" || n[0] == '`' || strings.IndexByte(n, delim) >= 0 || strings.TrimSpace(n) != n {
			n = "`" + strings.ReplaceAll(n, "`", "``") + "`"
		}
		dst = append(dst, n...)
	}
	return dst
}

// SplitNames appends the names in a cell to dst, without the spaces around them. Backticks that
// have no end are part of a name.
func SplitNames(dst []string, text string, delim byte) []string {
	for text != "" {
		text = strings.TrimLeft(text, " \t")
		if name, rest, ok := quotedName(text, delim); ok {
			dst, text = append(dst, name), rest
			continue
		}
		name, rest, _ := strings.Cut(text, string(rune(delim)))
		if name = strings.TrimSpace(name); name != "" {
			dst = append(dst, name)
		}
		text = rest
	}
	return dst
}

// quotedName cuts a name in backticks off, which a delimiter or the end has to follow.
func quotedName(text string, delim byte) (name, rest string, ok bool) {
	if len(text) < 2 || text[0] != '`' {
		return "", "", false
	}
	for i := 1; i < len(text); i++ {
		if text[i] != '`' {
			continue
		}
		if i+1 < len(text) && text[i+1] == '`' {
			i++
			continue
		}
		rest = strings.TrimLeft(text[i+1:], " \t")
		if rest != "" && rest[0] != delim {
			return "", "", false
		}
		return strings.ReplaceAll(text[1:i], "``", "`"), strings.TrimPrefix(rest, string(rune(delim))), true
	}
	return "", "", false
}
