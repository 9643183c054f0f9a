import { createPrivateKey, createPublicKey, sign as signBytes, verify as verifyBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import vectors from "../../../vectors/checkpoint/c2sp.json" with { type: "json" };
import { fromBase64, toBase64 } from "../../../../src/core/base/base64.ts";
import { formatCheckpoint, parseCheckpoint } from "../../../../src/core/tlog/checkpoint.ts";
import {
  encodeVkey,
  formatNote,
  noteKey,
  openNote,
  parseNote,
  parseVkey,
  signNote,
  type NoteKey,
} from "../../../../src/core/tlog/signed-note.ts";

const PKCS8_ED25519 = Buffer.from("302e020100300506032b657004220420", "hex");
const SPKI_ED25519 = Buffer.from("302a300506032b6570032100", "hex");

async function verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> {
  const key = createPublicKey({ key: Buffer.concat([SPKI_ED25519, publicKey]), format: "der", type: "spki" });
  return verifyBytes(null, message, key, signature);
}

function signerOf(seed: Uint8Array): (message: Uint8Array) => Promise<Uint8Array> {
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_ED25519, seed]), format: "der", type: "pkcs8" });
  return async (message) => new Uint8Array(signBytes(null, message, key));
}

function keyOf(vkey: string): NoteKey {
  const key = parseVkey(vkey);
  if (key === null) throw new Error(vkey);
  return key;
}

const [GO] = vectors.signed;
if (GO?.seed_base64 === undefined) throw new Error("vectors");
const KEY = keyOf(GO.vkey);
const NOTE = GO.note;
const TEXT = NOTE.slice(0, NOTE.lastIndexOf("\n\n") + 1);
const SEED = fromBase64(GO.seed_base64) ?? new Uint8Array();

describe("notes and checkpoints signed by other implementations", () => {
  test.each(vectors.signed)("verify: $name", async ({ vkey, note, checkpoint }) => {
    const opened = await openNote(note, [keyOf(vkey)], verify);
    if (!opened.ok) throw new Error(opened.error);
    expect(opened.value.signatures.length).toBe(1);
    expect(encodeVkey(keyOf(vkey))).toBe(vkey);
    if (checkpoint === undefined) return;
    const parsed = parseCheckpoint(opened.value.text);
    if (!parsed.ok) throw new Error(parsed.error);
    expect({ ...parsed.value, root: toBase64(parsed.value.root) }).toEqual({
      origin: checkpoint.origin,
      size: checkpoint.size,
      root: checkpoint.root_base64,
    });
    expect(formatCheckpoint(parsed.value)).toBe(opened.value.text);
  });

  test.each(vectors.parsed)("are parsed and written back to the byte: $name", (example) => {
    const parsed = parseNote(example.note);
    if (!parsed.ok) throw new Error(parsed.error);
    expect(parsed.value.text).toBe(example.text);
    expect(parsed.value.signatures.map(({ name, id }) => [name, id])).toEqual([[example.key, example.id]]);
    expect(formatNote(parsed.value)).toBe(example.note);
    expect(parseCheckpoint(parsed.value.text).ok).toBe(example.checkpoint !== null);
  });

  test("are reproduced to the byte by signing", async () => {
    expect(await signNote(TEXT, KEY, signerOf(SEED))).toBe(NOTE);
  });
});

