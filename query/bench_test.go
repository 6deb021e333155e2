package query_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/kadedb/kadedb"
)

func benchDB(b *testing.B) *kadedb.DB {
	b.Helper()
	db, err := kadedb.Open(b.TempDir(), &kadedb.Options{Memory: 512 << 20})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := db.Close(); err != nil {
			b.Error(err)
		}
	})
	ctx := context.Background()
	for _, text := range []string{
		`CREATE INDEX user_id FOR (u:User) ON (u.id)`,
		`UNWIND range(0, 9999) AS i CREATE (:User {id: i, name: 'user ' + toString(i)})`,
		`MATCH (a:User) WITH a, a.id AS i MATCH (b:User {id: (i * 7 + 1) % 10000}) CREATE (a)-[:FOLLOWS {since: i}]->(b)`,
	} {
		if _, err := db.Exec(ctx, text, nil); err != nil {
			b.Fatal(text, err)
		}
	}
	if err := db.Checkpoint(ctx); err != nil {
		b.Fatal(err)
	}
	return db
}

const pointRead = `MATCH (u:User {id: $id}) RETURN u.name AS name`

func BenchmarkPointReadPrepared(b *testing.B) {
	db := benchDB(b)
	ctx := context.Background()
	st, err := db.Prepare(pointRead)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		rows, err := st.Query(ctx, kadedb.Params{"id": int64(i % 10000)})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n += len(rows.Values())
		}
		if err := rows.Close(); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		i++
	}
}

func BenchmarkPointReadSameText(b *testing.B) {
	db := benchDB(b)
	ctx := context.Background()
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		rows, err := db.Query(ctx, pointRead, kadedb.Params{"id": int64(i % 10000)})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n += len(rows.Values())
		}
		if err := rows.Close(); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		i++
	}
}

func BenchmarkPointReadOtherLiteral(b *testing.B) {
	db := benchDB(b)
	ctx := context.Background()
	texts := make([]string, 10000)
	for i := range texts {
		texts[i] = fmt.Sprintf(`MATCH (u:User {id: %d}) RETURN u.name AS name`, i)
	}
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		rows, err := db.Query(ctx, texts[i%10000], nil)
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n += len(rows.Values())
		}
		if err := rows.Close(); err != nil || n != 1 {
			b.Fatal(n, err)
		}
		i++
	}
}
