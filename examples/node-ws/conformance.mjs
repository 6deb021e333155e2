// Checks that a server speaks docs/protocol-ws.md, message by message:
//
//	node conformance.mjs ws://127.0.0.1:7480/v1/ws kdb_ADMIN kdb_READER [--drain]
//
// It prints a line for each check, and exits with 1 where one failed. It makes nodes with
// labels Node… and removes them. With --drain it prints "drain" at the end and expects the
// server to be stopped then.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import * as cbor from "./cbor.mjs";
import { Closed, Connection, KadeError, connect } from "./kadedb.mjs";
import { connect as open } from "./websocket.mjs";

const [url, admin, reader, flag] = process.argv.slice(2);
const http = url.replace(/^ws/, "http").replace(/\/v1\/ws$/, "");
const JSONP = "kadeql.v1.json";
const CBORP = "kadeql.v1.cbor";
const endless = "UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y WITH x, y WHERE x + y < 0 RETURN count(*) AS c";
const connections = [];
let failed = 0;

async function dial(options = {}) {
  const db = await connect(url, { token: admin, ...options });
  connections.push(db);
  return db;
}

async function raw(protocols = [JSONP], headers = {}) {
  const db = new Connection(await open(url, protocols, headers));
  connections.push(db);
  return db;
}

async function check(name, f) {
  try {
    await Promise.race([f(), sleep(20_000, null, { ref: false }).then(() => { throw new Error("it took too long"); })]);
    console.log(`ok    ${name}`);
  } catch (e) {
    failed++;
    console.log(`FAIL  ${name}\n${e.stack}`);
  }
  while (connections.length > 0) connections.pop().raw.destroy();
}

/** Both subprotocols. */
async function both(name, f) {
  for (const protocol of [JSONP, CBORP]) await check(`${name}, ${protocol}`, () => f(protocol));
}

const fails = (promise, name) => assert.rejects(promise, (e) => e instanceof KadeError && e.name === name || assert.fail(`it is ${e}, not ${name}`));
const closes = async (db, code) => assert.equal((await db.closed).code, code);

// Connecting

