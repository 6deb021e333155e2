// A WebSocket (RFC 6455) for clients: what Node has none of before version 22, and what a
// test wants to hold in its own hands.
import { createHash, randomBytes } from "node:crypto";
import net from "node:net";
import tls from "node:tls";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/** Connects; fails with an Error that has `status` and `body` where the server refuses. */
export function connect(address, protocols, headers = {}) {
  const url = new URL(address);
  const secure = url.protocol === "wss:";
  const port = Number(url.port) || (secure ? 443 : 80);
  const key = randomBytes(16).toString("base64");
  const lines = {
    Host: url.host, Upgrade: "websocket", Connection: "Upgrade", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key,
    ...(protocols.length > 0 ? { "Sec-WebSocket-Protocol": protocols.join(", ") } : {}), ...headers,
  };
  const head = `GET ${url.pathname} HTTP/1.1\r\n` + Object.entries(lines).map(([k, v]) => `${k}: ${v}\r\n`).join("") + "\r\n";
  return new Promise((resolve, reject) => {
    const socket = secure ? tls.connect({ host: url.hostname, port, servername: url.hostname }) : net.connect(port, url.hostname);
    let got = Buffer.alloc(0);
    const failed = (e) => reject(e instanceof Error ? e : new Error("the server hung up"));
    socket.once("error", failed).once("close", failed);
    socket.once(secure ? "secureConnect" : "connect", () => socket.write(head));
    const onData = (chunk) => {
      got = Buffer.concat([got, chunk]);
      const end = got.indexOf("\r\n\r\n");
      if (end < 0) return;
      const [first, ...rest] = got.subarray(0, end).toString("latin1").split("\r\n");
      const answer = Object.fromEntries(rest.map((l) => [l.slice(0, l.indexOf(":")).toLowerCase(), l.slice(l.indexOf(":") + 1).trim()]));
      const status = Number(first.split(" ")[1]);
      if (status !== 101) {
        if (got.length < end + 4 + Number(answer["content-length"] ?? 0)) return;
        socket.off("close", failed).destroy();
        reject(Object.assign(new Error(`refused with ${first}`), { status, body: got.subarray(end + 4).toString() }));
        return;
      }
      socket.off("data", onData).off("error", failed).off("close", failed);
      const accept = createHash("sha1").update(key + GUID).digest("base64");
      if (answer["sec-websocket-accept"] !== accept) {
        socket.destroy();
        reject(new Error("the server does not know the handshake"));
        return;
      }
      resolve(new Socket(socket, answer["sec-websocket-protocol"], got.subarray(end + 4)));
    };
    socket.on("data", onData);
  });
}

/** An open connection. Set onmessage(Buffer, isText) and onclose(code, reason). */
export class Socket {
  onmessage = () => {};
  onclose = () => {};
  answerPings = true;
  pings = 0;
  #socket;
  #buffer;
  #parts = [];
  #text = false;
  #code = 1006;
  #reason = "";
  #said = false;

  constructor(socket, protocol, rest) {
    this.#socket = socket.setNoDelay(true);
    this.protocol = protocol;
    this.#buffer = rest;
    socket.on("data", (b) => {
      this.#buffer = this.#buffer.length > 0 ? Buffer.concat([this.#buffer, b]) : b;
      this.#take();
    });
    socket.on("error", () => {}); // "close" follows
    socket.on("close", () => this.onclose(this.#code, this.#reason));
    queueMicrotask(() => this.#take());
  }

  /** Stops or goes on reading from the network. */
  pause() { this.#socket.pause(); }
  resume() { this.#socket.resume(); }
  destroy() { this.#socket.destroy(); }

  /** Sends text (a string) or bytes (a Buffer), in frames of at most `size` bytes. */
  send(data, size = Infinity) {
    const bytes = Buffer.from(data);
    let opcode = typeof data === "string" ? 1 : 2;
    let at = 0;
    do {
      const part = bytes.subarray(at, Math.min(bytes.length, at + size));
      at += part.length;
      this.frame((at >= bytes.length ? 0x80 : 0) | opcode, part);
      opcode = 0;
    } while (at < bytes.length);
  }

  /** Sends one frame as it is given. */
  frame(first, payload = Buffer.alloc(0)) {
    const n = payload.length;
    const head = Buffer.alloc(n < 126 ? 2 : n < 65536 ? 4 : 10);
    head[0] = first;
    if (n < 126) head[1] = 0x80 | n;
    else if (n < 65536) { head[1] = 0x80 | 126; head.writeUInt16BE(n, 2); }
    else { head[1] = 0x80 | 127; head.writeBigUInt64BE(BigInt(n), 2); }
    const mask = randomBytes(4);
    const masked = Buffer.from(payload);
    for (let i = 0; i < n; i++) masked[i] ^= mask[i & 3];
    this.#socket.write(Buffer.concat([head, mask, masked]));
  }

  close(code = 1000, reason = "") {
    if (this.#said) return;
    this.#said = true;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.frame(0x88, payload);
  }

  #take() {
    for (;;) {
      const b = this.#buffer;
      if (b.length < 2) return;
      let n = b[1] & 0x7f;
      let at = 2;
      if (n === 126) { if (b.length < 4) return; n = b.readUInt16BE(2); at = 4; }
      else if (n === 127) { if (b.length < 10) return; n = Number(b.readBigUInt64BE(2)); at = 10; }
      if (b.length < at + n) return;
      const payload = b.subarray(at, at + n);
      this.#buffer = b.subarray(at + n);
      this.#frame(b[0], payload);
    }
  }

  #frame(first, payload) {
    const opcode = first & 15;
    if (opcode === 9) {
      this.pings++;
      if (this.answerPings) this.frame(0x8a, payload);
    } else if (opcode === 8) {
      this.#code = payload.length >= 2 ? payload.readUInt16BE() : 1005;
      this.#reason = payload.subarray(2).toString();
      this.close(this.#code === 1005 ? 1000 : this.#code);
      this.#socket.end();
    } else if (opcode < 3) {
      if (opcode !== 0) this.#text = opcode === 1;
      this.#parts.push(payload);
      if (first & 0x80) {
        const whole = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
        this.#parts = [];
        this.onmessage(whole, this.#text);
      }
    }
  }
}
