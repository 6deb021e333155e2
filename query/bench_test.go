package query_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
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

// Durable single-edge writes, each a statement by itself; commits a sync says how many
// share one.
func benchmarkWrites(b *testing.B, clients int) {
	db := benchDB(b)
	ctx := context.Background()
	st, err := db.Prepare(`MATCH (a:User {id: $a}), (b:User {id: $b}) CREATE (a)-[:LIKES]->(b)`)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := db.Stats().Store
	b.ResetTimer()
	var next atomic.Int64
	var wg sync.WaitGroup
	for range clients {
		wg.Go(func() {
			for n := next.Add(1); n <= int64(b.N); n = next.Add(1) {
				if _, err := st.Exec(ctx, kadedb.Params{"a": n % 10000, "b": (n * 7919) % 10000}); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	after := db.Stats().Store
	if syncs := after.WAL.Syncs - before.WAL.Syncs; syncs > 0 {
		b.ReportMetric(float64(after.Commits-before.Commits)/float64(syncs), "commits/sync")
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "writes/s")
}

func BenchmarkWriteEdge1(b *testing.B)  { benchmarkWrites(b, 1) }
func BenchmarkWriteEdge12(b *testing.B) { benchmarkWrites(b, 12) }
