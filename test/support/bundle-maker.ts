import { createPrivateKey, createPublicKey, sign as signBytes } from "node:crypto";
import { bytesToHex, utf8ToBytes } from "@noble/hashes/utils.js";
import { toBase64Url } from "../../src/core/base/base64url.ts";
import { sha256Hex } from "../../src/core/base/digest.ts";
import type { Outcome } from "../../src/core/policy/decision.ts";
import type { IntentCommand } from "../../src/core/intent/command.ts";
import { draftEntries, factsNote, notesOf } from "../../src/core/intent/entries.ts";
import { GATE, type RecordedEvent } from "../../src/core/intent/event.ts";
import { handle } from "../../src/core/intent/handle.ts";
import { intentDigest } from "../../src/core/intent/intent-digest.ts";
import { ORDER_TYPE, orderClaims } from "../../src/core/intent/order-jwt.ts";
import { openingEvents } from "../../src/core/intent/propose.ts";
import { recheckedBy } from "../../src/core/intent/recheck.ts";
import { currentOrder, type IntentState, type IntentTerms } from "../../src/core/intent/state.ts";
import { canonicalJson, type Json } from "../../src/core/base/json.ts";
import { chain, EMPTY_HEAD, type Entry } from "../../src/core/ledger/entry.ts";
import { toBase64 } from "../../src/core/base/base64.ts";
import { formatCheckpoint } from "../../src/core/tlog/checkpoint.ts";
import { leafBytes } from "../../src/core/tlog/leaf.ts";
import { encodeVkey, noteKey, signNote, type NoteKey } from "../../src/core/tlog/signed-note.ts";
import { consistencyProof, inclusionProof } from "../../src/core/tlog/proofs.ts";
import {
  append,
  EMPTY_FRONTIER,
  frontierOf,
  leafHash,
  rootOf,
  type HashAt,
} from "../../src/core/tlog/tree.ts";
import { writeForDigest, type HttpWrite } from "../../src/core/outbound/http-write.ts";
import type { Bundle } from "../../verifier/bundle.ts";
import type { TrustedKeys } from "../../verifier/keys.ts";
import {
  approvalBy,
  approveBy,
  decisionOf,
  fold,
  inForceOf,
  MINUTE_MS,
  rejectBy,
  supersedeBy,
  T0,
  termsWith,
  voterNamed,
} from "./intent-fixtures.ts";

/*
 * Evidence made by the code that writes it, for the code that checks it: intents taken through their lives by
 * the real state machine, chained, sealed into a tree, signed.
 */

export type Mutable<T> = T extends object ? { -readonly [K in keyof T]: Mutable<T[K]> } : T;

export const ORIGIN = "gate.example/log";
export const SIGNER = signerOf(ORIGIN, 1);
export const STRANGER = signerOf(ORIGIN, 2);

/** A worker's key. */
export const REPORTER = signerOf("runner.example", 5);

export const TRUSTED: TrustedKeys = { vkeys: [SIGNER.vkey], jwks: [SIGNER.jwk], reporters: [REPORTER.jwk.x] };

const MAC_KEY = new Uint8Array(32).fill(3);
const TEXTS = { crm: "id: crm\ndestinations: [salesforce.import]\n", legal: "id: légal\n# €\n" } as const;

export interface Signer {
  readonly key: NoteKey;
  readonly vkey: string;
  readonly jwk: TrustedKeys["jwks"][number];
  sign(message: Uint8Array): Promise<Uint8Array>;
}

export function signerOf(name: string, seed: number): Signer {
  const pkcs8 = Buffer.concat([
    Buffer.from("302e020100300506032b657004220420", "hex"),
    new Uint8Array(32).fill(seed),
  ]);
  const secret = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(secret).export({ format: "der", type: "spki" });
  const publicKey = new Uint8Array(spki.subarray(-32));
  const key = noteKey(name, publicKey);
  const x = toBase64Url(publicKey);
  return {
    key,
    vkey: encodeVkey(key),
    jwk: { kty: "OKP", crv: "Ed25519", x, kid: `key-${seed}`, alg: "EdDSA", use: "sig" },
    sign: async (message) => new Uint8Array(signBytes(null, message, secret)),
  };
}

