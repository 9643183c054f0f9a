import { isJsonObject, type Json } from "../../base/json.ts";

/**
 * Members that hold the text of a run: Slack, Jira, Lexical, Slate and Portable Text (`text`), Notion (`content`,
 * `plain_text`), Quill (`insert`), Google Docs (`insertText.text`), and the like.
 */
const TEXT_NAMES: ReadonlySet<string> = new Set([
  "text",
  "content",
  "insert",
  "plain_text",
  "plainText",
  "plaintext",
  "textContent",
  "string",
  "str",
  "span",
  "html",
  "markdown",
  "md",
  "#text",
  "$t",
]);

/** `value` is text in mdast and Contentful, where a type says so, and anything elsewhere. */
const TYPED_TEXT_NAME = "value";
const TYPE_NAMES = ["type", "_type", "nodeType", "kind", "t"] as const;
const TEXT_TYPE = /text|span|run|str|literal|code|html|paragraph|emphasis/i;

/** Members that say what kind of run it is, and nothing that is read. */
const ATTRIBUTE_NAMES: ReadonlySet<string> = new Set([
  ...TYPE_NAMES,
  ...(
    "object tag id _id uuid key _key block_id url href link src target style class className color format mode lang " +
    "language align dir size font"
  ).split(" "),
]);

/** The members of an object that hold text of a run. */
export function isTextMember(name: string, owner: { readonly [name: string]: Json }): boolean {
  if (TEXT_NAMES.has(name)) return true;
  return name === TYPED_TEXT_NAME && TYPE_NAMES.some((type) => isTextType(owner[type]));
}

function isTextType(type: Json | undefined): boolean {
  return typeof type === "string" && TEXT_TYPE.test(type);
}

export function isTextName(name: string): boolean {
  return TEXT_NAMES.has(name);
}

/** The name under which an item holds text, itself or in a member (`{"insertText":{"text":…}}`); null for none. */
export function textNameOf(item: Json): string | null {
  if (!isJsonObject(item)) return null;
  for (const [name, value] of Object.entries(item)) {
    if (typeof value === "string") {
      if (isTextMember(name, item)) return name;
    } else if (isJsonObject(value)) {
      for (const [inner, text] of Object.entries(value)) {
        if (typeof text === "string" && isTextMember(inner, value)) return inner;
      }
    }
  }
  return null;
}

/**
 * The only string of an item that is no attribute: its path and the string; null for none. `row` for an item that is
 * one of a table instead: with several strings, or a number beside its text.
 */
export function onlyText(item: {
  readonly [name: string]: Json;
}): { readonly path: string; readonly text: string } | "row" | null {
  let only: { readonly path: string; readonly text: string } | null = null;
  for (const [name, value] of Object.entries(item)) {
    if (ATTRIBUTE_NAMES.has(name)) continue;
    if (typeof value === "number") return "row";
    const inner = isJsonObject(value) ? Object.entries(value) : [["", value] as const];
    for (const [innerName, text] of inner) {
      if (typeof text !== "string" || ATTRIBUTE_NAMES.has(innerName)) continue;
      if (only !== null) return "row";
      only = { path: `${name}.${innerName}`, text };
    }
  }
  return only;
}
