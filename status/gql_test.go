package status

import "testing"

// TestGQL: every code has a status, and every status a description and a code.
func TestGQL(t *testing.T) {
	used := map[string]bool{}
	for _, i := range Table() {
		code, ok := gqlCodes[i.Code]
		if !ok || gqlDescriptions[code] == "" {
			t.Errorf("%s %s: status %q %q", i.Code, i.Name, code, gqlDescriptions[code])
		}
		used[code] = true
	}
	for code := range gqlDescriptions {
		if len(code) != 5 || !used[code] || code[:2] == "00" || code[:2] == "01" || code[:2] == "02" || code[:2] == "03" {
			t.Errorf("status %q", code)
		}
	}
	if len(gqlCodes) != len(Table()) {
		t.Errorf("%d statuses for %d codes", len(gqlCodes), len(Table()))
	}
	if got := Code(4).GQL(); got.Code != "50N42" {
		t.Errorf("a code of a later version: %v", got)
	}
}