/** One intent as stored: its ledger entries, and the records that only its object has. */
export interface Life {
  readonly terms: IntentTerms;
  readonly entries: readonly Entry[];
  readonly notes: readonly { readonly seq: number; readonly kind: string; readonly text: string }[];
  readonly salt: Uint8Array;
  readonly payload: Uint8Array;
  readonly orders: readonly { readonly order: string; readonly jws: string }[];
  readonly outcome: Outcome;
  /** The request that Gate sends, in the form that the digest covers. */
  readonly request: string | null;
}

type Step = (terms: IntentTerms, state: IntentState) => IntentCommand | Promise<IntentCommand>;

export const approvedBy =
  (person: string, note: string | null = `fine by ${person}`): Step =>
  (terms) =>
    approveBy(voterNamed(person), { digest: null, note, bindings: inForceOf(terms) });

/** `acting` gives the vote of `person`, who let them; what is named as lapsed holds no longer. */
export const approvedFor =
  (person: string, acting: string, lapsed: readonly string[] = []): Step =>
  (terms) => {
    const voter = voterNamed(person, { acting, principal: `rev_${acting}`, mandate: `dlg_${acting}` });
    return approveBy(voter, { digest: null, bindings: inForceOf(terms), lapsed });
  };

export const refusedBy =
  (person: string): Step =>
  () =>
    rejectBy(voterNamed(person), { digest: null, link: `lnk_${person}` });

export const changedBy =
  (person: string): Step =>
  (terms) =>
    supersedeBy(voterNamed(person), { digest: terms.digest });

export const waited: Step = () => ({ type: "tick" });

export const ordered: Step = (terms) => ({
  type: "order",
  agent: terms.agent,
  mode: "runner",
  bindings: inForceOf(terms),
});

export const claimed: Step = (terms, state) => ({
  type: "claim",
  order: currentOrder(state)?.id ?? "",
  by: terms.agent,
  bindings: inForceOf(terms),
});

export const reported =
  (outcome: "succeeded" | "failed" | "indeterminate", retryable = false): Step =>
  (terms, state) => ({
    type: "report",
    order: currentOrder(state)?.id ?? "",
    by: terms.agent,
    outcome,
    retryable,
    executedAt: T0,
    result: '{"rows":40,"näme":"€ 😀"}',
    proof: null,
  });

/** A success that the worker signed. */
export const reportedSigned: Step = async (terms, state) => {
  const order = currentOrder(state)?.id ?? "";
  const claims = { order, intent_digest: terms.digest, outcome: "succeeded", provider_reference: "sf-1" };
  const proof = await jwsOf(claims, { typ: "gate-report+jwt" }, REPORTER);
  return { ...(await reported("succeeded")(terms, state)), proof } as IntentCommand;
};

/** The rules changed, and policy makes this of the intent now; the maker of the life computes the digest. */
export const rechecked =
  (outcome: Outcome, change: Partial<IntentTerms> = {}): Step =>
  (before, state) => {
    const decision = decisionOf(outcome, { reasonCode: "rules_changed" });
    const configHash = sha256Hex(before.configHash);
    const terms = { ...before, configHash, ...change, outcome, reasonCode: decision.reasonCode };
    return {
      type: "recheck",
      digest: state.terms.digest,
      terms,
      ...recheckedBy(decision),
    };
  };

/** Gate orders and claims the write. */
export const begun: Step = (terms) => ({ type: "begin", bindings: inForceOf(terms) });

export const unsent: Step = (_terms, state) => ({
  type: "unclaim",
  order: currentOrder(state)?.id ?? "",
  undone: currentOrder(state)?.undone?.count ?? 0,
});

export const sent =
  (outcome: "succeeded" | "failed" | "indeterminate", retryable = false): Step =>
  async (terms, state) =>
    ({ ...(await reported(outcome, retryable)(terms, state)), by: GATE, executedAt: null }) as IntentCommand;

export const revoked: Step = () => ({ type: "revoke", by: "adm_1", note: "stop" });

const number = (n: number) => String(n).padStart(43, "A");

