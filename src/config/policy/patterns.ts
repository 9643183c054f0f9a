import { RE2JS } from "re2js";
import type { LinearPattern } from "../../core/policy/policy.ts";
import { err, ok } from "../../core/base/result.ts";
import type { Result } from "../../core/base/result.ts";

/**
 * Compiles a pattern for RE2's automaton, which reads every character once: the runtime's own engine backtracks,
 * and one payload could stall it for hours. Look-around and back-references don't exist there.
 */
export function linearPattern(source: string): Result<LinearPattern, string> {
  try {
    const compiled = RE2JS.compile(source);
    return ok({ source, test: (text) => compiled.matcher(text).find() });
  } catch (error) {
    const why = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : "unknown";
    return err(why);
  }
}
