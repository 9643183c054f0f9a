import { bytesToHex } from "@noble/hashes/utils.js";
import { describe, expect, test } from "vitest";
import { digestsInForce, type KeyLabel, keysInForce } from "../../../../src/core/base/key-derivation.ts";

/** The bytes 0 to 31. */
const SECRET = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const deriveKey = (secret: string, label: KeyLabel) => keysInForce([secret], label)[0];

/** HKDF-SHA256 of RFC 5869 by another implementation. */
const KEYS: readonly (readonly [KeyLabel, string])[] = [
  ["entry-mac", "7b6c8cb08225a868b4623b964ed5e455beb140212129a071f9677fd9ea39b149"],
  ["execution-token", "cfa9ecd35915e3fef1e1fe490171bbc2baa426c672dfb6979957e07989401f26"],
  ["delivery-token", "a7be0b998dae789f76ade017b4706610ead02831b9f014882f0323a025d12525"],
];

test.each(KEYS)(
  "the key for %s equals HKDF-SHA256 computed by an independent implementation",
  (label, hex) => {
    expect(bytesToHex(deriveKey(SECRET, label))).toBe(hex);
  },
);

test("keys of different labels or different secrets differ", () => {
  const other = btoa("another secret of thirty-two byte");
  const all = KEYS.flatMap(([label]) =>
    [SECRET, other].map((secret) => bytesToHex(deriveKey(secret, label))),
  );
  expect(new Set(all).size).toBe(6);
});

test.each([
  ["without padding", SECRET.replace("=", "")],
  ["with a line feed after it, as files have", `${SECRET}\n`],
  ["with spaces around it", `  ${SECRET} `],
])("the same secret %s derives the same keys", (_how, secret) => {
  expect(deriveKey(secret, "entry-mac")).toEqual(deriveKey(SECRET, "entry-mac"));
});

test("base64 and base64url of the same bytes derive the same keys", () => {
  const bytes = Buffer.alloc(32, 0xff);
  expect(deriveKey(bytes.toString("base64url"), "entry-mac")).toEqual(
    deriveKey(bytes.toString("base64"), "entry-mac"),
  );
});

describe("an unusable deployment secret stops Gate with a message that doesn't quote it", () => {
  test.each([
    ["empty", ""],
    ["blank", "   "],
    ["31 bytes", Buffer.alloc(31, 7).toString("base64")],
    ["hexadecimal of 16 bytes", "00112233445566778899aabbccddeeff"],
    ["a sentence", "correct horse battery staple and so on"],
    ["padding in the middle", `${SECRET.slice(0, 20)}=${SECRET.slice(20)}`],
    ["too much padding", `${SECRET}==`],
    ["a length that no bytes have", `${SECRET.replace("=", "")}AA`],
    ["wrong padding", `${SECRET.replace("=", "")}A==`],
    ["a letter of another alphabet", `é${SECRET.slice(1)}`],
  ])("the secret is refused when it is %s", (_what, secret) => {
    let message = "";
    try {
      deriveKey(secret, "entry-mac");
    } catch (error) {
      message = String(error);
    }
    expect(message).toMatch(/^Error: GATE_SECRET /);
    for (const part of secret.trim().split(/[ =]/)) if (part.length > 8) expect(message).not.toContain(part);
  });
});

test("keys and digests in force come in the order of the secrets, so that the current one is used for new values", () => {
  const [first, second, third] = [
    SECRET,
    btoa("another secret of thirty-two byte"),
    btoa("a third secret of thirty-two byte"),
  ] as const;
  const keys = keysInForce([first, second, third], "subject-token");
  expect(keys.map((key) => bytesToHex(key))).toEqual(
    [first, second, third].map((secret) => bytesToHex(deriveKey(secret, "subject-token"))),
  );
  const digests = digestsInForce(keys, "a text");
  expect(new Set(digests).size).toBe(3);
  expect(digestsInForce([deriveKey(third, "subject-token")], "a text")).toEqual([digests[2]]);
});

test("an unusable earlier secret stops Gate with a message that names GATE_SECRET_PREVIOUS", () => {
  expect(() => keysInForce([SECRET, "short"], "entry-mac")).toThrow(/^a secret in GATE_SECRET_PREVIOUS /);
});
