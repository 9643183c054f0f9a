import { isJsonObject, type Json } from "../../base/json.ts";
import type { Body } from "../../proposal/formats/content.ts";
import type { Fields } from "../../proposal/formats/form.ts";
import { readJson } from "../../proposal/formats/json-text.ts";
import { insertedText } from "./inserted-text.ts";
import { isTextMember, isTextName, onlyText, textNameOf } from "./text-names.ts";

/*
 * Programs that show a message put neighbouring runs of text together: `[{"text":"re"},{"text":"fund","bold":true}]`
 * is refund. Which list holds runs is told by its structure, not by the provider. Every string is joined once per
 * reading, so the texts stay linear in the size of the body.
 */

/** Texts joined as their reader's program may join them. */
export interface JoinedTexts {
  /** Runs of one block: for numbers and placeholders as well as words. */
  readonly runs: readonly JoinedText[];
  /** Blocks without a border, and lists that may be runs: only for words, which don't come about by chance. */
  readonly words: readonly string[];
}

export interface JoinedText {
  /** The member that holds the text, or the form's field. */
  readonly where: string;
  readonly text: string;
  /** With a blank between runs; null where that changes nothing. */
  readonly spaced: string | null;
}

/** A JSON text in a string of JSON in a field of a form: Slack takes `blocks` so. Nothing genuine goes deeper. */
const MAX_NESTED_TEXTS = 3;

/** @param guessed fields of an undeclared body, to a server that takes it for a form */
export function joinedTexts(body: Body, guessed: Fields = []): JoinedTexts {
  const joiner = new Joiner();
  joinBody(joiner, body);
  if (guessed.length > 0) joiner.addFields(guessed);
  return joiner.joined();
}

function joinBody(joiner: Joiner, body: Body): void {
  switch (body.format) {
    case "json":
      joiner.addValue(body.value);
      return;
    case "ndjson":
      for (const value of body.values) joiner.addValue(value);
      return;
    case "form":
      if (body.fields !== null) joiner.addFields(body.fields);
      return;
    case "multipart":
      joiner.addFields(
        body.parts.flatMap(({ name, content }) =>
          name !== null && content.body.format === "text" ? [[name, content.body.text] as const] : [],
        ),
      );
      for (const { content, decoded } of body.parts) {
        joinBody(joiner, content.body);
        if (decoded !== null) joinBody(joiner, decoded.body);
      }
      return;
    case "csv":
      // Read by another delimiter, cells at a tab are words with a blank between them.
      if (body.shape.delimiter === "\t") joiner.addWords(body.text);
      return;
    default:
  }
}

/** The pieces of text under one name, in the order of the document, and of each the block it is in. */
interface Flow {
  readonly pieces: string[];
  readonly blocks: number[];
}

/** What a value is in. */
interface Place {
  /** The member's name; null outside of an object. */
  readonly name: string | null;
  /** Whether it is a run's text, or a list of such texts. */
  readonly isText: boolean;
  /** Whether all below it is one block, because text stands directly in a list around it. */
  readonly isInline: boolean;
  /** Whether it is a row of a table: its cells stand apart. */
  readonly isRow: boolean;
}

class Joiner {
  readonly #flows = new Map<string, Flow>();
  readonly #runs: JoinedText[] = [];
  readonly #words: string[] = [];
  #block = 0;
  #nested = 0;

