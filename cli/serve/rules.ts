import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { errorCode } from "../io.ts";
import type { Result } from "../../src/core/base/result.ts";

/** One error in a file, in the parsers' form. */
export interface Mistake {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/**
 * Validates a policy (or registry); only its errors are used here. `file` is the base name.
 */
export type Check = (file: string, text: string) => Result<unknown, readonly Mistake[]>;

/** The policies and the registry that the Worker evaluates with, at one moment. */
export interface Rules {
  /** Equal for equal texts. */
  readonly version: string;
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  /** Files that never had a valid version: intents that name them are blocked. */
  readonly broken: readonly { readonly id: string; readonly problems: readonly string[] }[];
  readonly registry: string | null;
}

export interface RulesSource {
  /** Rereads changed files, and returns the rules: an edit applies from the next call on. */
  current(): Rules;
}

interface WatchedFile {
  /** The file's stamp at the last read. */
  readonly stamp: string;
  /** The last valid text; null: there was none yet. */
  readonly validText: string | null;
  /** The errors of the last read. */
  readonly problems: readonly string[];
}

export interface RulesOptions {
  readonly policyDir: string;
  readonly registry: string | null;
  readonly checkPolicy: Check;
  readonly checkRegistry: Check;
  /** Takes one line about a valid or invalid edit. */
  readonly say: (line: string) => void;
}

/**
 * Watches by polling, at each call and by the caller's timer. A file with unchanged times, size and inode is not read
 * again. After an invalid edit the last valid text stays active.
 */
export function rulesSource(options: RulesOptions): RulesSource {
  let policies: ReadonlyMap<string, WatchedFile> = new Map();
  let registry: WatchedFile | null = null;
  let unreadableFolder = false;
  const unread = new Set<string>();
  let rules: Rules | null = null;
  let isFirstRead = true;

  function reloadPolicies(): void {
    let names: readonly string[];
    try {
      names = readdirSync(options.policyDir);
      unreadableFolder = false;
    } catch (error) {
      // A folder that disappears for a moment must not remove the rules, nor be reported at every poll.
      if (!unreadableFolder) options.say(`${options.policyDir}: can't be read (${errorCode(error) ?? "?"})`);
      unreadableFolder = true;
      return;
    }
    const next = new Map<string, WatchedFile>();
    for (const name of names.toSorted()) {
      // One extension only, so that two files can't have one id. `policy lint` and the build refuse the other.
      if (name.endsWith(".yml") && !unread.has(name)) {
        unread.add(name);
        options.say(`policies/${name} is not read: name it ${name.replace(/yml$/, "yaml")}`);
      }
      if (!name.endsWith(".yaml")) continue;
      const id = name.slice(0, -".yaml".length);
      const watched = reload(
        join(options.policyDir, name),
        "policies/",
        policies.get(id),
        options.checkPolicy,
      );
      if (watched !== null) next.set(id, watched);
    }
    for (const id of policies.keys()) {
      if (!next.has(id)) options.say(`policies/${id}.yaml was removed: intents that name it are blocked`);
    }
    policies = next;
  }

  function reload(
    path: string,
    folder: string,
    before: WatchedFile | null | undefined,
    check: Check,
  ): WatchedFile | null {
    const stamp = stampOf(path);
    if (stamp === null) return null;
    if (before?.stamp === stamp) return before;
    const shown = `${folder}${basename(path)}`;
    const watched = read(path, shown, stamp, before?.validText ?? null, check);
    reportChange(shown, watched, before ?? null);
    return watched;
  }

  function reportChange(shown: string, watched: WatchedFile, before: WatchedFile | null): void {
    for (const problem of watched.problems) options.say(problem);
    if (watched.problems.length > 0) {
      options.say(
        watched.validText === null
          ? `${shown} is invalid: intents that name it are blocked`
          : `${shown}: the last valid version stays active`,
      );
    } else if (!isFirstRead && watched.validText !== before?.validText) {
      options.say(`${shown} ${before === null ? "added" : "reloaded"}`);
    }
  }

  function reloadRegistry(): void {
    if (options.registry === null) return;
    const watched = reload(options.registry, "", registry, options.checkRegistry);
    // A registry that disappears stays active: without it, bound destinations would be unbound.
    if (watched !== null) registry = watched;
  }

  return {
    current() {
      const policiesBefore = policies;
      const registryBefore = registry;
      reloadPolicies();
      reloadRegistry();
      isFirstRead = false;
      if (rules === null || registry !== registryBefore || !sameEntries(policies, policiesBefore)) {
        rules = rulesOf(policies, registry);
      }
      return rules;
    },
  };
}

function sameEntries(a: ReadonlyMap<string, WatchedFile>, b: ReadonlyMap<string, WatchedFile>): boolean {
  return a.size === b.size && [...a].every(([id, watched]) => b.get(id) === watched);
}

function rulesOf(policies: ReadonlyMap<string, WatchedFile>, registry: WatchedFile | null): Rules {
  const good: { id: string; text: string }[] = [];
  const broken: { id: string; problems: readonly string[] }[] = [];
  for (const [id, { validText, problems }] of policies) {
    if (validText === null) broken.push({ id, problems });
    else good.push({ id, text: validText });
  }
  const content = { policies: good, broken, registry: registry?.validText ?? null };
  return { version: createHash("sha256").update(JSON.stringify(content)).digest("hex"), ...content };
}

/** Changes with every write, also one that restores an old mtime (`ctime`); null: no such file. */
function stampOf(path: string): string | null {
  try {
    const { mtimeMs, ctimeMs, size, ino } = statSync(path);
    return `${mtimeMs}:${ctimeMs}:${size}:${ino}`;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    return `unreadable:${errorCode(error) ?? ""}`;
  }
}

/** Larger than any sensible policy or registry. */
const MAX_FILE_BYTES = 1024 * 1024;

function read(
  path: string,
  shown: string,
  stamp: string,
  validText: string | null,
  check: Check,
): WatchedFile {
  let text: string;
  try {
    const bytes = readFileSync(path);
    if (bytes.byteLength > MAX_FILE_BYTES) {
      return { stamp, validText, problems: [`${shown}:1:1: longer than ${MAX_FILE_BYTES} bytes`] };
    }
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    return {
      stamp,
      validText,
      problems: [`${shown}:1:1: can't be read (${errorCode(error) ?? "not UTF-8"})`],
    };
  }
  const checked = check(basename(path), text);
  if (checked.ok) return { stamp, validText: text, problems: [] };
  return {
    stamp,
    validText,
    problems: checked.error.map(({ line, column, message }) => `${shown}:${line}:${column}: ${message}`),
  };
}
