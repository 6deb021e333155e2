package render

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"

	"github.com/kadedb/kadedb/value"
)

// Cell returns a value as the forms for people show it: a string at the top without
// quotes, everything else as KadeQL writes it.
func Cell(v value.Value) string {
	switch k := v.Kind(); {
	case k == value.KindString:
		return v.AsString()
	case k >= value.KindDate:
		return string(value.AppendISO(nil, v))
	}
	return v.String()
}

// Printable replaces what could steer a terminal: control characters but newlines,
// and marks that turn the direction of text around.
func Printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029' {
			return '�'
		}
		return r
	}, s)
}

// oneLine makes a cell of text.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\n\r\t") {
		s = escapes.Replace(s)
	}
	return Printable(s)
}

var escapes = strings.NewReplacer("\n", `\n`, "\r", `\r`, "\t", `\t`)

// width returns how many columns of a terminal text takes.
func width(s string) int {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return uniseg.StringWidth(s)
		}
	}
	return len(s)
}

// fold cuts text into lines of at most most columns (a single wider character stands
// alone), after a space where there is one in the latter half; what is built of parts
// rather between those: after a comma, or before a relationship of a path. It returns at
// least one line.
func fold(s string, most int, built bool) []string {
	if width(s) <= most {
		return []string{s}
	}
	var lines []string
	for s != "" {
		end, at, space, part, state := 0, 0, 0, 0, -1
		for rest := s; rest != ""; {
			var cluster string
			var w int
			cluster, rest, w, state = uniseg.FirstGraphemeClusterInString(rest, state)
			if at+w > most && end > 0 {
				break
			}
			if built && at > most/4 && (cluster == "-" || cluster == "<") && end > 0 && s[end-1] == ')' {
				part = end
			}
			end += len(cluster)
			at += w
			if cluster == " " {
				if at > most/2 || built && at > most/4 {
					space = end
				}
				if built && at > most/3 && end > 1 && s[end-2] == ',' {
					part = end
				}
			}
		}
		if end < len(s) {
			switch {
			case part > 0:
				end = part
			case space > 0:
				end = space
			}
		}
		lines = append(lines, strings.TrimRight(s[:end], " "))
		if strings.HasPrefix(s[end:], " ") {
			end++ // the line ended with a word by itself
		}
		s = s[end:]
	}
	return lines
}

// pad fills text up with spaces, at its left where right is set.
func pad(s string, most int, right bool) string {
	n := most - width(s)
	switch {
	case n <= 0:
		return s
	case right:
		return strings.Repeat(" ", n) + s
	}
	return s + strings.Repeat(" ", n)
}

const (
	bold  = "\x1b[1m"
	dim   = "\x1b[2m"
	plain = "\x1b[0m"
)

// paint puts a style around text that has its width already.
func paint(on bool, style, s string) string {
	if !on || style == "" || strings.TrimSpace(s) == "" {
		return s
	}
	return style + s + plain
}
