// Package auth keeps bearer tokens: who may ask the store what.
//
//	t, secret, err := tokens.Create("grafana", auth.Reader)   // secret is shown once
//	who, ok := tokens.Find(secret)                            // a map lookup
//	err = tokens.Revoke(t.ID)                                 // durable when it returns
//
// A secret is 256 random bits. The store's file holds its SHA-256 only: a secret that
// cannot be guessed needs no slow hash. A token is valid until it is revoked.
//
// The package is not for what a token's requests are doing; whoever runs them ends
// them when a token goes.
package auth

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"sort"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/storage/kv"
)

// Role is what a token may do; a higher one may do all that a lower one may.
type Role uint8

const (
	// Reader may run statements that only read.
	Reader Role = iota + 1
	// Writer may also change data and schema.
	Writer
	// Admin may also manage tokens and end other people's transactions.
	Admin
)

var roleNames = [...]string{Reader: "reader", Writer: "writer", Admin: "admin"}

func (r Role) String() string {
	if r < Reader || r > Admin {
		return "none"
	}
	return roleNames[r]
}

// ParseRole reads a role's name.
func ParseRole(s string) (Role, error) {
	for r := Reader; r <= Admin; r++ {
		if roleNames[r] == s {
			return r, nil
		}
	}
	return 0, status.Errorf(status.MalformedRequest, "there is no role %.100q", s).WithHint("roles are reader, writer and admin")
}

// Token is what is known of a token; its secret is not.
type Token struct {
	ID      string
	Name    string // what its maker called it
	Role    Role
	Created time.Time
}

// maxNameLen bounds a token's name, in bytes.
const maxNameLen = 200

// prefix marks a secret, for people and for scanners of leaked secrets.
const prefix = "kdb_"

type hash [sha256.Size]byte

// Tokens are the tokens of one store. It is safe for several goroutines.
type Tokens struct {
	kv *kv.Store

	change sync.Mutex // one change at a time
	mu     sync.RWMutex
	byHash map[hash]Token
	byID   map[string]hash
}

// bucket holds, by a token's id:
//
//	┌─────────┬──────┬───────────────────┬─────────────────┬───────────┐
//	│ 1 format│ role │ created, unix s,  │ SHA-256 of the  │ name,     │
//	│         │      │ 8 bytes big endian│ secret, 32 bytes│ the rest  │
//	└─────────┴──────┴───────────────────┴─────────────────┴───────────┘
const bucket = "tokens"

const (
	format    = 1
	headerLen = 2 + 8 + sha256.Size
)

// Open reads the tokens of a store.
func Open(s *kv.Store) (*Tokens, error) {
	t := &Tokens{kv: s, byHash: map[hash]Token{}, byID: map[string]hash{}}
	err := s.View(func(tx *kv.Tx) error {
		return tx.Bucket(bucket).Scan(nil, nil, func(k, v []byte) error {
			tok, h, err := decode(string(k), v)
			if err != nil {
				return err
			}
			t.byHash[h], t.byID[tok.ID] = tok, h
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	return t, nil
}

func encode(t Token, h hash) []byte {
	b := append(make([]byte, 0, headerLen+len(t.Name)), format, byte(t.Role))
	b = binary.BigEndian.AppendUint64(b, uint64(t.Created.Unix()))
	return append(append(b, h[:]...), t.Name...)
}

func decode(id string, b []byte) (Token, hash, error) {
	if len(b) < headerLen || b[0] != format || Role(b[1]) < Reader || Role(b[1]) > Admin || !utf8.Valid(b[headerLen:]) {
		return Token{}, hash{}, status.Errorf(status.Corruption, "the record of token %q cannot be read", id)
	}
	t := Token{ID: id, Role: Role(b[1]), Created: time.Unix(int64(binary.BigEndian.Uint64(b[2:])), 0).UTC(), Name: string(b[headerLen:])}
	return t, hash(b[10:headerLen]), nil
}

// hides reports whether a character may change how others look in a list or a log.
func hides(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }

// Create makes a token and returns its secret, which nobody can learn again. The
// token is durable when Create returns.
func (t *Tokens) Create(name string, role Role) (Token, string, error) {
	if role < Reader || role > Admin {
		return Token{}, "", status.Errorf(status.MalformedRequest, "a token needs a role").WithHint("roles are reader, writer and admin")
	}
	if len(name) > maxNameLen || !utf8.ValidString(name) || strings.ContainsFunc(name, hides) {
		return Token{}, "", status.Errorf(status.MalformedRequest, "a token's name is at most %d bytes of text on one line", maxNameLen)
	}
	var random [32 + 8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return Token{}, "", status.Errorf(status.Internal, "no random numbers: %w", err)
	}
	secret := prefix + base64.RawURLEncoding.EncodeToString(random[:32])
	tok := Token{ID: hex.EncodeToString(random[32:]), Name: name, Role: role, Created: time.Now().UTC().Truncate(time.Second)}
	h := hash(sha256.Sum256([]byte(secret)))
	t.change.Lock()
	defer t.change.Unlock()
	err := t.kv.Update(func(tx *kv.Tx) error {
		b, err := tx.CreateBucket(bucket)
		if err != nil {
			return err
		}
		return b.Put([]byte(tok.ID), encode(tok, h))
	})
	if err != nil {
		return Token{}, "", err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.byHash[h], t.byID[tok.ID] = tok, h
	return tok, secret, nil
}

// Find returns the token of a secret.
func (t *Tokens) Find(secret string) (Token, bool) {
	if len(secret) > 100 {
		return Token{}, false
	}
	h := hash(sha256.Sum256([]byte(secret)))
	t.mu.RLock()
	defer t.mu.RUnlock()
	tok, ok := t.byHash[h]
	return tok, ok
}

// Valid reports whether the token with this id has not been revoked.
func (t *Tokens) Valid(id string) bool {
	t.mu.RLock()
	defer t.mu.RUnlock()
	_, ok := t.byID[id]
	return ok
}

// Revoke ends a token. From when it returns on, also after a crash, no secret of it
// is found; requests under way are the caller's.
func (t *Tokens) Revoke(id string) error {
	t.change.Lock()
	defer t.change.Unlock()
	if !t.Valid(id) {
		return status.Errorf(status.NoSuchToken, "there is no token %.100q", id).WithHint("`kadedb token list` shows the ids")
	}
	err := t.kv.Update(func(tx *kv.Tx) error {
		b, err := tx.CreateBucket(bucket)
		if err != nil {
			return err
		}
		return b.Delete([]byte(id))
	})
	if err != nil {
		return err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.byHash, t.byID[id])
	delete(t.byID, id)
	return nil
}

// List returns the tokens, oldest first.
func (t *Tokens) List() []Token {
	t.mu.RLock()
	defer t.mu.RUnlock()
	out := make([]Token, 0, len(t.byHash))
	for _, tok := range t.byHash {
		out = append(out, tok)
	}
	sort.Slice(out, func(i, j int) bool {
		if !out[i].Created.Equal(out[j].Created) {
			return out[i].Created.Before(out[j].Created)
		}
		return out[i].ID < out[j].ID
	})
	return out
}
