import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import numbers from "../../vectors/jcs/numbers.json" with { type: "json" };
import texts from "../../vectors/jcs/texts.json" with { type: "json" };
import vectors from "../../vectors/checkpoint/c2sp.json" with { type: "json" };
import { canonicalJson } from "../../../src/core/base/json.ts";
import { parseStrictJson } from "../../../src/core/base/strict-json.ts";
import { fromBase64, fromBase64Url, fromUtf8 } from "../../../verifier/bytes.ts";
import { webCryptoEd25519 } from "../../../verifier/ed25519.ts";
import { quoted } from "../../../verifier/finding.ts";
import { readCanonical, readJson } from "../../../verifier/read-json.ts";
import { openTreeHead, readVkey } from "../../../verifier/tree-head.ts";
import { SIGNER } from "../../support/bundle-maker.ts";

describe("checkpoints published by another log", () => {
  const published = vectors.signed.filter(({ checkpoint }) => checkpoint !== undefined);

  test.each(published)("are read and verified: $name", async ({ vkey, note, checkpoint }) => {
    const key = readVkey(vkey);
    if (key === null) throw new Error(vkey);
    const opened = await openTreeHead(note, [key], webCryptoEd25519);
    expect(opened).toMatchObject({
      state: "signed",
      signer: key.name,
      head: { origin: checkpoint?.origin, size: checkpoint?.size },
    });
    expect((await openTreeHead(note, [], webCryptoEd25519)).state).toBe("unsigned");
    for (let at = 0; at < note.length; at += 1) {
      const changed = note.slice(0, at) + (note[at] === "A" ? "B" : "A") + note.slice(at + 1);
      // A witness's signature is by a key we do not have, so it says nothing, right or wrong.
      const isWitness = at > note.indexOf("\n\u2014 test.example.com") && note.includes("test.example.com");
      if (!isWitness) expect((await openTreeHead(changed, [key], webCryptoEd25519)).state).not.toBe("signed");
    }
  });

  test("a note without a checkpoint is refused, signed or not", async () => {
    for (const { note, checkpoint } of [...vectors.signed, ...vectors.parsed]) {
      const opened = await openTreeHead(note, [], webCryptoEd25519);
      expect(opened.state).toBe(checkpoint ? "unsigned" : "malformed");
    }
  });
});

describe("JSON with a single reading", () => {
  const AGREED = [
    '{"a":1,"a":2}',
    '{"a":{"b":1,"b":1}}',
    '{"a":1,"\\u0061":2}',
    '[{"a":1},{"a":2}]',
    '{"a":"a\\"","b":"\\\\","c":"\\\\\\""}',
    '{"a:":":","b":["a:",":"]}',
    '{"a" : 1, "b"\n:\t2}',
    '{"__proto__":1,"__proto__":2}',
    '{"__proto__":1}',
    '{"a":1}}',
    '{"a":1',
    '"a',
    '{"a":1,}',
    "[1,]",
    "01",
    "NaN",
    "1e400",
    "",
    " ",
    '"\\x"',
    "[".repeat(64) + "]".repeat(64),
    "[".repeat(65) + "]".repeat(65),
  ];
  test.each(AGREED)("%j is accepted or refused as Gate's API does", (text) => {
    const strict = parseStrictJson(text);
    // The door refuses numbers and texts without a canonical form as well; here that is the next step's.
    const isNumber = !strict.ok && strict.error === "unsafe_number";
    expect(readJson(text) !== null).toBe(strict.ok || isNumber);
  });

  test("a canonical object is its own canonical text", () => {
    expect(readCanonical('{"a":1,"b":[]}')).toEqual({ a: 1, b: [] });
    for (const text of [
      '{"b":[],"a":1}',
      '{"a": 1}',
      '{"a":1.0}',
      "[]",
      '{"a":"\\u0061"}',
      '{"a":1e400}',
      '{"a":"\\ud800"}',
    ]) {
      expect(readCanonical(text), text).toBeNull();
    }
  });
});

