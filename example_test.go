package kadedb_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/status"
)

// folder returns a new folder for an example's store.
func folder() (dir string, remove func()) {
	parent, err := os.MkdirTemp("", "kadedb-example-")
	if err != nil {
		log.Fatal(err)
	}
	return filepath.Join(parent, "airports"), func() {
		if err := os.RemoveAll(parent); err != nil {
			log.Print(err)
		}
	}
}

func Example() {
	dir, remove := folder()
	defer remove()
	ctx := context.Background()

	db, err := kadedb.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()

	done, err := db.Exec(ctx, `CREATE (:Airport {iata: $from})-[:FLIGHT {distance: $km}]->(:Airport {iata: $to})`,
		kadedb.Params{"from": "SEA", "to": "JNU", "km": 1459})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(done.NodesCreated, "airports,", done.RelationshipsCreated, "flight")

	rows, err := db.Query(ctx, `MATCH (a)-[f:FLIGHT]->(b) RETURN a.iata AS from, b.iata AS to, f.distance AS km`, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(rows.Columns())
	for rows.Next() {
		v := rows.Values()
		fmt.Println(v[0].AsString(), v[1].AsString(), v[2].AsInt())
	}
	if err := rows.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// 2 airports, 1 flight
	// [from to km]
	// SEA JNU 1459
}

func ExampleDB_Prepare() {
	ctx := context.Background()
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	for _, text := range []string{
		`CREATE INDEX FOR (a:Airport) ON (a.iata)`,
		`UNWIND ['SEA', 'JNU', 'EYW'] AS code CREATE (:Airport {iata: code, name: 'Airport ' + code})`,
	} {
		if _, err := db.Exec(ctx, text, nil); err != nil {
			log.Fatal(err)
		}
	}

	byCode, err := db.Prepare(`MATCH (a:Airport {iata: $code}) RETURN a.name`)
	if err != nil {
		log.Fatal(err)
	}
	for _, code := range []string{"EYW", "SEA", "XXX"} {
		rows, err := byCode.Query(ctx, kadedb.Params{"code": code})
		if err != nil {
			log.Fatal(err)
		}
		found := "unknown"
		if rows.Next() {
			found = rows.Values()[0].AsString()
		}
		if err := rows.Close(); err != nil {
			log.Fatal(err)
		}
		fmt.Println(code, "is", found)
	}
	// Output:
	// EYW is Airport EYW
	// SEA is Airport SEA
	// XXX is unknown
}

// A transaction may meet another one's commit; then all of it is to be run again.
func ExampleDB_Update() {
	ctx := context.Background()
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(ctx, `CREATE (:Account {id: 1, cents: 500}), (:Account {id: 2, cents: 0})`, nil); err != nil {
		log.Fatal(err)
	}

	transfer := func(tx *kadedb.Tx) error {
		taken, err := tx.Exec(ctx, `MATCH (a:Account {id: 1}) WHERE a.cents >= $n SET a.cents = a.cents - $n`, kadedb.Params{"n": 200})
		if err != nil {
			return err
		}
		if taken.PropertiesSet == 0 {
			return errors.New("not enough money")
		}
		_, err = tx.Exec(ctx, `MATCH (a:Account {id: 2}) SET a.cents = a.cents + $n`, kadedb.Params{"n": 200})
		return err
	}
	for range 3 {
		err := db.Update(ctx, transfer)
		for errors.Is(err, status.New(status.WriteConflict)) {
			err = db.Update(ctx, transfer)
		}
		fmt.Println("transferred:", err)
	}

	err = db.View(ctx, func(tx *kadedb.Tx) error {
		rows, err := tx.Query(ctx, `MATCH (a:Account) RETURN a.id, a.cents ORDER BY a.id`, nil)
		if err != nil {
			return err
		}
		for rows.Next() {
			fmt.Println(rows.Values())
		}
		return rows.Close()
	})
	if err != nil {
		log.Fatal(err)
	}
	// Output:
	// transferred: <nil>
	// transferred: <nil>
	// transferred: not enough money
	// [1 100]
	// [2 400]
}

func ExampleOptions_memory() {
	dir, remove := folder()
	defer remove()
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))

	const container, budget = 2 << 30, 1 << 30
	debug.SetMemoryLimit(container - budget)
	db, err := kadedb.Open(dir, &kadedb.Options{Memory: budget})
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	// KadeDB leaves it as it is.
	fmt.Println(debug.SetMemoryLimit(-1) == container-budget)
	// Output: true
}

func ExampleOpenReadOnly() {
	dir, remove := folder()
	defer remove()
	ctx := context.Background()
	db, err := kadedb.Open(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	if _, err := db.Exec(ctx, `CREATE (:Airport {iata: 'SEA'})`, nil); err != nil {
		log.Fatal(err)
	}
	if err := db.Close(); err != nil {
		log.Fatal(err)
	}

	db, err = kadedb.OpenReadOnly(dir, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	_, err = db.Exec(ctx, `CREATE (:Airport {iata: 'JNU'})`, nil)
	fmt.Println(err)
	rows, err := db.Query(ctx, `MATCH (a:Airport) RETURN count(a)`, nil)
	if err != nil {
		log.Fatal(err)
	}
	for rows.Next() {
		fmt.Println(rows.Values())
	}
	if err := rows.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// ReadOnlyStore: the store was opened for reading
	// [1]
}

// An error says what it is by a code, where it is in the text, and what to do.
func ExampleDB_Query_errors() {
	db, err := kadedb.OpenTemporary(nil)
	if err != nil {
		log.Fatal(err)
	}
	defer db.Close()
	const text = `MATCH (a:Airport) RETURN arport.name`
	_, err = db.Query(context.Background(), text, nil)
	var e *status.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, e.Code.Info().Name, e.When())
		fmt.Println(status.Caret(text, e.Pos))
	}
	// Output:
	// KDB-1002 UndefinedVariable compile time
	// MATCH (a:Airport) RETURN arport.name
	//                          ^
}
