// Package query runs KadeQL statements: it prepares a text once, runs it often, and
// keeps order among everybody who does so.
//
//	text ─▶ exact-text cache ─▶ normalised-text cache ─▶ parse ─▶ bind ─▶ optimize
//	                 └──────────────┴───────▶ compiled plan ◀─────────────────┘
//	                                              │  programs, reused
//	        Request + snapshot or transaction ──▶ run ──▶ Result ──▶ rows
//
//	e, err := query.New(query.Options{Store: store, …})
//	res, err := e.Run(ctx, query.Request{Text: "RETURN $x AS x", Params: params})
//	for res.Next() { use(res.Values()) }
//	err = res.Close()
//
// A statement outside a transaction is a transaction of its own: a reading one reads
// a snapshot, a writing one commits when its rows have been taken or the Result is
// closed, and its changes count only when Close returned nil.
//
// The package knows neither networks nor folders: see the module's root.
package query
