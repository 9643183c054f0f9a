import {
  BACKSLASH_FORMS,
  formPattern,
  PERCENT_BYTE,
  PERCENT_UNICODE,
  type EscapeForm,
} from "../../base/escape-forms.ts";
import { decodedCharacter, withoutBarriers } from "./barrier.ts";
import { decodedReferences } from "./character-references.ts";
import { decodedWords } from "./encoded-words.ts";

/** Escapes in escapes: `%255Cu0072` is `%5Cu0072` is `\u0072` is `r`. */
export const MAX_ROUNDS = 3;

/** What is not undone, because most readers don't. */
export type Escapes = "all" | "no backslashes" | "no quoted-printable";

/** Undone until nothing is left, or for as many rounds as there may be. */
export function fullyUnescaped(text: string, escapes: Escapes = "all", rounds = MAX_ROUNDS): string {
  let current = text;
  for (let round = 0; round < rounds; round++) {
    const next = unescaped(current, escapes);
    if (next === current) break;
    current = next;
  }
  return current;
}

/** One round: each kind of escape that the text holds, once. */
export function unescaped(text: string, escapes: Escapes = "all"): string {
  let next = text;
  if (next.includes("%")) next = decodedPercent(next);
  if (next.includes("&")) next = decodedReferences(next);
  if (escapes !== "no backslashes" && next.includes("\\")) next = decodedBackslashes(next);
  if (next.includes("=?")) next = decodedWords(next);
  return escapes === "no quoted-printable" ? next : withoutOctets(next);
}

/** What `unescaped` undoes last. */
export function withoutOctets(text: string): string {
  return text.includes("=") ? decodedQuotedPrintable(text) : text;
}

const UTF8 = new TextDecoder();

const PERCENT = new RegExp(`(?:${withoutGroups(PERCENT_BYTE)})+|${withoutGroups(PERCENT_UNICODE)}`, "g");

function decodedPercent(text: string): string {
  return text.replaceAll(PERCENT, (run) =>
    run.startsWith("%u") ? character(run.slice(2)) : decodedOctets(run),
  );
}

/** Octets with a sign before each. Most are one character of ASCII, which needs no decoder. */
function decodedOctets(run: string): string {
  const code = run.length === 3 ? Number.parseInt(run.slice(1), 16) : 0x80;
  return code < 0x80 ? decodedCharacter(code) : withoutBarriers(UTF8.decode(hexBytes(run)));
}

function withoutGroups(form: EscapeForm): string {
  return formPattern(form).replaceAll(/[()]/g, "");
}

/** RFC 2045 section 6.7: a soft line break joins, `=72` is an r. */
function decodedQuotedPrintable(text: string): string {
  return text.replaceAll(/=\r?\n/g, "").replaceAll(/(?:=[0-9A-F]{2})+/g, decodedOctets);
}

function hexBytes(run: string): Uint8Array {
  const bytes = new Uint8Array(run.length / 3);
  for (let index = 0; index < bytes.length; index++) {
    bytes[index] = Number.parseInt(run.slice(index * 3 + 1, index * 3 + 3), 16);
  }
  return bytes;
}

/** The numbered forms, control characters, and characters as themselves. */
const BACKSLASHES = new RegExp(
  String.raw`${BACKSLASH_FORMS.map(withoutGroups).join("|")}|\\[nrtfvb/"'\\]`,
  "g",
);

function decodedBackslashes(text: string): string {
  return text.replaceAll(BACKSLASHES, (written) => {
    if (written.length === 2) return unquoted(written.charAt(1));
    const form = BACKSLASH_FORMS.find(({ lead }) => written.startsWith(lead));
    if (form === undefined) return written;
    // Stops at a closing brace.
    return decodedCharacter(Number.parseInt(written.slice(form.lead.length), form.radix));
  });
}

function unquoted(letter: string): string {
  if (letter === "n" || letter === "r") return "\n";
  return /[tfvb]/.test(letter) ? " " : letter;
}

function character(hex: string): string {
  return decodedCharacter(Number.parseInt(hex, 16));
}