/** Takes an intent through its life, a minute per step. */
export async function live(
  n: number,
  outcome: Outcome,
  steps: readonly Step[],
  change: Partial<IntentTerms> = {},
  http: HttpWrite | null = null,
): Promise<Life> {
  const salt = new Uint8Array(32).fill(n % 251);
  const payload = utf8ToBytes(`{"leads":[${n}]}`);
  const decision = decisionOf(outcome);
  const policies = [
    { id: "crm", hash: sha256Hex(TEXTS.crm), meaning: "a1".repeat(32) },
    { id: "legal", hash: sha256Hex(TEXTS.legal), meaning: "b1".repeat(32) },
  ];
  const base = termsWith({
    id: `int_${number(n)}`,
    outcome,
    policies,
    payloadDigest: sha256Hex(payload),
    ...change,
  });
  const quorum = (policy: string, require: number) => ({ policy, require, groups: [], people: [] });
  const approval = { ...base.approval, require: 2, quorums: [quorum("crm", 2), quorum("legal", 1)] };
  const digested = (evaluated: IntentTerms): IntentTerms => {
    const bound = { payloadName: null, http, facts: decision.facts, salt: bytesToHex(salt) };
    return { ...evaluated, digest: intentDigest({ ...evaluated, ...bound }) };
  };
  const terms = digested({ ...base, approval: change.approval ?? approval });
  const facts: RecordedEvent[] = [...openingEvents(terms, decision)];
  const orders: { readonly order: string; readonly jws: string }[] = [];
  let state = fold(facts);
  for (const [at, step] of steps.entries()) {
    const written = await step(state.terms, state);
    const command = written.type === "recheck" ? { ...written, terms: digested(written.terms) } : written;
    const done = handle(state, command, T0 + (at + 1) * MINUTE_MS);
    if (done.refusal !== null) throw new Error(`step ${at}: ${done.refusal.reason}`);
    facts.push(...done.events);
    state = done.state;
    const order = currentOrder(state);
    if (order !== undefined && !orders.some((known) => known.order === order.id)) {
      orders.push({
        order: order.id,
        jws: await jwsOf(orderClaims("gate.example", state.terms, order, null)),
      });
    }
  }
  const eventNotes = facts.flatMap(({ event }, at) =>
    notesOf(event).map((note) => ({ seq: at + 1, ...note })),
  );
  const notes = [factsNote(decision), ...eventNotes];
  const drafts = draftEntries(terms, facts, salt);
  return {
    terms,
    entries: chain(terms.id, EMPTY_HEAD, drafts, MAC_KEY),
    notes,
    salt,
    payload,
    orders,
    outcome,
    request: http === null ? null : canonicalJson(writeForDigest(http)),
  };
}

export async function jwsOf(claims: object, header: object = {}, signer = SIGNER): Promise<string> {
  const head = { alg: "EdDSA", typ: ORDER_TYPE, kid: signer.jwk.kid, ...header };
  const signed = [head, claims].map((part) => toBase64Url(utf8ToBytes(JSON.stringify(part)))).join(".");
  return `${signed}.${toBase64Url(await signer.sign(utf8ToBytes(signed)))}`;
}

/** A life whose payload was destroyed. */
export function erased(life: Life): Life {
  const last = life.entries.at(-1);
  if (last === undefined) throw new Error("no entries");
  const body = canonicalJson({ ...evaluationIn(last), why: "requested", note: null });
  const draft = { event: "payload_erased", actor: "adm_1", at: last.at + 1, body };
  return { ...life, entries: [...life.entries, ...chain(life.terms.id, last, [draft], MAC_KEY)] };
}

/** What every entry names of the evaluation that it follows. */
function evaluationIn({ body }: Entry): Record<string, Json> {
  const { v, intent_digest, policy_hashes } = JSON.parse(body) as Record<string, Json>;
  return {
    ...(v !== undefined && { v }),
    intent_digest: intent_digest ?? null,
    policy_hashes: policy_hashes ?? null,
  };
}

/** The same life with this many repeats of its key at the end, an entry each. */
export function repeatedOften(life: Life, times: number): Life {
  const last = life.entries.at(-1);
  if (last === undefined) throw new Error("no entries");
  const body = canonicalJson({ ...evaluationIn(last), count: 1 });
  const drafts = Array.from({ length: times }, (_, at) => {
    return { event: "duplicate_blocked", actor: "agt_1", at: last.at + at, body };
  });
  return { ...life, entries: [...life.entries, ...chain(life.terms.id, last, drafts, MAC_KEY)] };
}

/** A sealed log. */
export class MadeLog {
  readonly entries: readonly Entry[];
  readonly #hashes = new Map<string, Uint8Array>();
  readonly #indexes: ReadonlyMap<string, number>;