describe("INV-18: a note is refused", () => {
  const stranger = noteKey("someone.example", new Uint8Array(32).fill(9));

  test("without a signature by a trusted key", async () => {
    expect(await openNote(NOTE, [], verify)).toEqual({ ok: false, error: "unsigned" });
    expect(await openNote(NOTE, [stranger], verify)).toEqual({ ok: false, error: "unsigned" });
  });

  test("for a key that shares only the name or only the id with a trusted one", async () => {
    expect((await openNote(NOTE, [{ ...KEY, id: "00000000" }], verify)).ok).toBe(false);
    expect((await openNote(NOTE, [{ ...KEY, name: "Peter" }], verify)).ok).toBe(false);
  });

  test("when one of two signatures by trusted keys is forged", async () => {
    const other = noteKey("other", KEY.publicKey);
    const forged =
      NOTE + formatNote({ text: "", signatures: [{ ...other, signature: new Uint8Array(64) }] }).slice(1);
    expect(await openNote(forged, [KEY], verify)).toMatchObject({ ok: true });
    expect(await openNote(forged, [KEY, other], verify)).toEqual({ ok: false, error: "forged" });
  });

  test("when any of its characters is changed", async () => {
    for (let at = 0; at < NOTE.length; at += 1) {
      const changed = NOTE.slice(0, at) + (NOTE[at] === "A" ? "B" : "A") + NOTE.slice(at + 1);
      expect((await openNote(changed, [KEY], verify)).ok, `character ${at}`).toBe(false);
      const cut = NOTE.slice(0, at) + NOTE.slice(at + 1);
      expect((await openNote(cut, [KEY], verify)).ok, `without character ${at}`).toBe(false);
    }
  });

  const line = NOTE.slice(TEXT.length + 1);
  const MALFORMED: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["only a line feed", "\n"],
    ["no text", `\n\n${line}`.slice(1)],
    ["no signature", `${TEXT}\n`],
    ["no blank line", `${TEXT}${line}`],
    ["no last line feed", NOTE.slice(0, -1)],
    ["a line after the signatures", `${NOTE}more\n`],
    ["a blank line after the signatures", `${NOTE}\n`],
    ["a hyphen for the dash", NOTE.replace("\u2014", "-")],
    ["two spaces", NOTE.replace("\u2014 ", "\u2014  ")],
    ["a no-break space in the name", NOTE.replace("PeterNeumann x", "Peter\u00a0Neumann x")],
    ["a plus in the name", NOTE.replace("PeterNeumann x", "Peter+Neumann x")],
    ["a carriage return", NOTE.replaceAll("\n", "\r\n")],
    ["a tab", NOTE.replace("then ", "then\t")],
    ["a lone surrogate", NOTE.replace("then", "\ud800")],
    ["base64 without padding", NOTE.replace("=\n", "\n")],
    ["base64url", NOTE.replace("/Z", "_Z")],
    ["unused bits set", NOTE.replace("nAM=", "nAN=")],
    ["a key id and no signature", `${TEXT}\n\u2014 PeterNeumann x08gow==\n`],
    ["too many signatures", TEXT + "\n" + line.repeat(65)],
    ["too long", `${"a".repeat(600_000)}\n\n${line}`],
  ];

  test.each(MALFORMED)("when it is malformed: %s", async (_what, note) => {
    expect(await openNote(note, [KEY], verify)).toEqual({ ok: false, error: "malformed" });
  });

  test("but not for having sixteen signatures", async () => {
    const others = Array.from({ length: 15 }, (_, at) => ({
      ...noteKey(`w${at}.example`, new Uint8Array(32)),
      signature: new Uint8Array(3_000),
    }));
    const own = parseNote(NOTE);
    if (!own.ok) throw new Error(own.error);
    expect(
      (
        await openNote(
          formatNote({ text: TEXT, signatures: [...others, ...own.value.signatures] }),
          [KEY],
          verify,
        )
      ).ok,
    ).toBe(true);
  });
});

