import { sha256Hex } from "../base/digest.ts";

/*
 * Ids that the contract gives to the question Gate asks about an intent. Derived from the intent's id, so that every
 * reader computes the same ones, for old intents too. None of them authorizes anything.
 */

/** Id of the message that a decision responds to: `msg_` and 24 hexadecimal digits. */
export function messageIdOf(intent: string): string {
  return `msg_${hexOf("message", intent, 24)}`;
}

/** Id of the question: `gai_` and 16 hexadecimal digits. No callback can answer under it, as Gate signs those it sends. */
export function questionIdOf(intent: string): string {
  return `gai_${hexOf("question", intent, 16)}`;
}

/** Id of an approval evidence: `itx_` and 24 hexadecimal digits, another one for another decision. */
export function evidenceIdOf(intent: string, decision: string, decidedAt: number): string {
  return `itx_${hexOf("evidence", `${intent} ${decision} ${decidedAt}`, 24)}`;
}

function hexOf(kind: string, text: string, digits: number): string {
  return sha256Hex(`gate.${kind}.v1 ${text}`).slice(0, digits);
}
