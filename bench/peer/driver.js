// Answers one JSON request a line on stdin with one JSON line on stdout. Times are
// those of the call alone, in milliseconds.
'use strict';
const lbug = require('@ladybugdb/core');
const readline = require('node:readline');

const stores = new Map();
const plain = (v) => (typeof v === 'bigint' ? Number(v) : v instanceof Date ? v.toISOString().slice(0, 10) : v);

async function store(name, path) {
  let s = stores.get(name);
  if (!s) {
    const db = new lbug.Database(path || ':memory:');
    s = { db, conn: new lbug.Connection(db), prepared: new Map() };
    s.conn.setQueryTimeout(20000);
    stores.set(name, s);
  }
  return s;
}

async function collect(result) {
  const last = Array.isArray(result) ? result[result.length - 1] : result;
  const names = last.getColumnNamesSync();
  const rows = (await last.getAll()).map((r) => names.map((n) => plain(r[n])));
  for (const r of Array.isArray(result) ? result : [result]) r.close();
  return { columns: names, rows };
}

async function answer(q) {
  const start = performance.now();
  const s = await store(q.store, q.path);
  if (q.close) {
    s.conn.closeSync();
    s.db.closeSync();
    stores.delete(q.store);
    return {};
  }
  let p;
  if (q.prepare) {
    p = s.prepared.get(q.text);
    if (!p) {
      p = await s.conn.prepare(q.text);
      if (!p.isSuccess()) throw new Error(p.getErrorMessage());
      s.prepared.set(q.text, p);
    }
  }
  const asked = performance.now();
  const out = await collect(p ? await s.conn.execute(p, q.params || {}) : await s.conn.query(q.text));
  out.ms = performance.now() - (q.path ? start : asked); // a path: its opening counts
  return out;
}

// many runs a prepared point read for each of ids and returns every time.
async function many(q) {
  const s = await store(q.store);
  const p = await s.conn.prepare(q.text);
  const times = [];
  for (const id of q.many) {
    const start = performance.now();
    const r = await s.conn.execute(p, { id });
    await r.getAll();
    r.close();
    times.push(performance.now() - start);
  }
  return { times };
}

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    let out;
    try {
      const q = JSON.parse(line);
      out = q.version ? { version: lbug.VERSION } : q.rss ? { rss: process.memoryUsage().rss } : q.many ? await many(q) : await answer(q);
    } catch (e) {
      out = { error: String(e.message || e) };
    }
    process.stdout.write(JSON.stringify(out) + '\n');
  }
}

main();