describe("a published key", () => {
  const WRONG: readonly (readonly [string, string])[] = [
    ["empty", ""],
    ["another id", GO.vkey.replace("c74f20a3", "c74f20a4")],
    ["an id in capitals", GO.vkey.replace("c74f20a3", "C74F20A3")],
    ["another algorithm", GO.vkey.replace("+ARpc", "+AhpC")],
    ["a key cut short", GO.vkey.slice(0, -4)],
    ["no name", GO.vkey.replace("PeterNeumann", "")],
    ["a blank in the name", GO.vkey.replace("PeterNeumann", "Peter Neumann")],
    ["a blank at the end", `${GO.vkey} `],
    ["another name", GO.vkey.replace("Peter", "Petra")],
  ];

  test.each(WRONG)("is refused when it is %s", (_what, text) => {
    expect(parseVkey(text)).toBeNull();
  });

  test("with pluses in its base64 is read whole", () => {
    const key = noteKey("a.example", new Uint8Array(32).fill(0xfb));
    expect(encodeVkey(key).split("+").length).toBeGreaterThan(3);
    expect(parseVkey(encodeVkey(key))).toEqual(key);
  });

  test("is not created with a name or length that verifiers refuse", () => {
    expect(() => noteKey("a b", new Uint8Array(32))).toThrow(RangeError);
    expect(() => noteKey("a+b", new Uint8Array(32))).toThrow(RangeError);
    expect(() => noteKey("", new Uint8Array(32))).toThrow(RangeError);
    expect(() => noteKey("a", new Uint8Array(31))).toThrow(RangeError);
  });
});

test("a text that could not be parsed again is not signed", async () => {
  const sign = signerOf(SEED);
  for (const text of ["", "no line feed", "a\tb\n", "a\r\n", "\ud800\n"]) {
    await expect(signNote(text, KEY, sign)).rejects.toThrow(RangeError);
  }
  await expect(signNote("a\n", KEY, async () => new Uint8Array(63))).rejects.toThrow(RangeError);
});

describe("a checkpoint", () => {
  const ROOT = toBase64(new Uint8Array(32).fill(7));
  const text = (origin: string, size: string, root = ROOT) => `${origin}\n${size}\n${root}\n`;

  test.each(["0", "1", "20852163", String(Number.MAX_SAFE_INTEGER)])(
    "of size %s is written and read",
    (size) => {
      const parsed = parseCheckpoint(text("gate.example/log", size));
      if (!parsed.ok) throw new Error(parsed.error);
      expect(parsed.value.size).toBe(Number(size));
      expect(formatCheckpoint(parsed.value)).toBe(text("gate.example/log", size));
    },
  );

  const WRONG: readonly (readonly [string, string])[] = [
    ["nothing", ""],
    ["no origin", text("", "1")],
    ["no size", `a\n${ROOT}\n`],
    ["a leading zero", text("a", "01")],
    ["a sign", text("a", "+1")],
    ["a negative size", text("a", "-1")],
    ["a fraction", text("a", "1.0")],
    ["an exponent", text("a", "1e3")],
    ["hexadecimal", text("a", "0x10")],
    ["a blank", text("a", " 1")],
    ["other digits", text("a", "١")],
    ["a size past exact numbers", text("a", "9007199254740992")],
    ["an endless size", text("a", "9".repeat(400))],
    ["a short root", text("a", "1", toBase64(new Uint8Array(31)))],
    ["a long root", text("a", "1", toBase64(new Uint8Array(33)))],
    ["a root without padding", text("a", "1", ROOT.slice(0, -1))],
    ["a root with unused bits set", text("a", "1", `${ROOT.slice(0, -2)}d=`)],
    ["no last line feed", text("a", "1").slice(0, -1)],
    ["an extension", `${text("a", "1")}more\n`],
    ["an empty line after it", `${text("a", "1")}\n`],
    ["a control character in the origin", text("a\u0007", "1")],
  ];

  test.each(WRONG)("is refused when read from %s", (_what, wrong) => {
    expect(parseCheckpoint(wrong)).toEqual({ ok: false, error: "malformed" });
  });

  test("is not written when it could not be read again", () => {
    const root = new Uint8Array(32);
    for (const wrong of [
      { origin: "", size: 1, root },
      { origin: "a\nb", size: 1, root },
      { origin: "a", size: -1, root },
      { origin: "a", size: 2 ** 53, root },
      { origin: "a", size: 1.5, root },
      { origin: "a", size: 1, root: root.subarray(1) },
    ]) {
      expect(() => formatCheckpoint(wrong)).toThrow(RangeError);
    }
  });
});
