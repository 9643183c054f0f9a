import { shape, type Shape } from "./shapes.ts";

/** Pieces in which a construct opens and does not close, and what may end it at the very end. */
const PIECES: readonly (readonly [piece: string, end: string])[] = [
  ["<a b=\"", ""], ["<a b='<a b=\"", ""], ["<a b=\"'", "'"], ["<!--", ""], ["<!-->", "-->"], ["<!-- --!", ">"], ["<!", ""], ["<!x>", ""],
  ["<?a>", ""], ["<?a>", "?>"], ["<![CDATA[", "]]>"], ["<style>", ""], ["<style><a b=\"", "</style>"], ["<b hidden>", ""], ["<b style=display ", ">"],
  ["</p>x", ""], ["<https://x|", ""], ["<!x|", ""], ["&", ""], ["&#", ""], ["&#0", ""], ["&#x0", ""], ["&a", ""], ["&aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", ""],
  ["[", ""], ["[a", "](u)"], ["](", ""], ["](a", ""], ["](a \"", ""], ["](a '](b \"", ""], ["](a (", ""], ["](<", ""], ["](   ", ""], ["](a\\\"", ""],
  ["][", ""], ["[a][b", "]"], ["[^", ""], ["[^a", "]"], ["[a|", ""], ["[a]:", ""], ["\n[a]: ", ""], ["`", ""], ["`a``b", ""], ["`\n", ""], ["a*b", ""],
  ["[a](b c) ", ""], ["[[a](b)", "](c)"], ["`<a`", ""], ["<a><b hidden></a>", ""], ["{color:", ""], ["{color}", ""], ["[b", ""], ["[url=", ""], ["=?a?q?", ""], ["=?a?q?b?= ", ""], ["=?a?b?YQ==?=", ""], ["=?a?q?b?=      ", ""], ["=?", ""],
]; // oxfmt-ignore

/** What readers of markup, Markdown and encoded words look for the end of. */
export const OPEN_CONSTRUCTS: readonly Shape[] = PIECES.map(([piece, end]) =>
  shape(
    `${JSON.stringify(piece)} repeated, then ${JSON.stringify(end)}`,
    (size) => `${piece.repeat(size)}${end}`,
  ),
);

/** Of a header's parameters. */
export const HEADER_SHAPES: readonly Shape[] = ['x*0="', "a", "a*0=b;", "\r\n ", "a*"].map((piece) =>
  shape(`${JSON.stringify(piece)} in a header`, (size) => piece.repeat(size)),
);
