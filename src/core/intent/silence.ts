import { ok } from "../base/result.ts";
import type { Command, CommandResult } from "./command-result.ts";
import type { Instant, IntentState, Silence, SilenceProblem, SilenceWitness } from "./state.ts";

/*
 * `auto_approve_if_low_risk`: nobody's silence is a yes unless they could have answered. At the deadline the intent waits
 * on without one; the object then asks the dispatcher what it knows of the wait, and approves only on proof.
 */

/**
 * The dispatcher's alarm beats every minute. A longer pause means that Gate was down, or that its clock was moved; a
 * shorter one goes unnoticed.
 */
export const LONGEST_PAUSE_MS = 150_000;

/** A deadline that is noticed later passed while Gate was down or its clock was moved, also in a short wait. */
const LATEST_NOTICE_MS = 30_000;

/** The dispatcher answers within moments; one that is away longer proves nothing of a wait that is over. */
const CONFIRMATION_MS = 5 * 60_000;

const DAY_MS = 24 * 60 * 60_000;

/** The silence that may still turn out to be an approval; null: there is none. */
export function unconfirmedSilence({ phase, silence }: IntentState, now: Instant): Silence | null {
  if (phase !== "pending_approval" || silence === undefined || silence.notCounted !== null) return null;
  return now - silence.noticedAt < CONFIRMATION_MS ? silence : null;
}

/** Approves by silence, or records why it does not count; the intent then waits on for a person. */
export function confirmSilence(
  state: IntentState,
  command: Command<"confirm_silence">,
  now: Instant,
): CommandResult {
  const silence = unconfirmedSilence(state, now);
  const { terms, rejections } = state;
  // Answered, or evaluated again, while the dispatcher was questioned.
  if (silence === null || command.digest !== terms.digest || rejections.length > 0) return ok([]);
  const why = silenceProblem(silence, command);
  if (why !== null) return ok([{ type: "silence_not_counted", why }]);
  const { notifiedAt } = command;
  const executeBy = now + terms.executionWindowMs;
  return ok([{ type: "approved", by: "timeout", executeBy, ...(notifiedAt !== null && { notifiedAt }) }]);
}

function silenceProblem(
  { since, until, noticedAt }: Silence,
  { upSince, notifiedAt }: SilenceWitness,
): SilenceProblem | null {
  // Approvers had half of the wait, or a day, to answer.
  const latest = until - Math.min((until - since) / 2, DAY_MS);
  if (notifiedAt === null || notifiedAt > latest) return "approvers_not_notified";
  const isLate = noticedAt - until > Math.max((until - since) / 2, LATEST_NOTICE_MS);
  return upSince === null || upSince > since + LONGEST_PAUSE_MS || isLate ? "gate_was_down" : null;
}
