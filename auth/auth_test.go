package auth

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
)

func openTokens(t *testing.T, path string, after func(string)) (*Tokens, *kv.Store) {
	t.Helper()
	s, err := kv.Open(path, kv.Options{Create: true, AfterCommit: after})
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := Open(s)
	if err != nil {
		t.Fatal(err)
	}
	return tokens, s
}

func TestTokens(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks.db")
	tokens, s := openTokens(t, path, nil)
	made := map[Role]string{}
	ids := map[Role]string{}
	for r := Reader; r <= Admin; r++ {
		tok, secret, err := tokens.Create("for "+r.String(), r)
		if err != nil {
			t.Fatal(err)
		}
		made[r], ids[r] = secret, tok.ID
		if len(secret) != len(prefix)+43 {
			t.Errorf("the secret %q is not 256 bits", secret)
		}
	}
	check := func(tokens *Tokens, gone Role) {
		t.Helper()
		for r, secret := range made {
			tok, ok := tokens.Find(secret)
			if ok == (r == gone) || ok && (tok.Role != r || tok.ID != ids[r] || tok.Name != "for "+r.String()) {
				t.Errorf("%s: found %+v, %v", r, tok, ok)
			}
			if tokens.Valid(ids[r]) == (r == gone) {
				t.Errorf("%s: Valid is wrong", r)
			}
		}
	}
	check(tokens, 0)
	for _, wrong := range []string{"", "kdb_", made[Admin] + "x", made[Admin][:46], strings.ToUpper(made[Admin]), strings.Repeat("k", 1<<20)} {
		if _, ok := tokens.Find(wrong); ok {
			t.Errorf("%.50q is taken for a token", wrong)
		}
	}
	if err := tokens.Revoke(ids[Writer]); err != nil {
		t.Fatal(err)
	}
	check(tokens, Writer)
	if err := tokens.Revoke(ids[Writer]); status.CodeOf(err) != status.NoSuchToken {
		t.Errorf("revoking twice gives %v", err)
	}
	if got := tokens.List(); len(got) != 2 {
		t.Errorf("%d tokens are listed", len(got))
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	tokens, s = openTokens(t, path, nil)
	defer s.Close()
	check(tokens, Writer)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range made {
		if bytes.Contains(raw, []byte(secret)) || bytes.Contains(raw, []byte(secret[len(prefix):])) {
			t.Error("the file holds a secret")
		}
	}
}

// What Create and Revoke did is in the file as of its last sync.
func TestChangesAreSynced(t *testing.T) {
	dir := t.TempDir()
	path, synced := filepath.Join(dir, "blocks.db"), filepath.Join(dir, "synced.db")
	tokens, s := openTokens(t, path, func(p string) {
		b, err := os.ReadFile(p)
		if err == nil {
			err = os.WriteFile(synced, b, 0o600)
		}
		if err != nil {
			t.Error(err)
		}
	})
	defer s.Close()
	after := func() *Tokens {
		t.Helper()
		tokens, s := openTokens(t, synced, nil)
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	tok, secret, err := tokens.Create("", Admin)
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := after().Find(secret); !ok {
		t.Error("a created token is not in the synced file")
	}
	if err := tokens.Revoke(tok.ID); err != nil {
		t.Fatal(err)
	}
	if _, ok := after().Find(secret); ok {
		t.Error("a revoked token is still in the synced file")
	}
}

func TestRefused(t *testing.T) {
	tokens, s := openTokens(t, filepath.Join(t.TempDir(), "blocks.db"), nil)
	defer s.Close()
	for _, c := range []struct {
		name string
		role Role
	}{{"x", 0}, {"x", Admin + 1}, {"a\nb", Reader}, {strings.Repeat("x", 201), Reader}, {"\xff", Reader}, {"a\u202eb", Reader}} {
		if _, _, err := tokens.Create(c.name, c.role); status.CodeOf(err) != status.MalformedRequest {
			t.Errorf("%q %v gives %v", c.name, c.role, err)
		}
	}
	if _, err := ParseRole("root"); status.CodeOf(err) != status.MalformedRequest {
		t.Errorf("role root gives %v", err)
	}
}

func TestDamagedRecord(t *testing.T) {
	path := filepath.Join(t.TempDir(), "blocks.db")
	_, s := openTokens(t, path, nil)
	defer s.Close()
	for _, rec := range [][]byte{{}, {1, 3}, bytes.Repeat([]byte{9}, headerLen), append([]byte{1, 0}, make([]byte, headerLen)...)} {
		err := s.Update(func(tx *kv.Tx) error {
			b, err := tx.CreateBucket(bucket)
			if err != nil {
				return err
			}
			return b.Put([]byte("bad"), rec)
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Open(s); status.CodeOf(err) != status.Corruption {
			t.Errorf("% x gives %v", rec, err)
		}
	}
}
