package rest_test

import (
	"testing"

	"github.com/kadedb/kadedb/auth"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/value"
)

// BenchmarkPointRead is one client that reads by an index, again and again.
func BenchmarkPointRead(b *testing.B) {
	s := start(b, nil)
	ctx := b.Context()
	c, err := client.New(s.URL, s.Token[auth.Admin])
	if err != nil {
		b.Fatal(err)
	}
	defer c.Close()
	for _, text := range []string{"CREATE INDEX person FOR (p:Person) ON (p.id)", "UNWIND range(1, 10000) AS i CREATE (:Person {id: i, name: 'n' + toString(i), age: i % 90})"} {
		if _, err := c.Exec(ctx, client.Request{Query: text}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		rows, err := c.Query(ctx, client.Request{Query: "MATCH (p:Person {id: $id}) RETURN p.name AS name, p.age AS age",
			Params: map[string]value.Value{"id": value.Int(int64(i*7919%10000 + 1))}})
		if err != nil {
			b.Fatal(err)
		}
		n := 0
		for rows.Next() {
			n++
		}
		if err := rows.Close(); err != nil || n != 1 {
			b.Fatal(n, err)
		}
	}
}
