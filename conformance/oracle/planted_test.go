package oracle

import (
	"testing"

	"github.com/kadedb/kadedb/internal/planted"
)

// TestPlanted switches deliberate bugs on: each must be found.
func TestPlanted(t *testing.T) {
	if !planted.Enabled {
		t.Skip("built without -tags planted")
	}
	few := make([]uint64, 40)
	for i := range few {
		few[i] = uint64(i)
	}
	counts := answers
	counts.sets = nil
	for _, bug := range []struct {
		name string
		find family
	}{
		{planted.CountOverlap, counts},
		{planted.CountStar, counts},
		{planted.CountLoops, counts},
		{planted.TrailReuse, counts},
		{planted.OneShortest, searches},
		{planted.StaleSet, parameters},
		{planted.IndexPrefix, parameters},
	} {
		t.Run(bug.name, func(t *testing.T) {
			t.Setenv("KADEDB_PLANTED", bug.name)
			if _, err := bug.find.find(few); err == nil {
				t.Error("not found")
			} else {
				t.Log(err)
			}
		})
	}
}