  joined(): JoinedTexts {
    for (const [name, flow] of this.#flows) this.#joinFlow(name, flow);
    return { runs: this.#runs, words: this.#words };
  }

  addValue(value: Json): void {
    this.#block++;
    this.#walk(value, { name: null, isText: false, isInline: false, isRow: false });
  }

  addWords(text: string): void {
    this.#words.push(text);
  }

  addFields(fields: Fields): void {
    const byName = new Map<string, string[]>();
    for (const [name, value] of fields) {
      const key = name.replaceAll(/\[\d*\]/g, "[]");
      const values = byName.get(key);
      if (values === undefined) byName.set(key, [value]);
      else values.push(value);
    }
    this.#block++;
    for (const [name, values] of byName) {
      const member = name.split(/[[\].]/).findLast((part) => part !== "") ?? name;
      const isText = isTextName(member);
      if (!isText) this.#joinList(values);
      for (const value of values) if (!this.#addNested(value) && isText) this.#addPiece(name, value);
    }
  }

  /** The depth of a value is bounded by the parser. */
  #walk(value: Json, place: Place): void {
    if (typeof value === "string") {
      if (!this.#addNested(value) && place.isText) this.#addPiece(place.name ?? "", value);
    } else if (Array.isArray(value)) {
      this.#walkList(value, place);
    } else if (isJsonObject(value)) {
      for (const name in value) {
        const member = value[name];
        if (member === undefined || member === null || typeof member === "number") continue;
        this.#walk(member, {
          name,
          isText: isTextMember(name, value),
          isInline: place.isInline,
          isRow: false,
        });
      }
    }
  }

  #walkList(items: readonly Json[], place: Place): void {
    const textName = firstTextName(items);
    const isInline = place.isInline || place.isText || textName !== null;
    // A string among objects with text is a run as well: `["re", {"text":"fund"}]`.
    const name = place.isText ? place.name : textName;
    if (!place.isInline) this.#block++;
    if (name === null && items.length > 1) {
      if (!place.isRow) this.#joinList(items.filter((item) => typeof item === "string"));
      this.#joinOnlyTexts(items);
    }
    const inserted = name === null ? null : insertedText(items);
    for (const text of inserted ?? []) this.#runs.push({ where: "insertText", text, spaced: null });
    const isRow = items.every((item) => Array.isArray(item));
    for (const item of items) {
      if (!isInline) this.#block++;
      this.#walk(item, { name, isText: name !== null, isInline, isRow });
    }
  }

  #addNested(text: string): boolean {
    if (this.#nested >= MAX_NESTED_TEXTS || !/^\s*[[{]/.test(text)) return false;
    const read = readJson(text);
    if (read === null) return false;
    this.#nested++;
    this.addValue(read.value);
    this.#nested--;
    return true;
  }

  #addPiece(name: string, piece: string): void {
    if (piece === "") return;
    let flow = this.#flows.get(name);
    if (flow === undefined) this.#flows.set(name, (flow = { pieces: [], blocks: [] }));
    flow.pieces.push(piece);
    flow.blocks.push(this.#block);
  }

  #joinFlow(where: string, { pieces, blocks }: Flow): void {
    if (pieces.length < 2) return;
    let tight = pieces[0] ?? "";
    let spaced = tight;
    let hasRuns = false;
    let hasBorders = false;
    let isSpacedNew = false;
    for (let index = 1; index < pieces.length; index++) {
      const piece = pieces[index] ?? "";
      const isRun = blocks[index] === blocks[index - 1];
      tight += isRun ? piece : `\n${piece}`;
      spaced += isRun ? ` ${piece}` : `\n${piece}`;
      if (!isRun) hasBorders = true;
      else if (!endsBlank(pieces[index - 1] ?? "") && piece.charCodeAt(0) > 0x20) isSpacedNew = true;
      if (isRun) hasRuns = true;
    }
    if (hasRuns) this.#runs.push({ where, text: tight, spaced: isSpacedNew ? spaced : null });
    else this.#words.push(tight);
    if (hasBorders) this.#words.push(pieces.join(""));
  }

  /** A list of strings. A blank goes between two of which one is a phrase: single words may be labels. */
  #joinList(strings: readonly string[]): void {
    if (strings.length < 2) return;
    this.#words.push(strings.join(""));
    let phrases: string[] = [];
    for (const [index, text] of strings.entries()) {
      if (index > 0 && !isPhrase(text) && !isPhrase(strings[index - 1] ?? "")) {
        if (phrases.length > 1) this.#words.push(phrases.join(" "));
        phrases = [];
      }
      phrases.push(text);
    }
    if (phrases.length > 1) this.#words.push(phrases.join(" "));
  }

  /** A list whose objects have one string each, of whatever name. */
  #joinOnlyTexts(items: readonly Json[]): void {
    let path: string | null = null;
    const texts: string[] = [];
    for (const item of items) {
      const only = isJsonObject(item) ? onlyText(item) : null;
      if (only === null) continue;
      if (only === "row" || (path !== null && path !== only.path)) return;
      path = only.path;
      texts.push(only.text);
    }
    if (texts.length > 1) this.#words.push(texts.join(""));
  }
}

function firstTextName(items: readonly Json[]): string | null {
  for (const item of items) {
    const name = textNameOf(item);
    if (name !== null) return name;
  }
  return null;
}

function isPhrase(text: string): boolean {
  return text.trim().includes(" ");
}

function endsBlank(text: string): boolean {
  return text.charCodeAt(text.length - 1) <= 0x20;
}
