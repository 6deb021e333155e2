package kadedb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// A store is a folder. Query runs one statement in a transaction of its own; Update
// runs several as one.
func Example() {
	dir, err := os.MkdirTemp("", "flights-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	db, err := kadedb.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	err = db.Update(ctx, func(tx *kadedb.Tx) error {
		for _, route := range [][2]string{{"SEA", "SFO"}, {"SEA", "JNU"}, {"SFO", "EYW"}} {
			_, err := tx.Exec(ctx, `MERGE (a:Airport {iata: $from}) MERGE (b:Airport {iata: $to}) CREATE (a)-[:ROUTE]->(b)`,
				kadedb.Params{"from": route[0], "to": route[1]})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	// What was acknowledged is there when the store is opened again.
	db, err = kadedb.OpenReadOnly(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(ctx, `MATCH (:Airport {iata: $code})-[:ROUTE]->(b) RETURN b.iata AS iata ORDER BY iata`, kadedb.Params{"code": "SEA"})
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		fmt.Println(rows.Values()[0].AsString())
	}
	if err := rows.Close(); err != nil {
		log.Fatal(err)
	}
	_, err = db.Exec(ctx, `CREATE (:Airport)`, nil)
	fmt.Println(errors.Is(err, status.New(status.ReadOnlyStore)))
	// Output:
	// JNU
	// SFO
	// true
}

// A prepared statement is compiled once, and is safe for any number of goroutines.
func ExampleDB_Prepare() {
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	square, err := db.Prepare(`RETURN $n * $n AS square`)
	if err != nil {
		log.Fatal(err)
	}
	for n := range 3 {
		rows, err := square.Query(context.Background(), kadedb.Params{"n": n})
		if err != nil {
			log.Fatal(err)
		}
		for rows.Next() {
			fmt.Println(rows.Values()[0])
		}
		if err := rows.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// 0
	// 1
	// 4
}
