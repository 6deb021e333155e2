// The part of CBOR that kadeql.v1.cbor needs. Integers are numbers where those are exact and
// BigInts beyond; a number with a fraction, or a Float, is a float.

/** A float that has no fraction, for sending. */
export class Float { constructor(value) { this.value = value; } }
/** A value behind a tag: a date is new Tagged(100, days). */
export class Tagged { constructor(tag, value) { this.tag = tag; this.value = value; } }

export const tags = { date: 100, localTime: 47001, time: 47002, localDateTime: 47003, dateTime: 47004, duration: 47005, point: 47006, node: 47010, relationship: 47011, path: 47012 };

export function encode(v) {
  const out = [];
  item(v, out);
  return Buffer.concat(out);
}

function head(major, n) {
  n = BigInt(n);
  if (n < 24n) return Buffer.from([(major << 5) | Number(n)]);
  const [low, size] = n < 1n << 8n ? [24, 1] : n < 1n << 16n ? [25, 2] : n < 1n << 32n ? [26, 4] : [27, 8];
  const b = Buffer.alloc(9);
  b.writeBigUInt64BE(n, 1);
  b[8 - size] = (major << 5) | low;
  return b.subarray(8 - size);
}

function float(f) {
  const b = Buffer.alloc(9);
  b[0] = 0xfb;
  b.writeDoubleBE(f, 1);
  return b;
}

function item(v, out) {
  if (v === null || v === undefined) out.push(Buffer.from([0xf6]));
  else if (v === false || v === true) out.push(Buffer.from([v ? 0xf5 : 0xf4]));
  else if (typeof v === "bigint" || Number.isSafeInteger(v) && !Object.is(v, -0)) {
    const i = BigInt(v);
    out.push(i < 0n ? head(1, -1n - i) : head(0, i));
  } else if (typeof v === "number") out.push(float(v));
  else if (v instanceof Float) out.push(float(v.value));
  else if (typeof v === "string") { const b = Buffer.from(v); out.push(head(3, b.length), b); }
  else if (v instanceof Tagged) { out.push(head(6, v.tag)); item(v.value, out); }
  else if (Array.isArray(v)) { out.push(head(4, v.length)); for (const x of v) item(x, out); }
  else {
    const pairs = Object.entries(v).filter(([, x]) => x !== undefined);
    out.push(head(5, pairs.length));
    for (const [k, x] of pairs) { item(k, out); item(x, out); }
  }
}

export function decode(b) {
  const d = { b, at: 0 };
  const v = read(d);
  if (d.at !== b.length) throw new Error("something follows the value");
  return v;
}

function read(d) {
  const first = d.b[d.at++];
  const low = first & 31;
  let n = BigInt(low);
  if (low >= 24) {
    if (low > 27) throw new Error(`no such head: ${first}`);
    const size = 1 << (low - 24);
    if (first === 0xfb) { d.at += 8; return d.b.readDoubleBE(d.at - 8); }
    if (first === 0xfa) { d.at += 4; return d.b.readFloatBE(d.at - 4); }
    n = 0n;
    for (let i = 0; i < size; i++) n = (n << 8n) | BigInt(d.b[d.at++]);
  }
  const exact = (i) => (i >= Number.MIN_SAFE_INTEGER && i <= Number.MAX_SAFE_INTEGER ? Number(i) : i);
  switch (first >> 5) {
    case 0: return exact(n);
    case 1: return exact(-1n - n);
    case 3: { d.at += Number(n); return d.b.toString("utf8", d.at - Number(n), d.at); }
    case 4: { const list = []; for (let i = 0n; i < n; i++) list.push(read(d)); return list; }
    case 5: { const map = {}; for (let i = 0n; i < n; i++) { const k = read(d); map[k] = read(d); } return map; }
    case 6: return new Tagged(Number(n), read(d));
    case 7: if (low === 20 || low === 21) return low === 21; if (low === 22) return null;
  }
  throw new Error(`no such item: ${first}`);
}
