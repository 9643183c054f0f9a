import { RE2JS } from "re2js";
import type { LinearPattern } from "../../core/policy/policy.ts";
import { err, ok } from "../../core/base/result.ts";
import type { Result } from "../../core/base/result.ts";

/**
 * Compiles a pattern for RE2's automaton, which runs in linear time: the runtime's engine backtracks, so one payload
 * could stall it for hours (ReDoS). RE2 has no look-around and no back-references.
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
