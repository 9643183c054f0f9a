import { emptyAutomaton, stepsOf, type MaskAutomaton, type Steps } from "./automaton.ts";
import type { SecretEncodings } from "./secret-encodings.ts";

/**
 * Upper bound on bytes held back per character of an encoding: more than the longest spelling that encoders write
 * (`\\\\u0041`, `&amp;#x41;`). Of an endless run of zeros or backslashes before a secret the beginning is released; the
 * secret is masked all the same.
 */
const MAX_BYTES_PER_CHARACTER = 16;

/** The automaton for a set of secrets; streams share it and extend it as they read. */
export interface CompiledSecrets {
  readonly steps: Steps;
  automaton: MaskAutomaton;
  readonly maxHeldBytes: number;
}

export function compileSecrets(encodings: SecretEncodings): CompiledSecrets {
  const steps = stepsOf(encodings);
  return {
    steps,
    automaton: emptyAutomaton(steps),
    maxHeldBytes: encodings.longest * MAX_BYTES_PER_CHARACTER,
  };
}
