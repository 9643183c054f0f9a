import { isJsonObject, type Json, type JsonObject } from "../src/core/base/json.ts";
import { ENTRY, type BundleEntry } from "./bundle.ts";
import { isEqual } from "./bytes.ts";
import type { VerifyEd25519 } from "./ed25519.ts";
import { GENESIS, hashEntry, leafOf } from "./entry.ts";
import { fails, holds, notShown, quoted, type Finding } from "./finding.ts";
import { RunningRoot } from "./merkle.ts";
import { member, numberMember, readCanonical } from "./read-json.ts";
import { stageAfter, type Stage } from "./state-machine.ts";
import { openTreeHead, type LogKey, type TreeHead } from "./tree-head.ts";

/** The kind of tampering that an export shows. */
export type Break =
  | "malformed"
  | "edited"
  | "deleted"
  | "reordered"
  | "repeated"
  | "re-chained"
  | "truncated"
  | "rewritten"
  | "forged"
  | "impossible";

export interface ExportReport {
  /** `entries`, `events`, `checkpoint`, and `held` where stored tree heads were given. */
  readonly findings: readonly Finding[];
  /** The first problem; null: there is none. */
  readonly broken: { readonly index: number; readonly how: Break } | null;
  readonly entries: number;
  readonly intents: number;
  /** The tree head that the export proves; null: it proves none. */
  readonly head: TreeHead | null;
}

interface Chain {
  readonly seq: number;
  readonly hash: string;
  readonly stage: Stage;
}

interface Problem {
  readonly index: number;
  readonly how: Break;
  readonly words: string;
}

/** Verifies an export line by line, in memory that grows with the number of chains. */
export class ExportWalk {
  readonly #chains = new Map<string, Chain>();
  /** Missing entries by chain position: one that a later line supplies was moved, another one deleted. */
  readonly #missing = new Map<string, number>();
  readonly #tree = new RunningRoot();
  readonly #heldAt: ReadonlyMap<number, readonly TreeHead[]>;
  readonly #held: readonly TreeHead[];
  /** Ranges with a wrong root, and a wrong number of entries: less specific than a wrong entry. */
  readonly #rewritten: Problem[] = [];
  #wrongSize: Problem | null = null;
  #problem: Problem | null = null;
  #gap: { readonly problem: Problem; readonly missing: string } | null = null;
  #wasMoved = false;
  #checkpointProblem: string | null = null;
  #lastGood = 0;
  #unknown = 0;

  constructor(held: readonly TreeHead[]) {
    this.#held = held;
    this.#heldAt = Map.groupBy(held, ({ size }) => size) as ReadonlyMap<number, readonly TreeHead[]>;
    this.#compareHeld();
  }

  /** After a malformed line, the indexes of all further lines are unknown. */
  get isUnreadable(): boolean {
    return this.#problem?.how === "malformed";
  }

  addEntry(value: Json | null): void {
    const index = this.#tree.size;
    const shaped = isJsonObject(value) ? ENTRY(member(value, "entry"), "entry") : null;
    const isAlone = isJsonObject(value) && Object.keys(value).length === 2;
    if (shaped === null || !shaped.ok || !isAlone) {
      this.#recordFirst({ index, how: "malformed", words: `The line of entry ${index} is not an entry.` });
      return;
    }
    const entry = shaped.value;
    const claimed = isJsonObject(value) ? numberMember(value, "index") : null;
    const label = `Entry ${index} (${quoted(entry.intent)} ${entry.seq}, ${quoted(entry.event)})`;
    this.#link(entry, index, label);
    if (claimed !== index) this.#recordWrongIndex(claimed, index, label);
    this.#tree.add(leafOf(entry));
    this.#compareHeld();
  }