  constructor(entries: readonly Entry[]) {
    this.entries = entries;
    this.#indexes = new Map(entries.map(({ hash }, index) => [hash, index]));
    let frontier = EMPTY_FRONTIER;
    for (const entry of entries) {
      const bytes = leafBytes(entry);
      if (!bytes.ok) throw new Error(bytes.error);
      const appended = append(frontier, leafHash(bytes.value));
      frontier = appended.frontier;
      for (const { level, index, hash } of appended.completed) this.#hashes.set(`${level}/${index}`, hash);
    }
  }

  readonly hashAt: HashAt = (level, index) => {
    const hash = this.#hashes.get(`${level}/${index}`);
    if (hash === undefined) throw new Error(`${level}/${index}`);
    return hash;
  };

  checkpoint(size = this.entries.length, signer = SIGNER, origin = ORIGIN): Promise<string> {
    const root = rootOf(frontierOf(size, this.hashAt));
    return signNote(formatCheckpoint({ origin, size, root }), signer.key, signer.sign);
  }

  consistency(from: number, to = this.entries.length): readonly string[] {
    return consistencyProof(from, to, this.hashAt).map(toBase64);
  }

  async bundle(life: Life, size = this.entries.length): Promise<Mutable<Bundle>> {
    const inclusion = life.entries.flatMap(({ hash, seq }) => {
      const index = this.#indexes.get(hash);
      return index === undefined || index >= size
        ? []
        : [{ seq, index, proof: inclusionProof(index, size, this.hashAt).map(toBase64) }];
    });
    const isErased = life.entries.some(({ event }) => event === "payload_erased");
    const bundle: Bundle = {
      format: "gate-evidence/v1",
      intent: life.terms.id,
      erased: isErased,
      entries: life.entries.map(bare),
      log: inclusion.length === 0 ? null : { checkpoint: await this.checkpoint(size), inclusion },
      keys: { vkeys: [SIGNER.vkey], jwks: { keys: [SIGNER.jwk] } },
      policies: life.terms.policies.map(({ id, hash }) => ({
        id,
        hash,
        text: TEXTS[id as keyof typeof TEXTS],
      })),
      decision: { outcome: life.outcome, reason_code: decisionOf(life.outcome).reasonCode },
      disclosed: isErased
        ? null
        : {
            salt: bytesToHex(life.salt),
            payload: { digest: life.terms.payloadDigest, name: null, base64: toBase64(life.payload) },
            request: life.request ?? undefined,
            notes: life.notes.map(({ seq, kind, text }) => ({ seq, kind: kind as "note", text })),
          },
      orders: isErased ? [] : [...life.orders],
      // Nothing proves a name, so bundles of attacks have none.
      names: undefined,
    };
    return structuredClone(bundle) as Mutable<Bundle>;
  }

  /** NDJSON lines, with a checkpoint after each of these sizes. */
  async export(...sizes: readonly number[]): Promise<string[]> {
    const lines: string[] = [];
    for (const [index, entry] of this.entries.entries()) {
      lines.push(JSON.stringify({ index, entry: bare(entry) }));
      if (sizes.includes(index + 1)) {
        lines.push(JSON.stringify({ checkpoint: await this.checkpoint(index + 1) }));
      }
    }
    return lines;
  }
}

/** An entry as it leaves Gate. */
export function bare({ intent, seq, event, actor, at, body, prev, hash }: Entry): Bundle["entries"][number] {
  return { intent, seq, event, actor, at, body, prev, hash };
}

/** Turns of all chains, one entry each, as a busy log has them. */
export function interleaved(lives: readonly Life[]): readonly Entry[] {
  const longest = Math.max(...lives.map(({ entries }) => entries.length));
  return Array.from({ length: longest }, (_, at) =>
    lives.flatMap(({ entries }) => entries.slice(at, at + 1)),
  ).flat();
}

/** Held, approved by two, ordered, failed, ordered again, claimed, executed. */
export function fullLife(n: number): Promise<Life> {
  return live(n, "hold", [
    approvedBy("ana"),
    approvedBy("ben", null),
    ordered,
    reported("failed", true),
    ordered,
    claimed,
    reportedSigned,
  ]);
}

/**
 * Held where two rejections decide: one vote lapses, a delegate votes for another person, one person rejects; then
 * approved and executed. A reviewer's edit of its predecessor created it.
 */
