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

/** What was done to an export, as far as it can be told from it. */
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
  /** `entries`, `chains`, `events`, `tree`, `checkpoint`, and `held` where tree heads were handed in. */
  readonly findings: readonly Finding[];
  /** The first thing that is wrong; null: nothing is. */
  readonly broken: { readonly index: number; readonly how: Break } | null;
  readonly entries: number;
  readonly intents: number;
  /** The size and root the export proves; null when it proves none. */
  readonly head: TreeHead | null;
}

interface Chain {
  readonly seq: number;
  readonly hash: string;
  readonly stage: Stage;
}

interface Trouble {
  readonly index: number;
  readonly how: Break;
  readonly words: string;
}

/** What has been seen of an export so far. */
export class ExportWalk {
  readonly #chains = new Map<string, Chain>();
  /** Gaps that a later line may turn out to be: then it was moved, else it is gone. */
  readonly #missing = new Map<string, number>();
  readonly #tree = new RunningRoot();
  readonly #heldAt: ReadonlyMap<number, readonly TreeHead[]>;
  readonly #held: readonly TreeHead[];
  /** Ranges that a root shows to be wrong, and a number of entries that is: less telling than an entry. */
  readonly #rewritten: Trouble[] = [];
  #cut: Trouble | null = null;
  #trouble: Trouble | null = null;
  #gap: { readonly trouble: Trouble; readonly missing: string } | null = null;
  #wasMoved = false;
  #checkpointProblem: string | null = null;
  #lastGood = 0;
  #unknown = 0;

  constructor(held: readonly TreeHead[]) {
    this.#held = held;
    this.#heldAt = Map.groupBy(held, ({ size }) => size) as ReadonlyMap<number, readonly TreeHead[]>;
    this.#compareHeld();
  }

  /** After an unreadable line nothing that follows has a place. */
  get isHopeless(): boolean {
    return this.#trouble?.how === "malformed";
  }

  take(value: Json | null): void {
    const index = this.#tree.size;
    const shaped = isJsonObject(value) ? ENTRY(member(value, "entry"), "entry") : null;
    const isAlone = isJsonObject(value) && Object.keys(value).length === 2;
    if (shaped === null || !shaped.ok || !isAlone) {
      this.#first({ index, how: "malformed", words: `Line of entry ${index}: this is no entry.` });
      return;
    }
    const entry = shaped.value;
    const claimed = isJsonObject(value) ? numberMember(value, "index") : null;
    const place = `Entry ${index} (${quoted(entry.intent)} ${entry.seq}, ${quoted(entry.event)})`;
    this.#link(entry, index, place);
    if (claimed !== index) this.#misplaced(claimed, index, place);
    this.#tree.add(leafOf(entry));
    this.#compareHeld();
  }

