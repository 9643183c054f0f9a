import { isYounger } from "../core/base/age.ts";

/**
 * Lifetime of the local server's answer: short enough that the next intent after an edit is evaluated by the new text,
 * long enough that a busy agent does not cause a request for each of its intents.
 */
const FRESH_MS = 100;

/** Texts of the local server's policy directory: of each file its last valid version. */
export interface LocalRules {
  readonly version: string;
  readonly policies: readonly { readonly id: string; readonly text: string }[];
  readonly broken: readonly { readonly id: string; readonly problems: readonly string[] }[];
  readonly registry: string | null;
}

interface Known<T> {
  readonly version: string;
  readonly compiled: T;
  checkedAt: number;
}

/** The rules cached by this isolate: a local server has one policy directory. */
let known: Known<unknown> | undefined;

/**
 * Rules from the directory that the local server watches, compiled again only when their version changes.
 *
 * @throws {Error} when the local server does not answer: nothing is evaluated by rules that may be outdated
 */
export function localRules<T>(server: Fetcher, compile: (rules: LocalRules) => T): () => Promise<T> {
  return async () => {
    const last = known as Known<T> | undefined;
    const now = Date.now();
    if (last !== undefined && isYounger(last.checkedAt, now, FRESH_MS)) return last.compiled;
    const headers = last === undefined ? {} : { "If-None-Match": `"${last.version}"` };
    const response = await server.fetch("http://local/rules", { headers });
    if (last !== undefined && response.status === 304) {
      last.checkedAt = now;
      return last.compiled;
    }
    if (response.status !== 200) {
      throw new Error(`the local server could not read the policy directory: status ${response.status}`);
    }
    const rules = await response.json<LocalRules>();
    const compiled = compile(rules);
    known = { version: rules.version, compiled, checkedAt: now };
    return compiled;
  };
}
