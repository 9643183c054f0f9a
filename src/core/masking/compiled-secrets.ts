import { emptyAutomaton, stepsOf, type MaskAutomaton, type Steps } from "./automaton.ts";
import type { SecretEncodings } from "./secret-encodings.ts";

/**
 * How much of a form is held back, at most, for each of its characters: the longest spelling that encoders write
 * (`\\\\u0041`, `&amp;#x41;`) and some. Endless zeros or backslashes before a form go out; it is masked all the same.
 */
const MAX_BYTES_PER_CHARACTER = 16;

/** What is known of the forms of some secrets; streams add what they find out. */
export interface CompiledSecrets {
  readonly steps: Steps;
  automaton: MaskAutomaton;
  readonly mostHeld: number;
}

export function compileSecrets(forms: SecretEncodings): CompiledSecrets {
  const steps = stepsOf(forms);
  return {
    steps,
    automaton: emptyAutomaton(steps),
    mostHeld: forms.longest * MAX_BYTES_PER_CHARACTER,
  };
}
