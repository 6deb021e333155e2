// Package wire is the JSON and CBOR that KadeDB speaks: values, requests, answers, errors.
//
//	RETURN 1, 1.0, 0.0/0.0, date('2024-02-29'), n
//	[1, 1.0, {"$float": "NaN"}, "2024-02-29", {"id": 0, "labels": ["Airport"], "properties": {"iata": "SEA"}}]
//
// An integer is a number of all 64 bits, a float always has a point or an exponent,
// and what JSON has no number for is {"$float": "NaN"}, "Infinity" or "-Infinity".
// Temporal values are ISO 8601 strings; a relationship is {"id", "type", "start",
// "end", "properties"}, a path {"nodes", "relationships"}.
//
// Typed JSON says what plain JSON cannot tell apart, {"$type": "date", "value": "2024-02-29"},
// and is read back as it was: see typed.go.
//
// CBOR keeps all types apart, temporal ones too: see cbor.go. A Message is written in
// either.
//
// Values are appended without reflection; everything read is bounded in depth and
// allocates no more than the input is long. The package is not for HTTP: see
// server/rest, server/ws and client.
package wire
