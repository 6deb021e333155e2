package oracle

import (
	"testing"

	"github.com/kadedb/kadedb"
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
	counts := func(t *testing.T) error {
		return answers(t, map[string]kadedb.Options{"all rules": {}}, few)
	}
	for _, bug := range []struct {
		name string
		find func(*testing.T) error
	}{
		{planted.CountOverlap, counts},
		{planted.CountStar, counts},
		{planted.CountLoops, counts},
		{planted.TrailReuse, counts},
		{planted.OneShortest, func(t *testing.T) error { return searches(t, few) }},
		{planted.StaleSet, func(t *testing.T) error { return parameters(t, few) }},
		{planted.IndexPrefix, func(t *testing.T) error { return parameters(t, few) }},
	} {
		t.Run(bug.name, func(t *testing.T) {
			t.Setenv("KADEDB_PLANTED", bug.name)
			if err := bug.find(t); err == nil {
				t.Error("not found")
			} else {
				t.Log(err)
			}
		})
	}
}
