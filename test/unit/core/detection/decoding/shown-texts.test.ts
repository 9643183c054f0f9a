import * as fc from "fast-check";
import { marked } from "marked";
import { defaultTreeAdapter, parse, type DefaultTreeAdapterTypes } from "parse5";
import { describe, expect, test } from "vitest";
import { compileTerms } from "../../../../../src/core/detection/terms/terms.ts";
import { testSeed, volume } from "../../../../support/volume.ts";

type Node = DefaultTreeAdapterTypes.ChildNode;

const UNSHOWN = new Set(["script", "style", "template", "noscript", "iframe", "title"]);
const BLOCKS = new Set([
  "p",
  "div",
  "br",
  "li",
  "td",
  "tr",
  "table",
  "tbody",
  "ul",
  "h1",
  "blockquote",
  "pre",
  "hr",
]);

/** What a person sees of a document that a browser's parser read. */
function seen(nodes: readonly Node[]): string {
  return nodes
    .map((node) => {
      if (defaultTreeAdapter.isTextNode(node)) return node.value;
      if (!defaultTreeAdapter.isElementNode(node) || UNSHOWN.has(node.tagName)) return "";
      if (node.attrs.some(({ name }) => name === "hidden")) return "";
      if (node.tagName === "img") return node.attrs.find(({ name }) => name === "alt")?.value ?? "";
      const inner = seen(node.childNodes);
      return BLOCKS.has(node.tagName) ? `\n${inner}\n` : inner;
    })
    .join("");
}

function matcherFor(term: string) {
  const compiled = compileTerms([term]);
  if (!compiled.ok) throw new Error(compiled.error.problem);
  return compiled.value;
}

const FRAUD = matcherFor("fraud");
const SUE = matcherFor("sue");
const RUNS = volume("SHOWN_TEXTS", { quick: 2_000, chaos: 30_000 });

/** As a word of its own. A mark that stayed is part of it: `sue*x` shows no term. */
function shows(text: string, word: string): boolean {
  const other = "(?:(?![*_~`])[^\\p{L}\\p{N}])";
  return new RegExp(`(?:^|${other})${word}(?:${other}|$)`, "u").test(
    text.replaceAll(/[\ufffd\u200b\u00ad]/g, ""),
  );
}

describe("INV-15: a term is found wherever a reader's program shows it", () => {
  test("in HTML, as parse5 reads it", () => {
    const markup = fc.constantFrom(
      ..."<b>|</b>|<b title=\"|\">|' x='>|=|<i class='a>b'>|</i>|<!--|-->|--!>|<!-->|<!--->|->|<!x>|</ x>|<?x?>|<wbr>|<p>|</p>|<br>".split(
        "|",
      ),
      ..."<style>|</style>|<script>|</script>|<template>|</template>|<span hidden>|</span>|<a href=x>|</a>|<|>|\"|'|/|&quot;|&gt;|&lt;".split(
        "|",
      ),
      ...'<b title=\'>\'>|<b title=">">|<!-- x -->|<!-->|<!-- x --!>|<style>x</style>|<script>a<b</script>|<span hidden>x</span>|</b><i>|<x y="</x>">|<?x y?>|</ x>'.split(
        "|",
      ),
      ...Array.from({ length: 60 }, () => ""),
      " ",
      "x",
    );
    const letters = Array.from("fraud", (letter) => fc.tuple(fc.constant(letter), markup, markup));
    let shown = 0;
    fc.assert(
      fc.property(markup, fc.tuple(...letters), markup, (before, word, after) => {
        const text = `a ${before}${word.flat().join("")}${after} z`;
        if (!shows(seen(parse(`<!doctype html><body>${text}`).childNodes), "fraud")) return;
        shown++;
        expect(FRAUD.find([text])).toEqual([0]);
      }),
      { numRuns: RUNS, seed: testSeed(1) },
    );
    expect(shown).toBeGreaterThan(RUNS / 10);
  });

  test("in Markdown with HTML in it, as marked and parse5 read it", () => {
    const markup = fc.constantFrom(
      ...'[|](u)|](<u v>)|](u "t)")|](a(b)c)|][1]|][]|![|]|\\|*|**|_|__|~~|`|``|<b>|</b>|<!-- x -->|&#8203;|&shy;|\\[|\\*|<ab:v>|(|)'.split(
        "|",
      ),
      ..."**|_|[](u)|[|](u)|][1]|`|<b></b>|[^1]|&shy;|\\\n|![](u)|~~".split("|"),
      ...Array.from({ length: 40 }, () => ""),
      " ",
      "x",
    );
    const letters = Array.from("sue", (letter) => fc.tuple(fc.constant(letter), markup, markup));
    let shown = 0;
    fc.assert(
      fc.property(
        fc.array(markup, { maxLength: 3 }),
        fc.tuple(...letters),
        fc.array(markup, { maxLength: 3 }),
        (before, word, after) => {
          const text = `a ${before.join("")}${word.flat().join("")}${after.join("")} z\n\n[1]: u`;
          if (!shows(seen(parse(marked.parse(text, { async: false })).childNodes), "sue")) return;
          shown++;
          expect(SUE.find([text])).toEqual([0]);
        },
      ),
      { numRuns: RUNS, seed: testSeed(1) },
    );
    expect(shown).toBeGreaterThan(RUNS / 40);
  });

  test.each([
    ["a footnote that is none to its reader", "x[^1]s![](u)ue"],
    ["a parenthesis that ends no link", "][1](su![](u)e\n\n[1]: u"],
    ["a link within brackets, which are then no link", '][1][su[](u)e](u "t)")\n\n[1]: u'],
    ["a tag in code behind another tag", "s</b>u``e<ab:v>``x"],
    ["a tag in a picture's text", "s![ue</b>x](<u v>)"],
    ["a tag behind a backslash", "su[e\\<b>](u)"],
    ["a hidden element that ends with the one around it", "s<a><span hidden></a>u<span hidden>x</span>e"],
    ["a hidden element that ends so, and a style", "s<a><span hidden></a>u<style>x</style>e"],
    ["a bogus end tag in a hidden element", "s<?x?>ue<template></ x>x"],
  ])("split by %s", (_, text) => {
    expect(SUE.find([`a ${text} z`])).toEqual([0]);
  });
});
