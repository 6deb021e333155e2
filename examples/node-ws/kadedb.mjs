// A client of KadeQL over WebSocket, after docs/protocol-ws.md:
//
//	const db = await connect("ws://127.0.0.1:7480/v1/ws", { token: process.env.KADEDB_TOKEN });
//	for await (const row of db.query("MATCH (a:Airport) RETURN a.iata, a.name")) console.log(row);
//	const { rows, done } = await db.run("RETURN $x + 1 AS y", { params: { x: 1 } });
//	await db.transaction(async (tx) => { await db.run("CREATE (:A)", { tx }); });
//	db.close();
import * as cbor from "./cbor.mjs";
import { connect as open } from "./websocket.mjs";

/** An error that the server reports: .name is of the table, .code, .hint, .line … too. */
export class KadeError extends Error {
  constructor(body) { super(body.message); Object.assign(this, body); }
}
/** The connection has ended: .code is a close code. */
export class Closed extends Error {
  constructor(code, reason) { super(`closed with ${code}: ${reason}`); this.code = code; }
}

export async function connect(url, { token, protocol = "kadeql.v1.json", ints, headers } = {}) {
  const db = new Connection(await open(url, [protocol], headers));
  db.ack = await db.init({ type: "init", token, ints });
  return db;
}

/** A connection. `raw` is its socket; `onnotice` is told notices. */
export class Connection {
  onnotice = () => {};
  #requests = new Map(); // id → {message(m), closed(error)}
  #next = 1;
  #first = null;
  #pongs = [];

  constructor(raw) {
    this.raw = raw;
    this.binary = raw.protocol === "kadeql.v1.cbor";
    this.closed = new Promise((resolve) => {
      raw.onclose = (code, reason) => {
        const error = new Closed(code, reason);
        for (const r of [...this.#requests.values()]) r.closed(error);
        this.#requests.clear();
        this.#first?.reject(error);
        resolve(error);
      };
    });
    raw.onmessage = (bytes, isText) => {
      if (isText === this.binary) throw new Error("a frame of the other kind");
      this.#message(this.binary ? cbor.decode(bytes) : JSON.parse(bytes.toString()));
    };
  }

  #message(m) {
    if (m.type === "ack") this.#first.resolve(m);
    else if (m.type === "pong") this.#pongs.shift()?.(m);
    else if (m.type === "notice") this.onnotice(m);
    else if (m.id !== undefined) {
      const r = this.#requests.get(m.id);
      if (m.type !== "rows" && m.type !== "progress") this.#requests.delete(m.id);
      r?.message(m);
    }
  }

  write(m) { this.raw.send(this.binary ? cbor.encode(m) : JSON.stringify(m)); }
  init(m) { return new Promise((resolve, reject) => { this.#first = { resolve, reject }; this.write(m); }); }
  ping(id) { return new Promise((resolve) => { this.#pongs.push(resolve); this.write({ type: "ping", id }); }); }
  cancel(id) { this.write({ type: "cancel", id }); }
  close() { this.raw.close(); return this.closed; }

  /** Sends a request and calls on(message) for each answer. Returns its id, and a promise of the last. */
  start(fields, on = () => {}) {
    const id = this.#next++;
    const last = new Promise((resolve, reject) => {
      this.#requests.set(id, {
        message: (m) => {
          try { on(m); } catch (e) { reject(e); }
          if (m.type === "error") reject(new KadeError(m.error));
          else if (m.type !== "rows" && m.type !== "progress") resolve(m);
        },
        closed: reject,
      });
    });
    last.catch(() => {}); // whoever awaits it hears of it
    this.write({ ...fields, id });
    return { id, last };
  }

  ask(fields) { return this.start(fields).last; }

  /** The rows of a query, as objects, one at a time: reading slowly holds the server back. */
  async *query(query, { credit = 1000, ...fields } = {}) {
    const waiting = [];
    let wake = () => {};
    let over = false;
    let columns = [];
    const { id, last } = this.start({ type: "query", query, credit, ...fields }, (m) => {
      if (m.columns) columns = m.columns;
      if (Array.isArray(m.rows)) waiting.push(...m.rows);
      wake();
    });
    last.then(() => {}, () => {}).then(() => { over = true; wake(); });
    let used = 0;
    try {
      for (;;) {
        if (waiting.length > 0) {
          const row = waiting.shift();
          yield Object.fromEntries(columns.map((c, i) => [c, row[i]]));
          if (++used > credit / 2 && !over) { this.write({ type: "credit", id, rows: used }); used = 0; }
        } else if (over) {
          await last;
          return;
        } else await new Promise((r) => { wake = r; });
      }
    } finally {
      if (!over) this.cancel(id);
    }
  }

  /** The whole answer of a query: rows as lists, columns, and the message `done`. */
  async run(query, fields = {}) {
    const rows = [];
    let columns;
    const text = typeof query === "number" ? { statement: query } : { query };
    const { last } = this.start({ type: "query", ...text, ...fields }, (m) => {
      columns ??= m.columns;
      if (Array.isArray(m.rows)) rows.push(...m.rows);
    });
    const done = await last;
    return { columns, rows, done };
  }

  async begin(fields = {}) { return (await this.ask({ type: "begin", ...fields })).tx; }
  commit(tx) { return this.ask({ type: "commit", tx }); }
  rollback(tx) { return this.ask({ type: "rollback", tx }); }
  async prepare(query) { return this.ask({ type: "prepare", query }); }
  forget(statement) { return this.ask({ type: "forget", statement }); }

  /** Runs f in a transaction: committed, or rolled back where f fails. */
  async transaction(f) {
    const tx = await this.begin();
    try {
      const result = await f(tx);
      await this.commit(tx);
      return result;
    } catch (e) {
      await this.rollback(tx).catch(() => {});
      throw e;
    }
  }
}