export function debatedLife(n: number): Promise<Life> {
  return live(
    n,
    "hold",
    [
      approvedBy("ana"),
      approvedFor("ben", "cleo", ["rev_ana"]),
      refusedBy("eve"),
      approvedBy("dora"),
      ordered,
      reported("succeeded"),
    ],
    {
      approval: { ...approvalBy({ policy: "crm", require: 2, groups: [], people: [] }), rejections: 2 },
      predecessor: `int_${number(999)}`,
      editor: "ada",
      excluded: ["agt_1", "ada"],
    },
  );
}

/** Lives with every command of people besides approval. */
export async function debatedLives(): Promise<readonly Life[]> {
  const minutes = (decideIn: number) => ({ decideBy: T0 + decideIn * MINUTE_MS });
  const escalate = [{ afterMinutes: 5, to: "leads" }];
  return [
    await debatedLife(101),
    await live(102, "hold", [approvedBy("ana"), refusedBy("ana")]),
    await live(103, "hold", [changedBy("ana")], { edit: { allow: true, editorMayApprove: false } }),
    await live(
      104,
      "hold",
      Array.from({ length: 12 }, () => waited),
      { ...minutes(10), escalate },
    ),
    await live(
      105,
      "hold",
      Array.from({ length: 12 }, () => waited),
      {
        ...minutes(5),
        escalate,
        onNoResponse: "escalate",
      },
    ),
  ];
}

/** The rules changed while it waited, or after its approval. */
export async function recheckedLives(): Promise<readonly Life[]> {
  const [crm, legal] = ["crm", "legal"].map((id) => ({
    id,
    hash: "0a".repeat(32),
    meaning: "0b".repeat(32),
  }));
  const one = { approval: approvalBy({ policy: "crm", require: 1, groups: [], people: [] }) };
  const stricter = { policies: [crm, legal].filter((policy) => policy !== undefined) };
  const done = [ordered, reported("succeeded")];
  return [
    await live(111, "hold", [
      approvedBy("ana"),
      rechecked("hold", stricter),
      approvedBy("ana"),
      approvedBy("ben"),
      ...done,
    ]),
    await live(112, "approve", [rechecked("approve", stricter), ...done]),
    await live(113, "approve", [rechecked("hold", stricter), approvedBy("ana"), approvedBy("ben"), ...done]),
    await live(
      114,
      "hold",
      [approvedBy("ana"), rechecked("hold", stricter), approvedBy("ben"), ...done],
      one,
    ),
    await live(115, "hold", [rechecked("block"), rechecked("hold", one), approvedBy("ana"), ...done]),
    await live(116, "hold", [rechecked("block"), ...Array.from({ length: 70 }, () => waited)]),
  ];
}

const REQUEST: HttpWrite = {
  method: "POST",
  url: "https://api.example.com/v1/leads?source=gate",
  headers: [["content-type", "application/json"]],
  slot: { in: "header", name: "authorization" },
  idempotencyHeader: "idempotency-key",
};

/** Writes that Gate sent itself: at once, at the second attempt, after an answer that was none, and not at all. */
export async function sentLives(): Promise<readonly Life[]> {
  const terms = { executor: "forward", sending: "by_gate" } as const;
  const repeatable = { ...terms, idempotent: true };
  return Promise.all([
    live(61, "approve", [begun, sent("succeeded")], terms, REQUEST),
    live(62, "approve", [begun, unsent, begun, sent("failed")], terms, REQUEST),
    live(63, "hold", [approvedBy("ana"), approvedBy("ben"), begun, sent("indeterminate")], terms, REQUEST),
    live(64, "approve", [begun, sent("failed", true), begun, sent("succeeded")], repeatable, REQUEST),
    live(65, "approve", [begun, unsent, revoked], terms, { ...REQUEST, slot: null, headers: [] }),
  ]);
}

/** Some of every kind. */
export async function someLives(): Promise<readonly Life[]> {
  return [
    await fullLife(1),
    await live(2, "approve", [ordered, reported("succeeded")]),
    await live(3, "block", []),
    await live(4, "hold", [approvedBy("ana"), approvedBy("ben"), revoked]),
    await live(5, "hold", []),
    await live(6, "approve", [ordered, claimed, reported("indeterminate")]),
    erased(await fullLife(7)),
  ];
}
