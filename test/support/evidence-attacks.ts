import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalJson, type JsonObject } from "../../src/core/base/json.ts";
import type { Bundle, BundleEntry } from "../../verifier/bundle.ts";
import { hashEntry, leafOf } from "../../verifier/entry.ts";
import { RunningRoot } from "../../verifier/merkle.ts";
import type { Scene, Story } from "./ledger-server.ts";

/** Attackers who obtained evidence and pass on a changed bundle. */
interface BundleAttack {
  readonly name: string;
  readonly story: Story;
  /** @param other another intent's bundle, from the same log */
  readonly go: (bundle: Bundle, other: Bundle, scene: Scene) => object;
  readonly noticed: Readonly<Record<string, RegExp>>;
}

interface ExportAttack {
  readonly name: string;
  readonly go: (lines: readonly string[], scene: Scene) => readonly string[];
  readonly noticed: RegExp;
  readonly pinned?: "older" | "later";
}

function withBody(entry: BundleEntry, change: JsonObject): BundleEntry {
  return { ...entry, body: canonicalJson({ ...(JSON.parse(entry.body) as JsonObject), ...change }) };
}

function rechained(entries: readonly BundleEntry[]): readonly BundleEntry[] {
  const linked: BundleEntry[] = [];
  for (const [at, entry] of entries.entries()) {
    const prev = linked.at(-1)?.hash ?? entry.prev;
    const next = { ...entry, seq: at + 1, prev };
    linked.push({ ...next, hash: hashEntry(next) });
  }
  return linked;
}

function replaced<T>(list: readonly T[], at: number, change: (item: T) => T): readonly T[] {
  return list.map((item, index) => (index === at ? change(item) : item));
}

function shown(bundle: Bundle, change: Partial<NonNullable<Bundle["disclosed"]>>): Bundle {
  return { ...bundle, disclosed: bundle.disclosed === null ? null : { ...bundle.disclosed, ...change } };
}

/** A tree head signed by the attacker under the log's name; with the log's key id where it is to look genuine. */
function forged(note: string, id: "own" | "stolen", size?: number): string {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const [origin = "", signed = "", root = "", , signature = ""] = note.split("\n");
  const text = `${origin}\n${size ?? signed}\n${root}\n`;
  const x = Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
  const ownId = createHash("sha256").update(`${origin}\n\u0001`).update(x).digest().subarray(0, 4);
  const stolenId = Buffer.from(signature.split(" ")[2] ?? "", "base64").subarray(0, 4);
  const bytes = Buffer.concat([id === "own" ? ownId : stolenId, sign(null, Buffer.from(text), privateKey)]);
  return `${text}\n\u2014 ${origin} ${bytes.toString("base64")}\n`;
}

