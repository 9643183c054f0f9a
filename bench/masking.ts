import { masksFor } from "../src/core/masking/masks.ts";

/*
 * Measures masking a response: megabytes a second, and the ratio to copying the same bytes. The last rows are
 * worst-case texts, as an attacker who knows the secret could send them.
 */

const BYTES = 16 << 20;
const HOSTILE_BYTES = 1 << 20;
const CHUNK_BYTES = 64 << 10;
const RUNS = 5;

const SECRET = "sk_live_4eC39HqLyjWDarjtT1zdp7dcQ8vKx0Zb";
const found = masksFor([SECRET, `user:${SECRET}`]);
if (!found.ok) throw new Error(found.error);
const masks = found.value;

function repeated(text: string, bytes: number): Uint8Array {
  return Buffer.alloc(bytes, text);
}

function random(bytes: number): Uint8Array {
  const out = new Uint8Array(bytes);
  let state = 42;
  for (let at = 0; at < bytes; at += 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    out[at] = state >>> 24;
  }
  return out;
}

const record = JSON.stringify({
  id: "cus_Nffrw1qeqZyoTh",
  email: "jenny.rosen@example.com",
  description: 'Renewal of the yearly plan \u2014 "gold"\nsecond line',
  created: 1_680_893_993,
  url: "https://api.example.com/v1/customers/cus_Nffrw1qeqZyoTh?expand%5B%5D=subscriptions&limit=10",
});
const half = SECRET.slice(0, -1);

const TEXTS: Readonly<Record<string, Uint8Array>> = {
  "JSON records": repeated(`${record},\n`, BYTES),
  "random bytes": random(BYTES),
  "base64 of random bytes": Buffer.from(Buffer.from(random(BYTES)).toString("base64")).subarray(0, BYTES),
  "percent-encoded": repeated(encodeURIComponent(record), BYTES),
  "the secret in each record": repeated(`${record.replace("cus_", SECRET)},\n`, HOSTILE_BYTES),
  "all of it secrets": repeated(SECRET, HOSTILE_BYTES),
  "all but the last character, spelled": repeated(
    Array.from(half, (c) => `&amp;#${c.charCodeAt(0)};`).join(""),
    HOSTILE_BYTES,
  ),
  "backslashes without end": repeated("\\", HOSTILE_BYTES),
  "random slices of its forms": slices(HOSTILE_BYTES),
};

function slices(bytes: number): Uint8Array {
  const forms = [
    SECRET,
    btoa(SECRET),
    btoa(`x${SECRET}`),
    encodeURIComponent(SECRET).replaceAll("_", "%5f"),
    "&#x",
    "\\u00",
    "%25",
  ];
  const noise = random(bytes);
  let text = "";
  for (let at = 0; text.length < bytes; at += 3) {
    const form = forms[(noise[at] ?? 0) % forms.length] ?? "";
    const from = (noise[at + 1] ?? 0) % form.length;
    text += form.slice(from, from + ((noise[at + 2] ?? 0) % 24));
  }
  return Buffer.from(text.slice(0, bytes));
}

/** Median processor time, which other load on the machine does not distort. */
function medianMs(run: () => unknown): number {
  run();
  const times = Array.from({ length: RUNS }, () => {
    const start = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1e3;
  });
  return times.toSorted((one, other) => one - other)[RUNS >> 1] ?? Number.NaN;
}

function inChunks(bytes: Uint8Array, each: (chunk: Uint8Array) => void): void {
  for (let at = 0; at < bytes.length; at += CHUNK_BYTES) each(bytes.subarray(at, at + CHUNK_BYTES));
}

for (const [name, bytes] of Object.entries(TEXTS)) {
  const copying = medianMs(() => inChunks(bytes, (chunk) => new Uint8Array(chunk)));
  const masking = medianMs(() => {
    const stream = masks.stream();
    inChunks(bytes, (chunk) => stream.push(chunk));
    stream.end();
  });
  const speed = bytes.length / 1e6 / (masking / 1e3);
  console.log(
    `${name.padEnd(36)} ${speed.toFixed(0).padStart(5)} MB/s   ${(masking / copying).toFixed(1)} × copying`,
  );
}

const start = medianMs(() => {
  for (let round = 0; round < 100; round += 1) {
    const each = masksFor([SECRET, `user:${SECRET}`]);
    if (each.ok) each.value.text(record);
  }
});
console.log(`masks for one request, and its first 300 bytes: ${((start / 100) * 1e3).toFixed(0)} µs`);
