package edit

import (
	"bufio"
	"strings"
	"unicode/utf8"
)

// key is a key that was pressed: its name, or the text of an ordinary one or of a paste.
type key struct{ name, text string }

// keyReader makes keys of what a terminal sends.
type keyReader struct {
	in *bufio.Reader
	// waits waits a moment for more, and reports whether there is some. It tells the key
	// Esc from what begins with one. nil where everything is there already.
	waits func() bool
}

// ready reports whether a key can be read at once, so that nothing needs to be drawn
// before it.
func (r *keyReader) ready() bool { return r.in.Buffered() > 0 }

var controls = map[byte]string{
	1: "home", 2: "ctrl-b", 3: "ctrl-c", 4: "ctrl-d", 5: "end", 6: "ctrl-f", 7: "escape", 8: "backspace", 9: "tab", 10: "enter", 11: "ctrl-k",
	12: "ctrl-l", 13: "enter", 14: "ctrl-n", 16: "ctrl-p", 18: "ctrl-r", 21: "ctrl-u", 23: "ctrl-w", 25: "ctrl-y", 31: "undo", 127: "backspace",
}

func (r *keyReader) next() (key, error) {
	b, err := r.in.ReadByte()
	switch {
	case err != nil:
		return key{}, err
	case b == 0x1b:
		return r.escape()
	case b < ' ' || b == 127:
		if name := controls[b]; name != "" {
			return key{name: name}, nil
		}
		return key{name: "none"}, nil
	case b < utf8.RuneSelf:
		return key{text: string(rune(b))}, nil
	}
	if err := r.in.UnreadByte(); err != nil {
		return key{}, err
	}
	c, _, err := r.in.ReadRune()
	return key{text: clean(string(c))}, err
}

var sequences = map[string]string{
	"[A": "up", "[B": "down", "[C": "right", "[D": "left", "OA": "up", "OB": "down", "OC": "right", "OD": "left",
	"[H": "home", "[F": "end", "OH": "home", "OF": "end", "[1~": "home", "[4~": "end", "[7~": "home", "[8~": "end",
	"[3~": "delete", "[Z": "shift-tab", "[1;5C": "word-right", "[1;5D": "word-left", "[1;3C": "word-right", "[1;3D": "word-left",
	"[5C": "word-right", "[5D": "word-left", "[1;5H": "text-start", "[1;5F": "text-end", "[5~": "text-start", "[6~": "text-end",
	"\r": "alt-enter", "\n": "alt-enter", "b": "word-left", "f": "word-right", "d": "alt-d", "\x7f": "alt-backspace", "\b": "alt-backspace",
	"<": "text-start", ">": "text-end", "[200~": "paste",
}

// longestSequence bounds what may follow an Esc.
const longestSequence = 16

// escape reads what follows an Esc.
func (r *keyReader) escape() (key, error) {
	if r.in.Buffered() == 0 && (r.waits == nil || !r.waits()) {
		return key{name: "escape"}, nil
	}
	var seq []byte
	for len(seq) < longestSequence {
		b, err := r.in.ReadByte()
		if err != nil {
			return key{}, err
		}
		if b == 0x1b && len(seq) == 0 {
			return key{name: "escape"}, r.in.UnreadByte() // of the next key
		}
		seq = append(seq, b)
		if first := seq[0]; first != '[' && first != 'O' || len(seq) > 1 && b >= '@' && b <= '~' {
			break
		}
	}
	name := sequences[string(seq)]
	switch name {
	case "":
		return key{name: "none"}, nil
	case "paste":
		return r.paste()
	}
	return key{name: name}, nil
}

// paste reads what was pasted, up to the mark of its end. What is too long is cut.
func (r *keyReader) paste() (key, error) {
	const end = "\x1b[201~"
	var b strings.Builder
	tail := make([]byte, 0, len(end))
	for {
		c, err := r.in.ReadByte()
		if err != nil {
			return key{}, err
		}
		tail = append(tail, c)
		if string(tail) == end {
			break
		}
		if len(tail) == len(end) {
			if b.Len() <= mostText {
				b.WriteByte(tail[0])
			}
			tail = append(tail[:0], tail[1:]...)
		}
	}
	return key{name: "paste", text: clean(b.String())}, nil
}
