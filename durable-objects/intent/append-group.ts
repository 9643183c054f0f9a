import { isYounger } from "../../src/core/base/age.ts";
import { logLine } from "../../src/core/base/log-line.ts";
import type { Ledger, LedgerCommit } from "../../src/ports/ledger.ts";

/** Commits in one batch: D1 ends a batch after 30 seconds, and one of this size takes a hundredth of that. */
const MAX_MEMBERS = 200;

/** Characters of their entries: a batch is one message to D1. */
const MAX_CHARACTERS = 1024 * 1024;

/** A batch that takes longer no longer holds up commits that are not in it: one of them sends the next. */
const LATE_MS = 1_000;

/** The object that sends a batch may be evicted meanwhile: after this time its other members send their own. */
const LOST_MS = 4_000;

/** What the sender of a batch tells its members. `lead`: send the next batch. */
type Turn = "recorded" | "refused" | "lead";

interface Member {
  readonly commit: LedgerCommit;
  readonly characters: number;
  readonly resolve: (turn: Turn) => void;
}

/**
 * Does the runtime resume an object's `await` in its own context, wherever its promise was resolved? Without that a
 * member would go on with another object's I/O, which the platform refuses.
 */
export const canShareBatches =
  Cloudflare.compatibilityFlags["handle_cross_request_promise_resolution"] === true;

/**
 * Commits of all objects of an isolate share batches: while one is on its way, those that become ready wait for the
 * next. Its first member sends it, in its own call and on its own binding: the platform lets no object use another's
 * I/O, and ends what an object awaits when it evicts it. So a member waits with a timer of its own, and a batch whose
 * sender is gone delays it and no more.
 *
 * A commit must be durable before it is handed over. The output gate holds only what its own object sends.
 */
export class AppendGroup {
  #waiting: Member[] = [];
  /** The batch that is on its way, or that a member was just told to send; null: neither. */
  #current: { readonly since: number } | null = null;

  /** @throws what D1 throws for a commit that it refuses when it is alone in a batch */
  async append(ledger: Ledger, commit: LedgerCommit): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<Turn>();
    const member = { commit, characters: charactersOf(commit), resolve };
    this.#waiting.push(member);
    if (!this.#isUnderWay()) return this.#send(ledger, member);
    switch (await this.#turn(promise, member)) {
      case "recorded":
        return;
      case "lead":
        return this.#send(ledger, member);
      // Each alone, so that a fork of one object harms nobody else's commit.
      case "refused":
        return ledger.append([commit]);
    }
  }

  #isUnderWay(): boolean {
    return this.#current !== null && isYounger(this.#current.since, Date.now(), LATE_MS);
  }

  /** What became of this member; a lost or late sender is not waited for. */
  async #turn(answered: Promise<Turn>, member: Member): Promise<Turn> {
    const turn = await within(LATE_MS, answered);
    if (turn !== null) return turn;
    if (this.#waiting.includes(member)) return "lead";
    return (await within(LOST_MS, answered)) ?? "refused";
  }

  async #send(ledger: Ledger, first: Member): Promise<void> {
    const others = this.#take(first);
    const current = { since: Date.now() };
    this.#current = current;
    let turn: Turn = "recorded";
    try {
      await ledger.append([first, ...others].map(({ commit }) => commit));
    } catch (error) {
      if (others.length === 0) throw error;
      console.error(logLine("ledger_group_refused", { members: others.length + 1, error: String(error) }));
      turn = "refused";
    } finally {
      for (const { resolve } of others) resolve(turn);
      // One that was late passes nothing on: another batch is under way.
      if (this.#current === current) this.#passOn();
    }
    if (turn === "refused") await ledger.append([first.commit]);
  }

  #passOn(): void {
    const [next] = this.#waiting;
    // Under way from now on, so that nobody else sends this member's commit too.
    this.#current = next === undefined ? null : { since: Date.now() };
    next?.resolve("lead");
  }

  /** The members of this one's batch beside it, who wait no longer. */
  #take(first: Member): readonly Member[] {
    let characters = first.characters;
    const others: Member[] = [];
    const left: Member[] = [];
    for (const member of this.#waiting) {
      if (member === first) continue;
      const fits = others.length + 1 < MAX_MEMBERS && characters + member.characters <= MAX_CHARACTERS;
      if (fits) characters += member.characters;
      (fits ? others : left).push(member);
    }
    this.#waiting = left;
    return others;
  }
}

/** Beside its body an entry has two hashes, a MAC and its names. */
const ENTRY_CHARACTERS = 512;

function charactersOf({ entries }: LedgerCommit): number {
  return entries.reduce((sum, { body }) => sum + body.length + ENTRY_CHARACTERS, 0);
}

/** Null: not in time. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | null> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), milliseconds);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