export const BUNDLE_ATTACKS: readonly BundleAttack[] = [
  {
    name: "an entry is edited",
    story: "pending",
    go: (bundle) => ({
      ...bundle,
      entries: replaced(bundle.entries, 1, (entry) => withBody(entry, { outcome: "approve" })),
    }),
    noticed: {
      entry_hashes: /Entry 2 .* was edited/,
      inclusion: /Entry 2 .* is not entry \d+ of the signed log/,
    },
  },
  {
    name: "an actor is edited",
    story: "rejected",
    go: (bundle) => ({
      ...bundle,
      entries: replaced(bundle.entries, 3, (entry) => ({ ...entry, actor: "rev_other" })),
    }),
    noticed: { entry_hashes: /Entry 4 .* was edited/ },
  },
  {
    name: "the chain is made anew without a vote",
    story: "approved by a person",
    go: (bundle) => ({
      ...bundle,
      entries: rechained(bundle.entries.filter(({ event }) => event !== "approval_vote_recorded")),
    }),
    noticed: { inclusion: /is not entry \d+ of the signed log/, approvals: /whose vote is missing/ },
  },
  {
    name: "the last entries are left away",
    story: "succeeded",
    go: (bundle) => ({ ...bundle, entries: bundle.entries.slice(0, -1) }),
    noticed: { inclusion: /proofs are not of the first entries/ },
  },
  {
    name: "two entries change places",
    story: "succeeded",
    go: (bundle) => {
      const [a, b, c, ...more] = bundle.entries;
      return { ...bundle, entries: [a, c, b, ...more] };
    },
    noticed: { chain: /number 3 of its chain/ },
  },
  {
    name: "the entries are another intent's",
    story: "pending",
    go: (bundle, other) => ({ ...other, intent: bundle.intent }),
    noticed: { chain: /belongs to another intent|another intent/ },
  },
  {
    name: "another payload is shown",
    story: "succeeded",
    go: (bundle) =>
      shown(bundle, {
        payload: {
          digest: bundle.disclosed?.payload?.digest ?? null,
          name: "leads.csv",
          base64: "bWFsbG9yeQ==",
        },
      }),
    noticed: { payload: /not the one that was evaluated/ },
  },
  {
    name: "another comment is shown",
    story: "approved by a person",
    go: (bundle) =>
      shown(bundle, {
        notes: (bundle.disclosed?.notes ?? []).map((note) =>
          note.kind === "note" ? { ...note, text: "No." } : note,
        ),
      }),
    noticed: { commitments: /is not what the entry commits to/ },
  },
  {
    name: "another policy text is shown",
    story: "succeeded",
    go: (bundle) => ({
      ...bundle,
      policies: replaced(bundle.policies, 0, (policy) => ({ ...policy, text: "id: x\n" })),
    }),
    noticed: { policy_texts: /text does not have its hash/ },
  },
  {
    name: "another decision is claimed",
    story: "blocked",
    go: (bundle) => ({ ...bundle, decision: { ...bundle.decision, outcome: "approve" } }),
    noticed: { decision: /not the one on the ledger/ },
  },
  {
    name: "an order of another intent is replayed",
    story: "succeeded",
    go: (bundle, other) => ({
      ...bundle,
      orders: replaced(bundle.orders, 0, (order) => ({ ...order, jws: other.orders[0]?.jws ?? "" })),
    }),
    noticed: { orders: /was signed for another order/ },
  },
  {
    name: "an order's claims are edited",
    story: "succeeded",
    go: (bundle) => ({
      ...bundle,
      orders: replaced(bundle.orders, 0, (order) => {
        const [head = "", claims = "", mark = ""] = order.jws.split(".");
        const read = JSON.parse(Buffer.from(claims, "base64url").toString()) as JsonObject;
        const more = Buffer.from(JSON.stringify({ ...read, destination: "salesforce.delete" })).toString(
          "base64url",
        );
        return { ...order, jws: [head, more, mark].join(".") };
      }),
    }),
    noticed: { orders: /forged signature/ },
  },
  {
    name: "an erased payload is claimed to be there",
    story: "erased",
    go: (bundle) => ({ ...bundle, erased: false }),
    noticed: { erasure: /The ledger says the payload was erased, and the bundle does not/ },
  },
  {
    name: "the checkpoint is signed by another key",
    story: "succeeded",
    go: ({ log, ...bundle }) => ({
      ...bundle,
      log: { ...log, checkpoint: forged(log?.checkpoint ?? "", "own") },
    }),
    noticed: { checkpoint: /not signed by a known key/ },
  },
  {
    name: "the checkpoint is signed by another key, under the log's key id",
    story: "succeeded",
    go: ({ log, ...bundle }) => ({
      ...bundle,
      log: { ...log, checkpoint: forged(log?.checkpoint ?? "", "stolen") },
    }),
    noticed: { checkpoint: /forged/ },
  },
];

interface EntryLine {
  readonly index: number;
  readonly entry: BundleEntry;
}

/** The last entries of one chain, made anew with another outcome, inside an export that is else as it was. */
function rewritten(lines: readonly string[], intent: string): readonly string[] {
  const parsed = lines.slice(0, -1).map((line) => JSON.parse(line) as EntryLine);
  const chain = rechained(
    parsed
      .filter(({ entry }) => entry.intent === intent)
      .map(({ entry }) => (entry.event === "rejected" ? { ...entry, event: "withdrawn" } : entry)),
  );
  const anew = parsed.map(({ index, entry }) =>
    JSON.stringify({ index, entry: entry.intent === intent ? chain[entry.seq - 1] : entry }),
  );
  return [...anew, lines.at(-1) ?? ""];
}

