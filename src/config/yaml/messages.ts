import type { z } from "zod";
import type { Path, PolicyProblem, YamlSource } from "./source.ts";
import { nearest } from "../../core/base/nearest.ts";

/** Spellings of `true`. */
const YES = /^(?:yes|true|on|y)$/i;

/** A longer list of known keys would hide the mistake. */
const MAX_LISTED_KEYS = 12;

/** Turns zod's issues into sentences with line and column, without duplicates. */
export function problemsOf(
  source: YamlSource,
  issues: readonly z.core.$ZodIssue[],
): readonly PolicyProblem[] {
  const problems = new Map<string, PolicyProblem>();
  for (const issue of issues) {
    const path = issue.path.filter((segment) => typeof segment !== "symbol");
    for (const problem of problemsFor(source, issue, path)) {
      const key = `${problem.line}:${problem.column} ${problem.message}`;
      if (!problems.has(key)) problems.set(key, problem);
    }
  }
  return [...problems.values()];
}

function problemsFor(source: YamlSource, issue: z.core.$ZodIssue, path: Path): readonly PolicyProblem[] {
  const value = valueAt(source.value, path);
  if (issue.code === "unrecognized_keys") {
    // The message holds the object's known keys, put there by `mapping`.
    const known = issue.message.split(" ");
    return issue.keys.map((key) => {
      const shown = isNearSecrets(path) ? null : key;
      return source.problemAtKey([...path, key], unknownKey(key, shown, known));
    });
  }
  if (issue.code === "invalid_key") {
    const key = String(path.at(-1));
    if (isNearSecrets(path)) {
      return [source.problemAtKey(path, `the name ${issue.issues[0]?.message ?? "is none"}`)];
    }
    return [source.problemAtKey(path, `\`${key}\` ${issue.issues[0]?.message ?? "is no name"}`)];
  }
  const field = nameOf(path);
  if (value === undefined) {
    return [source.problemAt(path, `${field} is missing: it ${issue.message}`)];
  }
  // An operator may have written a secret where its name belongs: the value must not reach a build log.
  if (isNearSecrets(path) || issue.message.includes("never stands here")) {
    return [source.problemAt(path, `${field} ${issue.message}`)];
  }
  const hint = hintFor(path, value, issue.message);
  return [source.problemAt(path, hint ?? `${field} ${issue.message}; it is ${show(value)}`)];
}

/** Sections in which operators write secrets by mistake, as a value or, in flow style, even as a key. */
function isNearSecrets([section]: Path): boolean {
  return section === "credentials" || section === "vaults";
}

/** Keys of the reference's policies that Gate has elsewhere, or does by itself: docs/migration.md. */
const MOVED_KEYS: ReadonlyMap<string, string> = new Map([
  ["approval_channel", "people and channels are in gate.yaml, under `channels`"],
  ["assurance", "write the least that a vote needs, as `approvers: {min_assurance: sso}`"],
  ["delivery", "leave it out; every delivery works once"],
  ["allowed_recipients", "write `field_checks` with a `pattern` for the recipients' field"],
]);

function unknownKey(key: string, shown: string | null, known: readonly string[]): string {
  const what = shown === null ? "unknown key" : `unknown key \`${shown}\``;
  const moved = shown === null ? undefined : MOVED_KEYS.get(shown);
  if (moved !== undefined) return `${what}: ${moved}`;
  const near = nearest(key, known);
  if (near !== null) return `${what}; did you mean \`${near}\`?`;
  const where =
    known.length > MAX_LISTED_KEYS
      ? "the documentation lists the known ones"
      : `known are ${known.join(", ")}`;
  return `${what}; ${where}`;
}

/** The correction of a common mistake; null: it is none of them. */
function hintFor(path: Path, value: unknown, message: string): string | null {
  const field = nameOf(path);
  const last = path.at(-1);
  if (last === "require_approval") {
    if (value === true || (typeof value === "string" && (YES.test(value) || /^always$/i.test(value)))) {
      return `${field}: ${show(value)} has no effect; write \`always\``;
    }
    if (value === false || value === "never") {
      return `${field}: ${show(value)} has no effect; leave the field out`;
    }
    return null;
  }
  if (message.includes("must be `true` or `false`") && typeof value === "string") {
    if (YES.test(value)) return `${field}: ${show(value)} is text; write \`true\``;
    if (/^(?:no|false|off|n)$/i.test(value)) return `${field}: ${show(value)} is text; write \`false\``;
  }
  if (typeof value === "string" && /^-?\d+(?:\.\d+)?$/.test(value) && message.includes("number")) {
    return `${field}: ${show(value)} is text; write ${value} without quotes`;
  }
  if (message.includes("a term") && (typeof value === "number" || typeof value === "boolean")) {
    return `${field} is ${typeof value === "number" ? "a number" : "a yes or no"}; put it in quotes: "${value}"`;
  }
  if (message.includes("must be a list") && typeof value === "string") {
    return `${field} must be a list; write [${value}]`;
  }
  if (message.includes("span of time") && typeof value === "number") {
    return `${field} ${message}: ${value} of what?`;
  }
  const lower = typeof value === "string" ? value.toLowerCase() : null;
  if (lower !== null && lower !== value && message.includes(`\`${lower}\``)) {
    return `${field}: ${show(value)} is not known; write \`${lower}\``;
  }
  return null;
}

/** `block_if_terms[2]`, `approvers.require`. */
export function nameOf(path: Path): string {
  let written = "";
  for (const segment of path) {
    if (typeof segment === "number") written += `[${segment + 1}]`;
    else written += written === "" ? segment : `.${segment}`;
  }
  return written === "" ? "the file" : written;
}

function valueAt(value: unknown, path: Path): unknown {
  let found = value;
  for (const segment of path) {
    if (typeof found !== "object" || found === null || !Object.hasOwn(found, segment)) return undefined;
    found = (found as Record<string | number, unknown>)[segment];
  }
  return found;
}

function show(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) return "a mapping";
  const written = JSON.stringify(value) ?? "nothing";
  return written.length <= 60 ? written : `${written.slice(0, 60)}…`.toWellFormed();
}
