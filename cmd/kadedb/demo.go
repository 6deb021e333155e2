package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"

	"github.com/kadedb/kadedb"
	"github.com/kadedb/kadedb/client"
	"github.com/kadedb/kadedb/examples/flights"
	"github.com/kadedb/kadedb/status"
	"github.com/kadedb/kadedb/value"
	"github.com/kadedb/kadedb/wire"
)

// demoQuery stands in single quotes of a shell and in double quotes of JSON: it has
// neither kind.
const demoQuery = "MATCH (a:Airport)-[r:ROUTE]->(b:Airport) RETURN a.city AS origin, b.city AS destination, r.flights AS flights ORDER BY flights DESC LIMIT 3"

type airport struct{ latitude, longitude float64 }

// loadDemo fills db with (:Airport {iata, name, city, state, country, latitude,
// longitude}) and [:ROUTE {flights, distance}], the distance in miles.
func loadDemo(ctx context.Context, db *kadedb.DB) error {
	if _, err := db.Exec(ctx, "CREATE CONSTRAINT airport_iata FOR (a:Airport) REQUIRE a.iata IS UNIQUE", nil); err != nil {
		return err
	}
	known := map[string]airport{}
	err := loadRows(ctx, db, flights.Airports, "UNWIND $rows AS row CREATE (a:Airport) SET a = row", func(row map[string]any) error {
		lat, err := strconv.ParseFloat(row["latitude"].(string), 64)
		if err != nil {
			return err
		}
		long, err := strconv.ParseFloat(row["longitude"].(string), 64)
		if err != nil {
			return err
		}
		row["latitude"], row["longitude"] = lat, long
		known[row["iata"].(string)] = airport{lat, long}
		return nil
	})
	if err != nil {
		return err
	}
	return loadRows(ctx, db, flights.Routes, `UNWIND $rows AS row
MATCH (a:Airport {iata: row.origin}), (b:Airport {iata: row.destination})
CREATE (a)-[:ROUTE {flights: row.count, distance: row.distance}]->(b)`, func(row map[string]any) error {
		n, err := strconv.Atoi(row["count"].(string))
		if err != nil {
			return err
		}
		row["count"], row["distance"] = n, miles(known[row["origin"].(string)], known[row["destination"].(string)])
		return nil
	})
}

// demoBatch is how many rows go into one statement.
const demoBatch = 1000

// loadRows runs text once for each batch of a CSV file's rows, which convert completes.
func loadRows(ctx context.Context, db *kadedb.DB, file, text string, convert func(map[string]any) error) error {
	in := csv.NewReader(strings.NewReader(file))
	header, err := in.Read()
	if err != nil {
		return status.Errorf(status.Internal, "the sample data: %w", err)
	}
	var rows []any
	run := func() error {
		if len(rows) == 0 {
			return nil
		}
		_, err := db.Exec(ctx, text, kadedb.Params{"rows": rows})
		rows = nil
		return err
	}
	for {
		rec, err := in.Read()
		if errors.Is(err, io.EOF) {
			return run()
		}
		row := map[string]any{}
		if err == nil {
			for i, name := range header {
				row[name] = rec[i]
			}
			err = convert(row)
		}
		if err != nil {
			return status.Errorf(status.Internal, "the sample data: %w", err)
		}
		if rows = append(rows, row); len(rows) == demoBatch {
			if err := run(); err != nil {
				return err
			}
		}
	}
}

// miles is the distance along a great circle, in whole miles.
func miles(a, b airport) int {
	const radius, degree = 3958.8, math.Pi / 180
	lat, long := (b.latitude-a.latitude)*degree/2, (b.longitude-a.longitude)*degree/2
	h := math.Sin(lat)*math.Sin(lat) + math.Cos(a.latitude*degree)*math.Cos(b.latitude*degree)*math.Sin(long)*math.Sin(long)
	return int(math.Round(2 * radius * math.Asin(math.Sqrt(h))))
}

// demoAnswer asks the server the first query and returns its rows as it sends them.
func demoAnswer(ctx context.Context, url, token string) (string, error) {
	c, err := client.New(url, token)
	if err != nil {
		return "", err
	}
	defer c.Close()
	rows, err := c.Query(ctx, client.Request{Query: demoQuery})
	if err != nil {
		return "", err
	}
	all := []value.Value{}
	for rows.Next() {
		all = append(all, value.List(rows.Values()...))
	}
	if err := rows.Close(); err != nil {
		return "", err
	}
	b := wire.AppendStrings([]byte(`{"columns":`), rows.Columns())
	b = wire.Encoder{}.AppendRow(append(b, `,"rows":`...), all)
	return fmt.Sprintf("%s, …}", b), nil
}