/** A log continued by an attacker who claims a key rotation from the log's key to theirs. */
function takenOver(lines: readonly string[]): readonly string[] {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  const parsed = lines.slice(0, -1).map((line) => JSON.parse(line) as EntryLine);
  const first = parsed.find(({ entry }) => entry.event === "signing_key_published")?.entry;
  const last = parsed.findLast(({ entry }) => entry.intent === "registry")?.entry;
  if (first === undefined || last === undefined) throw new Error("no key in the log");
  const statement = {
    kid: createHash("sha256").update(`{"crv":"Ed25519","kty":"OKP","x":"${x}"}`).digest("base64url"),
    public_key: x,
    previous_kid: (JSON.parse(first.body) as JsonObject)["kid"],
  };
  const mark = sign(null, Buffer.from(`gate-signing-key-v1\n${canonicalJson(statement)}`), privateKey);
  const signed_by_new = mark.toString("base64url");
  const body = canonicalJson({ ...statement, signed_by_new, signed_by_previous: signed_by_new });
  const unhashed = { ...last, seq: last.seq + 1, event: "signing_key_changed", body, prev: last.hash };
  const entry = { ...unhashed, hash: hashEntry(unhashed) };
  const tree = new RunningRoot();
  for (const each of [...parsed.map((line) => line.entry), entry]) tree.add(leafOf(each));
  const [origin = ""] = noteOf(lines).split("\n");
  const text = `${origin}\n${tree.size}\n${Buffer.from(tree.root()).toString("base64")}\n`;
  const raw = Buffer.from(x, "base64url");
  const id = createHash("sha256").update(`${origin}\n\u0001`).update(raw).digest().subarray(0, 4);
  const signature = Buffer.concat([id, sign(null, Buffer.from(text), privateKey)]).toString("base64");
  return [
    ...lines.slice(0, -1),
    JSON.stringify({ index: parsed.length, entry }),
    JSON.stringify({ checkpoint: `${text}\n\u2014 ${origin} ${signature}\n` }),
  ];
}

const noteOf = (lines: readonly string[]) =>
  (JSON.parse(lines.at(-1) ?? "") as { readonly checkpoint: string }).checkpoint;

export const EXPORT_ATTACKS: readonly ExportAttack[] = [
  {
    name: "a time is edited",
    go: (lines) => replaced(lines, 9, (line) => line.replace(/"at":\d+/, '"at":1')),
    noticed: /^edited: Entry 9 /,
  },
  { name: "a line is deleted", go: (lines) => lines.toSpliced(9, 1), noticed: /^deleted: .* is missing/ },
  {
    name: "two lines change places",
    go: (lines) => lines.toSpliced(9, 2, lines[10] ?? "", lines[9] ?? ""),
    noticed: /^reordered: /,
  },
  {
    name: "a line comes twice",
    go: (lines) => lines.toSpliced(9, 0, lines[9] ?? ""),
    noticed: /^(repeated|reordered): /,
  },
  { name: "the last entries are cut off", go: (lines) => lines.toSpliced(-3, 2), noticed: /^truncated: / },
  { name: "the checkpoint is cut off", go: (lines) => lines.slice(0, -1), noticed: /^truncated: / },
  {
    name: "an intent is re-chained",
    go: (lines, { ids }) => rewritten(lines, ids.rejected),
    noticed: /^rewritten: /,
  },
  {
    name: "an intent is re-chained, for who kept an older checkpoint",
    go: (lines, { ids }) => rewritten(lines, ids.rejected),
    noticed: /^rewritten: The entries \d+ to \d+ are not those/,
    pinned: "older",
  },
  {
    name: "the log is cut, and the checkpoint forged to fit",
    go: (lines) => [...lines.slice(0, 20), JSON.stringify({ checkpoint: forged(noteOf(lines), "own", 20) })],
    noticed: /^forged: /,
  },
  {
    name: "the checkpoint is forged under the log's key id",
    go: (lines) => [...lines.slice(0, -1), JSON.stringify({ checkpoint: forged(noteOf(lines), "stolen") })],
    noticed: /^forged: /,
  },
  { name: "a change of keys is made up", go: takenOver, noticed: /^forged: / },
  {
    name: "the end is exchanged for the beginning that was signed before",
    go: (lines, { older }) => {
      const note = readFileSync(older, "utf8");
      return [...lines.slice(0, Number(note.split("\n")[1])), JSON.stringify({ checkpoint: note })];
    },
    noticed: /^truncated: A stored checkpoint/,
    pinned: "later",
  },
];
