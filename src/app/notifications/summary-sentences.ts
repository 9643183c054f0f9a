import { type Part, plainText, words } from "../../core/presentation/parts.ts";
import { reasonWords } from "../../core/presentation/reason-words.ts";
import { caseSentence } from "../../core/presentation/sentence.ts";
import type { CaseSummary } from "./case-summary.ts";

/**
 * What a case is and why it waits, in the words of its page but without anything of the payload: `newsletter-writer wants
 * to send 1 e-mail through sendgrid.send. Held: a placeholder was not filled in.`
 */
export function summaryParts(summary: CaseSummary): readonly Part[] {
  return [...writeParts(summary), words(` Held: ${reasonWords(summary.reasonCode)}.`)];
}

/** The first of the two sentences alone: for a case that was decided. */
export function writeParts({ described, agent, editor, destination }: CaseSummary): readonly Part[] {
  // The names as the message shows them: scrubbed, on one line, and without links where the medium makes some.
  return caseSentence({ ...described, agent, editor, destination });
}

export function summarySentences(summary: CaseSummary): string {
  return plainText(summaryParts(summary));
}
