import { shape, type Shape } from "./shapes.ts";

function listOf(name: string, item: unknown): Shape {
  return shape(name, (size) => JSON.stringify(Array.from({ length: size }, () => item)));
}

/** JSON documents whose texts a program joins: runs, lists, insertions, documents in strings. */
export const RUN_SHAPES: readonly Shape[] = [
  listOf("runs", { text: "a" }),
  listOf("runs with styles", { type: "text", text: "a b", bold: true }),
  listOf("nested runs", { children: [{ children: [{ text: "a" }] }] }),
  listOf("strings", "a b"),
  listOf("rows of cells", ["a", "b", "c"]),
  listOf("rows without text", { a: 1, b: { c: 2 } }),
  listOf("one string an object", { any: "a" }),
  listOf("insertions", { insertText: { text: "a", location: { index: 1 } } }),
  listOf("JSON in strings", '[{"text":"a"},{"text":"b"}]'),
  listOf("JSON that does not parse", "[[[[[[[["),
  shape("one object of many members", (size) =>
    JSON.stringify(Object.fromEntries(Array.from({ length: size }, (_, index) => [`m${index}`, "a"]))),
  ),
  shape("an item of many members in a list", (size) =>
    JSON.stringify([
      Object.fromEntries(Array.from({ length: size }, (_, index) => [`m${index}`, { inner: "a" }])),
      { text: "a" },
    ]),
  ),
];
