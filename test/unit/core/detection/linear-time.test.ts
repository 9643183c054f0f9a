import { describe, expect, test } from "vitest";
import { decodings } from "../../../../src/core/detection/decoding/decodings.ts";
import { joinedTexts } from "../../../../src/core/detection/joined/joined-texts.ts";
import { headerTexts } from "../../../../src/core/detection/header-texts.ts";
import { parseContent } from "../../../../src/core/proposal/formats/content.ts";

const SMALL = 1 << 14;
const TIMES_LARGER = 8;
/** Linear work takes 8 times as long, quadratic work 64 times. */
const MAX_RATIO = 24;
/** Shorter times are noise of a busy machine. */
const NOISE_MS = 10;

/** Repeated pieces in which a construct opens and does not close, and what may end it at the very end. */
const PIECES: readonly (readonly [piece: string, end: string])[] = [
  ["<a b=\"", ""], ["<a b='<a b=\"", ""], ["<a b=\"'", "'"], ["<!--", ""], ["<!-->", "-->"], ["<!-- --!", ">"], ["<!", ""], ["<!x>", ""],
  ["<?a>", ""], ["<?a>", "?>"], ["<![CDATA[", "]]>"], ["<style>", ""], ["<style><a b=\"", "</style>"], ["<b hidden>", ""], ["<b style=display ", ">"],
  ["</p>x", ""], ["<https://x|", ""], ["<!x|", ""], ["&", ""], ["&#", ""], ["&#0", ""], ["&#x0", ""], ["&a", ""], ["&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""],
  ["[", ""], ["[a", "](u)"], ["](", ""], ["](a", ""], ["](a \"", ""], ["](a '](b \"", ""], ["](a (", ""], ["](<", ""], ["](   ", ""], ["](a\\\"", ""],
  ["][", ""], ["[a][b", "]"], ["[^", ""], ["[^a", "]"], ["[a|", ""], ["[a]:", ""], ["\n[a]: ", ""], ["`", ""], ["`a``b", ""], ["`\n", ""], ["a*b", ""],
  ["{color:", ""], ["{color}", ""], ["[b", ""], ["[url=", ""], ["=?a?q?", ""], ["=?a?q?b?= ", ""], ["=?a?b?YQ==?=", ""], ["=?a?q?b?=      ", ""], ["=?", ""],
]; // oxfmt-ignore

function elapsedMs(run: () => unknown): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    run();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

function expectLinear(make: (length: number) => string, run: (text: string) => unknown): void {
  const small = make(SMALL);
  const large = make(SMALL * TIMES_LARGER);
  const baseMs = elapsedMs(() => run(small));
  const largeMs = elapsedMs(() => run(large));
  expect(largeMs).toBeLessThan(Math.max(baseMs, NOISE_MS) * MAX_RATIO);
}

function bodyOf(text: string, mediaType: string) {
  return parseContent({ kind: "content", bytes: new TextEncoder().encode(text), name: null, mediaType }).body;
}

describe("INV-16: decoding takes time linear in the text", () => {
  test.each(PIECES)("%j repeated, then %j", (piece, end) => {
    const make = (length: number) => `${piece.repeat(Math.ceil(length / piece.length))}${end}`;
    expectLinear(make, (text) => decodings([text], { words: true }));
  });
});

describe("INV-16: joining takes time linear in the body", () => {
  test.each<[string, (items: number) => unknown]>([
    ["runs", (items) => Array.from({ length: items }, () => ({ text: "a" }))],
    [
      "runs with styles",
      (items) => Array.from({ length: items }, () => ({ type: "text", text: "a b", bold: true })),
    ],
    [
      "nested runs",
      (items) => Array.from({ length: items / 8 }, () => ({ children: [{ children: [{ text: "a" }] }] })),
    ],
    ["strings", (items) => Array.from({ length: items }, () => "a b")],
    ["rows of cells", (items) => Array.from({ length: items / 4 }, () => ["a", "b", "c"])],
    ["rows without text", (items) => Array.from({ length: items / 4 }, () => ({ a: 1, b: { c: 2 } }))],
    [
      "insertions",
      (items) =>
        Array.from({ length: items / 8 }, () => ({ insertText: { text: "a", location: { index: 1 } } })),
    ],
    ["JSON in strings", (items) => Array.from({ length: items / 8 }, () => '[{"text":"a"},{"text":"b"}]')],
    ["JSON that does not parse", (items) => Array.from({ length: items / 8 }, () => "[[[[[[[[")],
  ])("of %s", (_, make) => {
    expectLinear(
      (length) => JSON.stringify(make(length / 4)),
      (text) => joinedTexts(bodyOf(text, "application/json")),
    );
  });

  test("of the fields of a form", () => {
    expectLinear(
      (length) => "a[]=b&".repeat(length / 6),
      (text) => joinedTexts(bodyOf(text, "application/x-www-form-urlencoded")),
    );
  });

  test.each(['x*0="', "a", "a*0=b;", "\r\n ", "a*"])("of headers made of %j", (piece) => {
    expectLinear(
      (length) => piece.repeat(length / piece.length),
      (text) => headerTexts(text),
    );
  });
});