test("every base64 value has one text", () => {
  expect(fromBase64("")).toEqual(new Uint8Array());
  expect(fromBase64("AAEC/w==")).toEqual(Uint8Array.of(0, 1, 2, 255));
  for (const text of [
    "A",
    "AA",
    "AAA",
    "AA==A",
    "AB==",
    "AAB=",
    "A===",
    "====",
    "AA =",
    "AAA\n",
    "_w==",
    "A=AA",
  ]) {
    expect(fromBase64(text), text).toBeNull();
  }
  expect(fromBase64Url("_w")).toEqual(Uint8Array.of(255));
  for (const text of ["_x", "/w", "_w==", "A", "_w "]) expect(fromBase64Url(text), text).toBeNull();
  expect(fromUtf8(Uint8Array.of(0xff))).toBeNull();
  expect(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf))).toBe("\ufeff");
});

test("Ed25519 follows RFC 8032: malleable signatures and invalid keys are refused", async () => {
  const message = Uint8Array.of(1, 2, 3);
  const signature = await SIGNER.sign(message);
  const { publicKey } = SIGNER.key;
  expect(await webCryptoEd25519(publicKey, message, signature)).toBe(true);
  expect(await webCryptoEd25519(publicKey, message.with(0, 9), signature)).toBe(false);
  // S + L would verify without the check of section 5.1.7.
  const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
  let s = ORDER;
  for (let at = 63; at >= 32; at -= 1) s += BigInt(signature[at] ?? 0) << BigInt(8 * (at - 32));
  const shifted = signature.map((byte, at) => (at < 32 ? byte : Number((s >> BigInt(8 * (at - 32))) & 255n)));
  expect(await webCryptoEd25519(publicKey, message, shifted)).toBe(false);
  expect(await webCryptoEd25519(publicKey.subarray(1), message, signature)).toBe(false);
  expect(await webCryptoEd25519(publicKey, message, signature.subarray(1))).toBe(false);
});

test("a quoted name is short and has one line", () => {
  expect(quoted('a"b\u0000c\u202ed e\u2028f')).toBe('"a?b?c?d e?f"');
  expect(quoted("x".repeat(500)).length).toBeLessThan(90);
});

test("the verifier imports only hashing, canonical JSON and a hash library", () => {
  const folder = new URL("../../../verifier/", import.meta.url);
  const imported = readdirSync(folder).flatMap((file) =>
    [...readFileSync(new URL(file, folder), "utf8").matchAll(/from "([^"]+)"/g)].map(([, path]) => path),
  );
  const foreign = new Set(imported.filter((path) => path !== undefined && !path.startsWith("./")));
  expect([...foreign].toSorted()).toEqual([
    "../src/core/base/digest.ts",
    "../src/core/base/json.ts",
    "@noble/hashes/sha2.js",
  ]);
});

test("the Python verifier writes canonical JSON as the vectors have it", (context) => {
  const code = [
    "import json, sys",
    `sys.path.insert(0, ${JSON.stringify(fileURLToPath(new URL("../..", import.meta.url)))})`,
    "import verify_bundle",
    "for line in sys.stdin.buffer: print(json.dumps(verify_bundle.canonical(verify_bundle.read_json(line.decode()))))",
  ].join("\n");
  const values = [
    ...(JSON.parse(JSON.stringify([numbers, texts])) as unknown[]),
    [
      0.1, 1e21, 1e-7, 123456789012345680000, 5e-324, 1.7976931348623157e308, -0, 1e-6, 0.000001234,
      333333333.3333333, 100, 1e20,
    ],
  ];
  const input = values.map((value) => JSON.stringify(value)).join("\n");
  const ran = spawnSync("python3", ["-B", "-c", code], { input, encoding: "utf8" });
  if (ran.error !== undefined) context.skip("python3 is missing");
  expect(ran.stderr).toBe("");
  const lines = ran.stdout
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as string);
  expect(lines).toEqual(values.map((value) => canonicalJson(value)));
});