  #link(entry: BundleEntry, index: number, label: string): void {
    const { intent, seq, hash, prev, body } = entry;
    if (hashEntry(entry) !== hash) {
      this.#recordFirst({ index, how: "edited", words: `${label} was edited: its hash does not match.` });
    }
    const parsedBody = readCanonical(body);
    if (parsedBody === null) {
      this.#recordFirst({
        index,
        how: "malformed",
        words: `${label} has a body that is not canonical JSON.`,
      });
    }
    if (this.#missing.delete(`${seq} ${intent}`) && this.#gap?.missing === `${seq} ${intent}`) {
      this.#wasMoved = true;
      return;
    }
    const chain = this.#chains.get(intent) ?? { seq: 0, hash: GENESIS, stage: "start" };
    if (seq <= chain.seq) {
      this.#recordFirst({ index, how: "repeated", words: `${label} repeats a number of its chain.` });
      return;
    }
    if (seq > chain.seq + 1) {
      const missing = `${chain.seq + 1} ${intent}`;
      this.#missing.set(missing, index);
      const words = `${label}: the entry before it in its chain`;
      this.#gap ??= { problem: { index, how: "deleted", words }, missing };
    } else if (prev !== chain.hash) {
      this.#recordFirst({
        index,
        how: "re-chained",
        words: `${label} is not linked to the entry before it in its chain.`,
      });
    }
    this.#chains.set(intent, { seq, hash, stage: this.#stage(chain, entry, parsedBody ?? {}, index, label) });
  }

  /** Only an intent's chain has a state machine; others, such as the registry's, are plain lists. */
  #stage(
    { seq: before, stage }: Chain,
    { intent, seq, event }: BundleEntry,
    body: JsonObject,
    index: number,
    label: string,
  ): Stage {
    if (!intent.startsWith("int_")) return "start";
    const next = stageAfter(stage, event, body);
    if (next === "unknown") this.#unknown += 1;
    if (next === null && seq === before + 1) {
      this.#recordFirst({
        index,
        how: "impossible",
        words: `${label} is not allowed after the entries before it.`,
      });
    }
    return next === null || next === "unknown" ? stage : next;
  }

  #recordWrongIndex(claimed: number | null, index: number, label: string): void {
    if (claimed !== null && claimed > index) {
      const words = `${label} states the index ${claimed}: an entry before it`;
      this.#gap ??= { problem: { index, how: "deleted", words }, missing: "" };
      return;
    }
    this.#recordFirst({ index, how: "reordered", words: `${label} states the index ${claimed ?? "none"}.` });
  }

  async addCheckpoint(
    note: string,
    keys: readonly LogKey[],
    origin: string | null,
    verify: VerifyEd25519,
  ): Promise<TreeHead | null> {
    const size = this.#tree.size;
    const opened = await openTreeHead(note, keys, verify);
    if (opened.state !== "signed") {
      this.#checkpointProblem ??= "A checkpoint of the export is not signed by a known key.";
      this.#recordFirst({ index: size, how: "forged", words: this.#checkpointProblem });
      return null;
    }
    const { head, signer } = opened;
    if (head.origin !== (origin ?? signer)) {
      this.#checkpointProblem ??= `A checkpoint is of the log ${quoted(head.origin)}, not of ${quoted(origin ?? signer)}.`;
      this.#recordFirst({ index: size, how: "forged", words: this.#checkpointProblem });
      return null;
    }
    if (head.size > size) {
      const words = `The checkpoint covers ${head.size} entries, and there are ${size}: entries were cut off or removed.`;
      this.#wrongSize ??= { index: size, how: "truncated", words };
      return null;
    }
    if (head.size < size) {
      const words = `The checkpoint covers ${head.size} entries, and there are ${size}: entries were inserted.`;
      this.#wrongSize ??= { index: head.size, how: "rewritten", words };
      return null;
    }
    if (!isEqual(head.root, this.#tree.root())) {
      this.#recordRewrite(size, "the signed tree");
      return null;
    }
    this.#lastGood = size;
    return head;
  }

  /** An attacker who rewrites entries can recompute every hash and link, but not the signed root. */
  #recordRewrite(size: number, what: string): void {
    const words = `The entries ${this.#lastGood} to ${size - 1} are not those of ${what}: they were rewritten or swapped.`;
    this.#rewritten.push({ index: this.#lastGood, how: "rewritten", words });
  }

  #compareHeld(): void {
    const size = this.#tree.size;
    for (const { root } of this.#heldAt.get(size) ?? []) {
      if (isEqual(root, this.#tree.root())) this.#lastGood = size;
      else this.#recordRewrite(size, "a stored checkpoint");
    }
  }

  #recordFirst(problem: Problem): void {
    this.#problem ??= problem;
  }

  report(head: TreeHead | null, heldProblem: string | null, heldCount: number): ExportReport {
    const size = this.#tree.size;
    if (head === null) {
      const words = "The export does not end with a checkpoint of its entries.";
      this.#wrongSize ??= { index: size, how: "truncated", words };
    }
    const later = this.#held.find((entry) => entry.size > size);
    if (later !== undefined) {
      const words = `A stored checkpoint covers ${later.size} entries, and the export ends after ${size}.`;
      this.#wrongSize ??= { index: size, how: "truncated", words };
    }
    const first = this.#earliest();
    const findings = [
      first === null
        ? holds(
            "entries",
            `All ${size} entries have the hash that they state, in ${this.#chains.size} unbroken chains.`,
          )
        : fails("entries", `${first.how}: ${first.words}`),
      this.#unknown === 0
        ? holds("events", "Every event is known.")
        : notShown("events", `${this.#unknown} entries have events that this verifier does not know.`),
      head === null
        ? fails(
            "checkpoint",
            this.#checkpointProblem ?? this.#rewritten[0]?.words ?? "No checkpoint covers the whole export.",
          )
        : holds(
            "checkpoint",
            `The log ${quoted(head.origin)} of ${head.size} entries is signed, and the export is that log.`,
          ),
      ...this.#heldFinding(heldProblem, heldCount, later),
    ];
    const broken = first === null ? null : { index: first.index, how: first.how };
    return { findings, broken, entries: size, intents: this.#chains.size, head };
  }

  #heldFinding(problem: string | null, count: number, later: TreeHead | undefined): readonly Finding[] {
    if (count === 0) return [];
    if (problem !== null) return [fails("held", problem)];
    if (later !== undefined) return [fails("held", "The export ends before a stored checkpoint.")];
    return this.#rewritten.length > 0
      ? [fails("held", this.#rewritten[0]?.words ?? "")]
      : [holds("held", `The log extends all ${count} stored checkpoints.`)];
  }

  /** The first problem; a wrong entry is more specific than a wrong root, so it has precedence. */
  #earliest(): Problem | null {
    const gap = this.#gap?.problem ?? null;
    if (gap === null || (this.#problem !== null && this.#problem.index < gap.index)) {
      return this.#problem ?? this.#rewritten[0] ?? this.#wrongSize;
    }
    return this.#wasMoved || this.#problem?.how === "reordered"
      ? { ...gap, how: "reordered", words: `${gap.words} comes later in the export.` }
      : { ...gap, words: `${gap.words} is missing.` };
  }
}
