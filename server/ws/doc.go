// Package ws is KadeQL over WebSocket, at /v1/ws. docs/protocol-ws.md is the protocol:
//
//	→ {"type":"init","token":"kdb_…"}
//	← {"type":"ack","server":"KadeDB/0.1.0","role":"reader", …}
//	→ {"type":"query","id":1,"query":"MATCH (n) RETURN n.name","credit":1000}
//	← {"type":"rows","id":1,"columns":["n.name"],"rows":[["Ada"], …]}
//	→ {"type":"credit","id":1,"rows":1000}
//	← {"type":"done","id":1,"rows":[["Zoe"]],"stats":{"rows":1001},"notices":[],"ms":3.214}
//
// A connection is one goroutine that reads, and one for each request under way:
//
//	reader ──begins──▶ request ──runs──▶ front.Call ──▶ query
//	   │ credit, cancel   │ rows, done, error
//	   ╰──────────────────┴──────▶ one message at a time to the socket
//
// A request sends no more rows than its client gave credit for, and holds one batch of
// them meanwhile; while it waits it takes no room of other requests. One that is told
// to send as it can waits for the socket, and with it whoever else writes to that
// connection; nobody else does. housekeeping pings, and drops what is silent or slow.
//
// It holds no logic of queries, tokens or limits: those are query's and server/front's.
package ws
