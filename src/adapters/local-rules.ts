/**
 * How long the answer of the local server stands. Short enough that the next intent after an edit is decided by
 * the new text, long enough that a busy agent does not ask for every one of its intents.
 */
const FRESH_MS = 100;

/** What the local server says: the texts of its policy directory, each last good. */
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

/** The one set of rules this isolate knows; a single machine has a single policy directory. */
let known: Known<unknown> | undefined;

/**
 * Rules from the directory that the local server watches, compiled again only when their version changes.
 *
 * @throws {Error} when the local server does not answer: nothing is decided on rules that may be old
 */
export function localRules<T>(server: Fetcher, compile: (rules: LocalRules) => T): () => Promise<T> {
  return async () => {
    const last = known as Known<T> | undefined;
    const now = Date.now();
    // A clock that was set back must not make old rules young.
    if (last !== undefined && now >= last.checkedAt && now - last.checkedAt < FRESH_MS) return last.compiled;
    const headers = last === undefined ? {} : { "If-None-Match": `"${last.version}"` };
    const response = await server.fetch("http://local/rules", { headers });
    if (last !== undefined && response.status === 304) {
      last.checkedAt = now;
      return last.compiled;
    }
    if (response.status !== 200) throw new Error(`the policy directory cannot be read: ${response.status}`);
    const rules = await response.json<LocalRules>();
    const compiled = compile(rules);
    known = { version: rules.version, compiled, checkedAt: now };
    return compiled;
  };
}