  #link(entry: BundleEntry, index: number, place: string): void {
    const { intent, seq, hash, prev, body } = entry;
    if (hashEntry(entry) !== hash) {
      this.#first({ index, how: "edited", words: `${place} was edited: its hash is another.` });
    }
    const content = readCanonical(body);
    if (content === null) {
      this.#first({ index, how: "malformed", words: `${place} has a body that is not canonical JSON.` });
    }
    if (this.#missing.delete(`${seq} ${intent}`) && this.#gap?.missing === `${seq} ${intent}`) {
      this.#wasMoved = true;
      return;
    }
    const chain = this.#chains.get(intent) ?? { seq: 0, hash: GENESIS, stage: "start" };
    if (seq <= chain.seq) {
      this.#first({ index, how: "repeated", words: `${place} has a number that its chain had before.` });
      return;
    }
    if (seq > chain.seq + 1) {
      const missing = `${chain.seq + 1} ${intent}`;
      this.#missing.set(missing, index);
      const words = `${place}: the entry before it in its chain`;
      this.#gap ??= { trouble: { index, how: "deleted", words }, missing };
    } else if (prev !== chain.hash) {
      this.#first({
        index,
        how: "re-chained",
        words: `${place} was linked to another entry than the one before it.`,
      });
    }
    this.#chains.set(intent, { seq, hash, stage: this.#stage(chain, entry, content ?? {}, index, place) });
  }

  /** Chains of intents are lives, which begin with a proposal; others, such as the registry's, are lists. */
  #stage(
    { seq: before, stage }: Chain,
    { intent, seq, event }: BundleEntry,
    body: JsonObject,
    index: number,
    place: string,
  ): Stage {
    if (!intent.startsWith("int_")) return "start";
    const next = stageAfter(stage, event, body);
    if (next === "unknown") this.#unknown += 1;
    if (next === null && seq === before + 1) {
      this.#first({ index, how: "impossible", words: `${place} can't come where it stands.` });
    }
    return next === null || next === "unknown" ? stage : next;
  }

  #misplaced(claimed: number | null, index: number, place: string): void {
    if (claimed !== null && claimed > index) {
      const words = `${place} says it is entry ${claimed}: something before it`;
      this.#gap ??= { trouble: { index, how: "deleted", words }, missing: "" };
      return;
    }
    this.#first({ index, how: "reordered", words: `${place} says it is entry ${claimed ?? "nowhere"}.` });
  }

  async close(
    note: string,
    keys: readonly LogKey[],
    origin: string | null,
    verify: VerifyEd25519,
  ): Promise<TreeHead | null> {
    const size = this.#tree.size;
    const opened = await openTreeHead(note, keys, verify);
    if (opened.state !== "signed") {
      this.#checkpointProblem ??= "A checkpoint of the export is not signed by a key in hand.";
      this.#first({ index: size, how: "forged", words: this.#checkpointProblem });
      return null;
    }
    const { head, signer } = opened;
    if (head.origin !== (origin ?? signer)) {
      this.#checkpointProblem ??= `A checkpoint is of the log ${quoted(head.origin)}, not of ${quoted(origin ?? signer)}.`;
      this.#first({ index: size, how: "forged", words: this.#checkpointProblem });
      return null;
    }
    if (head.size > size) {
      const words = `The checkpoint is of ${head.size} entries, and there are ${size}: entries were cut off or taken out.`;
      this.#cut ??= { index: size, how: "truncated", words };
      return null;
    }
    if (head.size < size) {
      const words = `The checkpoint is of ${head.size} entries, and there are ${size}: entries were put in.`;
      this.#cut ??= { index: head.size, how: "rewritten", words };
      return null;
    }
    if (!isEqual(head.root, this.#tree.root())) {
      this.#differs(size, "the signed tree");
      return null;
    }
    this.#lastGood = size;
    return head;
  }

  /** Every hash and link may be made anew by whoever rewrites; the signed root can't. */
  #differs(size: number, what: string): void {
    const words = `The entries ${this.#lastGood} to ${size - 1} are not those of ${what}: they were rewritten or swapped.`;
    this.#rewritten.push({ index: this.#lastGood, how: "rewritten", words });
  }

  #compareHeld(): void {
    const size = this.#tree.size;
    for (const { root } of this.#heldAt.get(size) ?? []) {
      if (isEqual(root, this.#tree.root())) this.#lastGood = size;
      else this.#differs(size, "a checkpoint that was kept");
    }
  }

  #first(trouble: Trouble): void {
    this.#trouble ??= trouble;
  }

  report(head: TreeHead | null, heldProblem: string | null, heldCount: number): ExportReport {
    const size = this.#tree.size;
    if (head === null) {
      const words = "The export does not end with a checkpoint that fits it.";
      this.#cut ??= { index: size, how: "truncated", words };
    }
    const later = this.#held.find((entry) => entry.size > size);
    if (later !== undefined) {
      const words = `A checkpoint that was kept is of ${later.size} entries, and the export ends after ${size}.`;
      this.#cut ??= { index: size, how: "truncated", words };
    }
    const first = this.#earliest();
    const findings = [
      first === null
        ? holds(
            "entries",
            `All ${size} entries hash to what they claim, in ${this.#chains.size} unbroken chains.`,
          )
        : fails("entries", `${first.how}: ${first.words}`),
      this.#unknown === 0
        ? holds("events", "Every kind of event is known.")
        : notShown("events", `${this.#unknown} entries are of kinds that this verifier does not know.`),
      head === null
        ? fails(
            "checkpoint",
            this.#checkpointProblem ?? this.#rewritten[0]?.words ?? "No checkpoint covers the whole export.",
          )
        : holds(
            "checkpoint",
            `The log ${quoted(head.origin)} of ${head.size} entries is signed, and these are they.`,
          ),
      ...this.#heldFinding(heldProblem, heldCount, later),
    ];
    const broken = first === null ? null : { index: first.index, how: first.how };
    return { findings, broken, entries: size, intents: this.#chains.size, head };
  }

  #heldFinding(problem: string | null, count: number, later: TreeHead | undefined): readonly Finding[] {
    if (count === 0) return [];
    if (problem !== null) return [fails("held", problem)];
    if (later !== undefined) return [fails("held", "The export ends before a checkpoint that was kept.")];
    return this.#rewritten.length > 0
      ? [fails("held", this.#rewritten[0]?.words ?? "")]
      : [holds("held", `The log grew out of all ${count} checkpoints that were kept.`)];
  }

  /** What went wrong first; an entry that is wrong in itself says more than a root that differs. */
  #earliest(): Trouble | null {
    const gap = this.#gap?.trouble ?? null;
    if (gap === null || (this.#trouble !== null && this.#trouble.index < gap.index)) {
      return this.#trouble ?? this.#rewritten[0] ?? this.#cut;
    }
    return this.#wasMoved || this.#trouble?.how === "reordered"
      ? { ...gap, how: "reordered", words: `${gap.words} comes later in the export.` }
      : { ...gap, words: `${gap.words} is missing.` };
  }
}