await check("an ack says what may be done", async () => {
  const { ack } = await dial();
  assert.equal(ack.type, "ack");
  assert.match(ack.server, /^KadeDB\//);
  assert.equal(ack.role, "admin");
  for (const n of [ack.message_bytes, ack.requests, ack.ping_ms]) assert.ok(n > 0);
  assert.equal((await dial({ token: reader })).ack.role, "reader");
});

await check("foreign pages, hosts and protocols are refused", async () => {
  for (const [protocols, headers, status, name] of [
    [[JSONP], { Origin: "null" }, 403, "OriginNotAllowed"], [[JSONP], { Origin: "https://evil.example" }, 403, "OriginNotAllowed"],
    [[JSONP], { Host: "evil.example" }, 403, "HostNotAllowed"], [[], {}, 400, "MalformedRequest"], [["soap"], {}, 400, "MalformedRequest"],
    [[JSONP], { "Sec-WebSocket-Version": "8" }, 400, "MalformedRequest"],
  ]) {
    await assert.rejects(open(url, protocols, headers), (e) => e.status === status && JSON.parse(e.body).name === name || assert.fail(`${headers}: ${e} ${e.body}`));
  }
  assert.equal((await raw(["kadeql.v9", CBORP, JSONP])).raw.protocol, CBORP);
  await dial({ headers: { Origin: http } });
});

await both("a connection without a good token is closed", async (protocol) => {
  for (const [first, code] of [[{ type: "init" }, 4401], [{ type: "init", token: "kdb_x" }, 4401], [{ type: "query", id: 1, query: "RETURN 1" }, 4401],
    [{ type: "init", token: admin, user: "x" }, 4400], [{ type: "init", token: 7 }, 4400]]) {
    const db = await raw([protocol]);
    db.write(first);
    await closes(db, code);
  }
});

await check("silence before the init, and too much of it", async () => {
  const silent = await raw();
  const long = await raw();
  long.raw.send(JSON.stringify({ type: "init", token: "x".repeat(70_000) }));
  await closes(long, 1009);
  await closes(silent, 4408);
});

// Values

await check("values in JSON", async () => {
  const db = await dial();
  const { columns, rows, done } = await db.run(
    "RETURN 1 AS i, 1.5 AS f, 'é' AS s, null AS n, true AS b, [1, {a: 'x'}] AS l, 0.0/0.0 AS nan, date('2024-02-29') AS d, duration('P1Y2M') AS p");
  assert.deepEqual(columns, ["i", "f", "s", "n", "b", "l", "nan", "d", "p"]);
  assert.deepEqual(rows, [[1, 1.5, "é", null, true, [1, { a: "x" }], { $float: "NaN" }, "2024-02-29", "P1Y2M"]]);
  assert.deepEqual(done.stats.rows, 1);
  assert.deepEqual(done.notices, []);
  assert.equal(done.statuses[0].gql_status, "00000");
  assert.equal(typeof done.ms, "number");
  assert.deepEqual((await db.run("RETURN $a AS a, $m AS m", { params: { a: [1, "x", null], m: { k: { $float: "-Infinity" } } } })).rows, [[[1, "x", null], { k: { $float: "-Infinity" } }]]);
  const text = await dial({ ints: "string" });
  assert.deepEqual((await text.run("RETURN 9223372036854775807 AS i, 2.0 AS f")).rows, [["9223372036854775807", 2]]);
});

await check("values in CBOR", async () => {
  const db = await dial({ protocol: CBORP });
  const one = async (text, params) => (await db.run(`RETURN ${text} AS v`, { params })).rows[0][0];
  for (const v of [null, true, false, 0, 23, 24, 255, 256, 65536, -1, -25, 2 ** 40, -(2 ** 40), 9223372036854775807n, -9223372036854775808n, 1.5, -Infinity, "", "é😀",
    "x".repeat(70_000), [], [1, [null, "x"]], { a: 1, b: { c: [] } }]) assert.deepEqual(await one("$v", { v }), v);
  assert.ok(Number.isNaN(await one("$v", { v: NaN })));
  assert.equal(await one("$v / 2", { v: 3 }), 1); // integers
  assert.equal(await one("$v / 2", { v: new cbor.Float(3) }), 1.5);
  for (const [text, tag, value] of [["date('1970-01-02')", "date", 1], ["localtime('00:00:01')", "localTime", 1_000_000_000], ["time('00:00:01+01:00')", "time", [1_000_000_000, 3600]],
    ["localdatetime('1970-01-01T00:01')", "localDateTime", [60, 0]], ["datetime('1970-01-01T01:01:00.000000005+01:00')", "dateTime", [60, 5, 3600]],
    ["datetime('2024-07-01T00:00[Europe/Stockholm]')", "dateTime", [1719784800, 0, 7200, "Europe/Stockholm"]], ["duration('P1Y2M3DT4.5S')", "duration", [14, 3, 4, 500_000_000]]]) {
    const v = new cbor.Tagged(cbor.tags[tag], value);
    assert.deepEqual(await one(text), v);
    assert.deepEqual(await one("$v", { v }), v);
    assert.equal(await one(`$v = ${text}`, { v }), true);
  }
  const { rows } = await db.run("CREATE p = (a:NodeA {n: 1})-[r:NODE_R {w: 0.5}]->(:NodeB) RETURN a, r, p");
  const [a, r, p] = rows[0];
  assert.equal(a.tag, cbor.tags.node);
  assert.deepEqual(a.value.slice(1), [["NodeA"], { n: 1 }]);
  assert.equal(r.tag, cbor.tags.relationship);
  assert.deepEqual([r.value[1], r.value[2], r.value[4]], ["NODE_R", a.value[0], { w: 0.5 }]);
  assert.equal(p.tag, cbor.tags.path);
  assert.deepEqual([p.value[0][0], p.value[1]], [a, [r]]);
  await db.run("MATCH (a:NodeA)-[:NODE_R]->(b:NodeB) DETACH DELETE a, b");
  // What cannot be sent is an error of the request alone.
  for (const v of [a, r, p, { deep: [a] }, new cbor.Tagged(1, 0), new cbor.Tagged(cbor.tags.date, "x")]) {
    await fails(db.run("RETURN $v", { params: { v } }), "MalformedRequest");
  }
  assert.deepEqual((await db.run("RETURN 1 AS one")).rows, [[1]]);
  db.close();
});

await check("values that JSON cannot send", async () => {
  const db = await dial();
  for (const [x, name] of [["9223372036854775808", "NumberOutOfRange"], ["1e999", "NumberOutOfRange"], ['{"$float":"x"}', "MalformedRequest"], ['{"a":1,"a":1}', "MalformedRequest"]]) {
    const answer = new Promise((resolve) => { db.raw.onmessage = (b) => resolve(JSON.parse(b)); });
    db.raw.send(`{"type":"query","id":99,"query":"RETURN $x","params":{"x":${x}}}`);
    const m = await answer;
    assert.deepEqual([m.type, m.id, m.error.name], ["error", 99, name]);
  }
});

// Requests

await both("errors of a request close nothing", async (protocol) => {
  const db = await dial({ protocol });
  for (const [fields, name] of [[{ query: "RETRUN 1" }, "UnexpectedSyntax"], [{ query: "RETURN 1 / 0" }, "DivisionByZero"], [{ query: "RETURN $p" }, "MissingParameter"], [{}, "MalformedRequest"],
    [{ query: "RETURN 1", statement: 1 }, "MalformedRequest"], [{ query: 1 }, "MalformedRequest"], [{ query: "RETURN 1", limit: 1 }, "MalformedRequest"], [{ query: "RETURN 1", credit: 0 }, "MalformedRequest"],
    [{ query: "RETURN 1", tx: "x" }, "NoSuchTransaction"], [{ query: "CREATE (:NodeA)", read_only: true }, "ReadOnlyTransaction"], [{ query: endless, timeout_ms: 50 }, "QueryTimeLimit"]]) {
    await fails(db.ask({ type: "query", ...fields }), name);
  }
  await assert.rejects(db.run("RETURN 1\n + nme"), (e) => e.code === "KDB-1002" && e.line === 2 && e.column === 4 && e.type === "SyntaxError" && e.phase === "compile time");
  await fails((await dial({ protocol, token: reader })).run("CREATE (:NodeA)"), "ReadOnlyTransaction");
  assert.deepEqual((await db.run("RETURN 1 AS one")).rows, [[1]]);
});

await both("many requests at once", async (protocol) => {
  const db = await dial({ protocol });
  const all = await Promise.all(Array.from({ length: 50 }, (_, i) => db.run(`UNWIND range(1, 2000) AS x RETURN ${i} AS q, x`)));
  all.forEach(({ rows }, i) => {
    assert.equal(rows.length, 2000);
    rows.forEach(([q, x], k) => assert.deepEqual([q, x], [i, k + 1]));
  });
  const limit = db.ack.requests;
  const open = Array.from({ length: limit }, () => db.start({ type: "query", query: "UNWIND range(1, 10) AS x RETURN x", credit: 1 }));
  await fails(db.run("RETURN 1"), "SessionLimit");
  for (const { id } of open) db.cancel(id);
  for (const { last } of open) await fails(last, "Cancelled");
});

await both("rows come as there is credit", async (protocol) => {
  const db = await dial({ protocol });
  let rows = 0;
  let progress = [];
  const { id, last } = db.start({ type: "query", query: "UNWIND range(1, 100000) AS x RETURN x", credit: 10, progress_ms: 100 }, (m) => {
    if (m.type === "progress") progress.push(m);
    else if (m.rows) rows += m.rows.length;
  });
  while (progress.length < 2) await sleep(20);
  assert.equal(rows, 10);
  assert.deepEqual([progress[0].state, progress[0].rows], ["waiting", 10]);
  assert.ok(progress[1].ms > progress[0].ms);
  // Another is answered meanwhile, however long.
  assert.equal((await db.run("UNWIND range(1, 20000) AS x RETURN x")).rows.length, 20_000);
  assert.equal(rows, 10);
  db.write({ type: "credit", id, rows: 3 });
  db.write({ type: "credit", id, rows: 4 });
  while (rows < 17) await sleep(5);
  await sleep(50);
  assert.equal(rows, 17);
  db.write({ type: "credit", id, rows: 1_000_000 });
  assert.equal((await last).stats.rows, 100_000);
  assert.equal(rows, 100_000);
  let n = 0;
  for await (const row of db.query("UNWIND range(1, 3000) AS x RETURN x", { credit: 7 })) assert.equal(row.x, ++n);
  assert.equal(n, 3000);
  for await (const row of db.query("UNWIND range(1, 100000000) AS x RETURN x", { credit: 7 })) if (row.x === 20) break; // cancels
  await fails(db.run("UNWIND range(1, 10) AS x RETURN x", { credit: 1, timeout_ms: 100 }), "QueryTimeLimit");
});

await both("a request can be cancelled", async (protocol) => {
  const db = await dial({ protocol });
  const states = [];
  const { id, last } = db.start({ type: "query", query: endless, progress_ms: 100 }, (m) => states.push(m.state));
  while (states.length < 2) await sleep(10);
  assert.equal(states[0], "running");
  db.cancel(id);
  await fails(last, "Cancelled");
  db.cancel(id); // it is over
  db.write({ type: "credit", id, rows: 5 });
  assert.deepEqual((await db.run("RETURN 1 AS one")).rows, [[1]]);
});

await both("prepared statements", async (protocol) => {
  const db = await dial({ protocol });
  const p = await db.prepare("RETURN $a + 1 AS b");
  assert.deepEqual([p.type, p.columns, p.writes], ["prepared", ["b"], false]);
  for (const a of [1, 2]) assert.deepEqual((await db.run(p.statement, { params: { a } })).rows, [[a + 1]]);
  assert.equal((await db.prepare("CREATE (:NodeA)")).writes, true);
  await fails(db.prepare("RETRUN"), "UnexpectedSyntax");
  assert.equal((await db.forget(p.statement)).type, "done");
  await fails(db.run(p.statement, { params: { a: 1 } }), "MalformedRequest");
  await fails(db.forget(p.statement), "MalformedRequest");
});

await both("transactions", async (protocol) => {
  const db = await dial({ protocol });
  const other = await dial({ protocol });
  const count = async () => (await other.run("MATCH (n:NodeT) RETURN count(*) AS c")).rows[0][0];
  // All at once, in order.
  const tx = await db.begin();
  const sent = Array.from({ length: 10 }, () => db.run("MATCH (n:NodeT) WITH count(n) AS c CREATE (:NodeT {k: c})", { tx }));
  await Promise.all(sent);
  assert.equal(await count(), 0);
  assert.equal((await db.commit(tx)).type, "done");
  assert.deepEqual((await db.run("MATCH (n:NodeT) RETURN n.k AS k ORDER BY k")).rows.flat(), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await fails(db.commit(tx), "NoSuchTransaction").catch(() => fails(db.commit(tx), "TransactionClosed"));
  await assert.rejects(db.transaction(async (tx) => { await db.run("CREATE (:NodeT)", { tx }); throw new Error("no"); }), /no/);
  assert.equal(await count(), 10);
  // A statement that fails leaves the transaction open.
  await db.transaction(async (tx) => {
    await fails(db.run("CREATE (:NodeT) RETURN 1 / 0", { tx }), "DivisionByZero");
    await db.run("CREATE (:NodeT)", { tx });
  });
  assert.equal(await count(), 11);
  const begun = await db.run("BEGIN");
  assert.ok(begun.done.tx && Date.parse(begun.done.expires_at) > Date.now());
  await db.run("CREATE (:NodeT)", { tx: begun.done.tx });
  await db.run("ROLLBACK", { tx: begun.done.tx });
  const ro = await db.ask({ type: "begin", read_only: true });
  assert.deepEqual([ro.type, ro.read_only], ["begun", true]);
  await fails(db.run("CREATE (:NodeT)", { tx: ro.tx }), "ReadOnlyTransaction");
  // They end with their connection.
  const left = await db.begin();
  await db.run("CREATE (:NodeT)", { tx: left });
  await db.close();
  for (let i = 0; ; i++) {
    const e = await other.run("RETURN 1", { tx: left }).catch((e) => e);
    if (e instanceof KadeError) break;
    assert.ok(i < 100, "the transaction lives on");
    await sleep(20);
  }
  assert.equal(await count(), 11);
  await other.run("MATCH (n:NodeT) DELETE n");
});

await both("counters, plans, long messages in parts", async (protocol) => {
  const db = await dial({ protocol });
  const { done } = await db.run("CREATE (:NodeC {a: 1})-[:R]->(:NodeC)");
  assert.deepEqual([done.stats.nodes_created, done.stats.relationships_created, done.stats.nodes_deleted], [2, 1, undefined]);
  assert.match((await db.run("PROFILE MATCH (n:NodeC) RETURN n.a")).done.plan, /rows/i);
  await db.run("MATCH (n:NodeC) DETACH DELETE n");
  const text = "é".repeat(50_000);
  const message = { type: "query", id: 999, query: "RETURN size($t) AS n", params: { t: text } };
  const answer = new Promise((resolve) => {
    const was = db.raw.onmessage;
    db.raw.onmessage = (b) => { db.raw.onmessage = was; resolve(db.binary ? cbor.decode(b) : JSON.parse(b)); };
  });
  db.raw.send(db.binary ? cbor.encode(message) : JSON.stringify(message), 1000);
  assert.deepEqual((await answer).rows, [[50_000]]);
});

// Staying, and being closed

await both("pings", async (protocol) => {
  const db = await dial({ protocol });
  assert.deepEqual(await db.ping(7), { type: "pong", id: 7 });
  assert.deepEqual(await db.ping(), { type: "pong" });
});

await check("close codes", async () => {
  for (const [code, send] of [
    [4400, (db) => db.raw.send('{"type":')], [4400, (db) => db.raw.send("[]")], [4400, (db) => db.raw.send("{}")], [4400, (db) => db.write({ type: "what", id: 1 })],
    [4400, (db) => db.write({ type: "query", query: "RETURN 1" })], [4400, (db) => db.write({ type: "query", id: -1, query: "RETURN 1" })],
    [4400, (db) => db.raw.send('{"type":"ping","id":1,"id":2}')], [4400, (db) => db.write({ type: "ping", rows: 1 })],
    [4400, (db) => db.write({ type: "credit", id: 1 })], [4400, (db) => db.write({ type: "cancel", id: 1, why: "x" })],
    [4409, (db) => { for (let i = 0; i < 2; i++) db.write({ type: "query", id: 1, query: "UNWIND range(1, 9) AS x RETURN x", credit: 1 }); }],
    [4429, (db) => db.write({ type: "init", token: admin })], [1003, (db) => db.raw.send(Buffer.from("{}"))], [1007, (db) => db.raw.frame(0x81, Buffer.from([0x22, 0xff, 0x22]))],
    [1002, (db) => db.raw.frame(0x83)], [1002, (db) => db.raw.frame(0xc1, Buffer.from("{}"))], [1009, (db) => db.raw.send(" ".repeat(db.ack.message_bytes + 1))],
    [1000, (db) => db.raw.close(1000, "bye")],
  ]) {
    const db = await dial();
    send(db);
    const end = await db.closed;
    assert.equal(end.code, code, String(send));
  }
  const db = await dial({ protocol: CBORP });
  db.raw.send("{}");
  await closes(db, 1003);
});

await check("a revoked token ends its connections at once", async () => {
  const post = (path, method, body) => fetch(http + path, { method, body, headers: { Authorization: `Bearer ${admin}`, "Content-Type": "application/json" } }).then((r) => r.json());
  const made = await post("/v1/tokens", "POST", JSON.stringify({ role: "writer" }));
  const [idle, busy] = [await dial({ token: made.token }), await dial({ token: made.token, protocol: CBORP })];
  const { last } = busy.start({ type: "query", query: endless });
  await sleep(100);
  assert.deepEqual(await post(`/v1/tokens/${made.id}`, "DELETE"), { revoked: true });
  await closes(idle, 4401);
  await closes(busy, 4401);
  await assert.rejects(last);
});

if (flag === "--drain") {
  await check("a server that stops says so", async () => {
    const [idle, busy] = [await dial(), await dial()];
    const notices = [];
    busy.onnotice = (m) => notices.push(m.name);
    const { last } = busy.start({ type: "query", query: endless });
    await sleep(100);
    console.log("drain");
    await closes(idle, 1001);
    while (notices.length === 0) await sleep(5);
    await fails(busy.run("RETURN 1"), "Draining");
    await fails(last, "Draining");
    await closes(busy, 1001);
    assert.deepEqual(notices, ["Draining"]);
  });
}

if (failed > 0) {
  console.log(`${failed} failed`);
  process.exit(1);
}
