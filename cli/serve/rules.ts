import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { errorCode } from "../io.ts";
import type { Result } from "../../src/core/base/result.ts";

/** One mistake in a file, as the parsers report it. */
export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Says whether a text is a valid policy (or registry); only its mistakes matter here. The file is given by its
 * base name.
 */
export type Check = (file: string, text: string) => Result<unknown, readonly Mistake[]>;

/** What the Worker decides by, at one moment. */
export interface Rules {
  /** Equal for equal texts. */
  readonly version: string;
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** Files that were never good: the intents that name them are blocked. */
  readonly broken: readonly { readonly id: string; readonly problems: readonly string[] }[];
  readonly registry: string | null;
}

export interface RulesSource {
  /** The rules after looking at the folder again: an edit counts from the next call on. */
  current(): Rules;
}

interface Watched {
  /** Of the file as it was last read. */
  readonly stamp: string;
  /** Null until it was good once. */
  readonly goodText: string | null;
  /** Of the last read. */
  readonly problems: readonly string[];
}

export interface RulesOptions {
  readonly policyDir: string;
  readonly registry: string | null;
  readonly checkPolicy: Check;
  readonly checkRegistry: Check;
  /** Takes one line about an edit, good or bad. */
  readonly say: (line: string) => void;
}

/**
 * Watches by looking: on every question, and by the caller's timer. A file whose time, size and inode are as
 * before is not read again. A broken edit keeps the last good text.
 */
export function rulesSource(options: RulesOptions): RulesSource {
  let policies: ReadonlyMap<string, Watched> = new Map();
  let registry: Watched | null = null;
  let unreadableFolder = false;
  let rules: Rules | null = null;
  let isFirstLook = true;

  function lookAtPolicies(): void {
    let names: readonly string[];
    try {
      names = readdirSync(options.policyDir);
      unreadableFolder = false;
    } catch (error) {
      // A folder that is gone for a moment must not take the rules away, nor be reported twice a second.
      if (!unreadableFolder) options.say(`${options.policyDir}: can't be read (${errorCode(error) ?? "?"})`);
      unreadableFolder = true;
      return;
    }
    const next = new Map<string, Watched>();
    for (const name of names.toSorted()) {
      // One extension, so that one id can't be two files.
      if (name.endsWith(".yml") && isFirstLook) options.say(`policies/${name} is not read: name it .yaml`);
      if (!name.endsWith(".yaml")) continue;
      const id = name.slice(0, -".yaml".length);
      const watched = look(join(options.policyDir, name), "policies/", policies.get(id), options.checkPolicy);
      if (watched !== null) next.set(id, watched);
    }
    for (const id of policies.keys()) {
      if (!next.has(id)) options.say(`policies/${id}.yaml is gone: intents that name it are blocked`);
    }
    policies = next;
  }

  function look(
    path: string,
    folder: string,
    before: Watched | null | undefined,
    check: Check,
  ): Watched | null {
    const stamp = stampOf(path);
    if (stamp === null) return null;
    if (before?.stamp === stamp) return before;
    const shown = `${folder}${basename(path)}`;
    const watched = read(path, shown, stamp, before?.goodText ?? null, check);
    tell(shown, watched, before ?? null);
    return watched;
  }

  function tell(shown: string, watched: Watched, before: Watched | null): void {
    for (const problem of watched.problems) options.say(problem);
    if (watched.problems.length > 0) {
      options.say(
        watched.goodText === null
          ? `${shown} is not in force: intents that name it are blocked`
          : `${shown}: the last good version stays in force`,
      );
    } else if (!isFirstLook && watched.goodText !== before?.goodText) {
      options.say(`${shown} ${before === null ? "added" : "reloaded"}`);
    }
  }

  function lookAtRegistry(): void {
    if (options.registry === null) return;
    const watched = look(options.registry, "", registry, options.checkRegistry);
    // A registry that disappears is kept: without it, bound destinations would be free.
    if (watched !== null) registry = watched;
  }

  return {
    current() {
      const policiesBefore = policies;
      const registryBefore = registry;
      lookAtPolicies();
      lookAtRegistry();
      isFirstLook = false;
      if (rules === null || registry !== registryBefore || !sameEntries(policies, policiesBefore)) {
        rules = rulesOf(policies, registry);
      }
      return rules;
    },
  };
}

function sameEntries(a: ReadonlyMap<string, Watched>, b: ReadonlyMap<string, Watched>): boolean {
  return a.size === b.size && [...a].every(([id, watched]) => b.get(id) === watched);
}

function rulesOf(policies: ReadonlyMap<string, Watched>, registry: Watched | null): Rules {
  const good: { id: string; text: string }[] = [];
  const broken: { id: string; problems: readonly string[] }[] = [];
  for (const [id, { goodText, problems }] of policies) {
    if (goodText === null) broken.push({ id, problems });
    else good.push({ id, text: goodText });
  }
  const content = { policies: good, broken, registry: registry?.goodText ?? null };
  return { version: createHash("sha256").update(JSON.stringify(content)).digest("hex"), ...content };
}

/** Null when there is no such file. Changes with every write, including one that puts an old time back. */
function stampOf(path: string): string | null {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    return `${mtimeMs}:${ctimeMs}:${size}:${ino}`;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    return `unreadable:${errorCode(error) ?? ""}`;
  }
}

/** More than any policy or registry can sensibly be; a file this long is a mistake, not a policy. */
const MAX_FILE_BYTES = 1024 * 1024;

function read(path: string, shown: string, stamp: string, goodText: string | null, check: Check): Watched {
  let text: string;
  try {
    const bytes = readFileSync(path);
    if (bytes.byteLength > MAX_FILE_BYTES) {
      return { stamp, goodText, problems: [`${shown}:1:1: longer than ${MAX_FILE_BYTES} bytes`] };
    }
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    return {
      stamp,
      goodText,
      problems: [`${shown}:1:1: can't be read (${errorCode(error) ?? "not UTF-8"})`],
    };
  }
  const checked = check(basename(path), text);
  if (checked.ok) return { stamp, goodText: text, problems: [] };
  return {
    stamp,
    goodText,
    problems: checked.error.map(({ line, column, message }) => `${shown}:${line}:${column}: ${message}`),
  };
}
