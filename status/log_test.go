package status

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
)

// Every form of a log has a code as users see it.
func TestCodeInLogs(t *testing.T) {
	var text, lines bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("m", "code", DivisionByZero)
	slog.New(slog.NewJSONHandler(&lines, nil)).Info("m", "code", DivisionByZero)
	if want := DivisionByZero.String(); !strings.Contains(text.String(), "code="+want) || !strings.Contains(lines.String(), `"code":"`+want+`"`) {
		t.Errorf("%s%s", &text, &lines)
	}
}
