// Package nodews holds a client of KadeQL over WebSocket for Node, without
// dependencies, written from docs/protocol-ws.md. conformance.mjs checks a server with
// it, message by message; the package's test runs that.
//
//	node conformance.mjs ws://127.0.0.1:7480/v1/ws kdb_ADMIN kdb_READER
//
// kadedb.mjs is meant to be copied and changed: it is a client in 200 lines.
package nodews
