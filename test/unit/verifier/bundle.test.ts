import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { canonicalJson } from "../../../src/core/base/json.ts";
import { chain, EMPTY_HEAD } from "../../../src/core/ledger/entry.ts";
import { MAX_BUNDLE_CHARS, type Bundle } from "../../../verifier/bundle.ts";
import { verdictOf, type Finding } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import {
  approvedBy,
  bare,
  changedBy,
  claimed,
  debatedLife,
  debatedLives,
  fullLife,
  interleaved,
  jwsOf,
  live,
  MadeLog,
  ordered,
  ORIGIN,
  refusedBy,
  reported,
  REPORTER,
  sentLives,
  SIGNER,
  signerOf,
  someLives,
  STRANGER,
  TRUSTED,
  type Life,
  type Mutable,
} from "../../support/bundle-maker.ts";

let lives: readonly Life[];
let log: MadeLog;
let whole: Mutable<Bundle>;

beforeAll(async () => {
  lives = await someLives();
  log = new MadeLog(interleaved(lives));
  const [life] = lives;
  if (life === undefined) throw new Error("lives");
  whole = await log.bundle(life);
});

const statuses = (findings: readonly Finding[]) =>
  Object.fromEntries(findings.map(({ name, status }) => [name, status]));
const failing = (findings: readonly Finding[]) =>
  findings.filter(({ status }) => status === "fails").map(({ name }) => name);

/** The findings about a changed copy of the whole bundle. */
async function changed(change: (bundle: Mutable<Bundle>) => void): Promise<readonly Finding[]> {
  const copy = structuredClone(whole);
  change(copy);
  return verifyBundle(JSON.stringify(copy), TRUSTED);
}

const PYTHON_VERIFIER = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));

/** What the verifier in Python finds. */
function pythonFindings(bundle: string): Readonly<Record<string, string>> {
  const input = JSON.stringify({ bundle, trusted: TRUSTED });
  const ran = spawnSync("python3", ["-B", PYTHON_VERIFIER, "--cases"], { input, encoding: "utf8" });
  return JSON.parse(ran.stdout) as Readonly<Record<string, string>>;
}

test("every finding about an executed intent holds", async () => {
  const findings = await verifyBundle(JSON.stringify(whole), TRUSTED, { origin: ORIGIN });
  expect(statuses(findings)).toEqual({
    form: "holds",
    trusted_keys: "holds",
    checkpoint: "holds",
    origin: "holds",
    inclusion: "holds",
    entry_hashes: "holds",
    chain: "holds",
    bodies: "holds",
    events: "holds",
    decision: "holds",
    approvals: "holds",
    policy_texts: "holds",
    commitments: "holds",
    payload: "holds",
    intent_digest: "holds",
    orders: "holds",
    reports: "holds",
    erasure: "holds",
    later_entries: "not_shown",
  });
  expect(verdictOf(findings)).toBe("proven");
  for (const { words } of findings) expect(words).toMatch(/^[A-Z0-9"].*\.$/);
});

test("names in a bundle are shown with their ids, and as what no entry commits to", async () => {
  const names = [
    { id: "agt_1", name: "Importer" },
    { id: "ana", name: 'A\u202e"na\u001b[2J' },
  ];
  const findings = await changed((bundle) => (bundle.names = names));
  expect(findings.find(({ name }) => name === "names")).toEqual({
    name: "names",
    status: "not_shown",
    words: `The server's names, which no entry commits to: "Importer" for "agt_1", "A??na?[2J" for "ana".`,
  });
  expect(verdictOf(findings)).toBe("proven");
  expect(verdictOf(await changed((bundle) => (bundle.names = [])))).toBe("proven");
});

test.each([
  [null],
  ["Importer"],
  [[{ id: "agt_1" }]],
  [[{ id: "agt_1", name: 5 }]],
  [[{ id: "a", name: "b", x: 1 }]],
])("names written as %j are no bundle, for both verifiers", async (names) => {
  const text = JSON.stringify({ ...whole, names });
  expect(failing(await verifyBundle(text, TRUSTED))).toEqual(["form"]);
  expect(pythonFindings(text)["form"]).toBe("fails");
});

test("the Python verifier finds the same in a bundle with names and without policy texts", async () => {
  for (const more of [{ names: [{ id: "agt_1", name: "Importer" }] }, { names: [] }, { policies: [] }]) {
    const text = JSON.stringify({ ...whole, ...more });
    expect(pythonFindings(text)).toEqual(statuses(await verifyBundle(text, TRUSTED)));
  }
});

test("the bundle of every kind of life is proven, erased ones too", async () => {
  for (const life of lives) {
    const findings = await verifyBundle(JSON.stringify(await log.bundle(life)), TRUSTED);
    expect(failing(findings), life.terms.id).toEqual([]);
    expect(verdictOf(findings), life.terms.id).toBe("proven");
  }
});

test("the bundle of every way to decide is proven: withdrawn votes, rejections, links, edits, reminders, second waits", async () => {
  const debated = await debatedLives();
  const events = new Set(debated.flatMap(({ entries }) => entries.map(({ event }) => event)));
  for (const event of ["approval_vote_withdrawn", "rejection_vote_recorded", "approval_link_used"]) {
    expect(events).toContain(event);
  }
  for (const event of ["approval_reminded", "approval_escalated", "expiry_escalated", "superseded"]) {
    expect(events).toContain(event);
  }
  const sealed = new MadeLog(interleaved(debated));
  for (const life of debated) {
    const findings = await verifyBundle(JSON.stringify(await sealed.bundle(life)), TRUSTED);
    expect(failing(findings), life.terms.id).toEqual([]);
    expect(verdictOf(findings), life.terms.id).toBe("proven");
  }
});

describe("INV-18: the bundle of a write that Gate sent", () => {
  let sealed: MadeLog;
  let sent: readonly Life[];

  beforeAll(async () => {
    sent = await sentLives();
    sealed = new MadeLog(interleaved(sent));
  });

  async function bundleOf(at: number): Promise<Mutable<Bundle>> {
    const life = sent[at];
    if (life === undefined) throw new Error("lives");
    return sealed.bundle(life);
  }

  test("is proven together with the approved request", async () => {
    for (const [at, life] of sent.entries()) {
      const findings = await verifyBundle(JSON.stringify(await bundleOf(at)), TRUSTED);
      expect(failing(findings), life.terms.id).toEqual([]);
      expect(statuses(findings)["intent_digest"], life.terms.id).toBe("holds");
    }
  });

  const REQUESTS: readonly (readonly [string, (request: string) => string | undefined])[] = [
    ["without the request", () => undefined],
    ["to another host", (request) => request.replace("api.example.com", "evil.example.com")],
    ["with another query", (request) => request.replace("source=gate", "source=none")],
    ["by another method", (request) => request.replace('"POST"', '"PUT"')],
    ["with another header", (request) => request.replace("application/json", "text/plain")],
    ["with the credential elsewhere", (request) => request.replace('"header"', '"query"')],
    ["that is no request", () => "{}"],
    ["that is no JSON", () => "POST /"],
    ["written in another way", (request) => request.replace("{", "{ ")],
  ];

  test.each(REQUESTS)("fails %s", async (_what, change) => {
    const bundle = await bundleOf(0);
    if (bundle.disclosed) bundle.disclosed.request = change(bundle.disclosed.request ?? "");
    expect(failing(await verifyBundle(JSON.stringify(bundle), TRUSTED))).toEqual(["intent_digest"]);
  });

  test("a request in the bundle of an intent that Gate does not send fails", async () => {
    const request = (await bundleOf(0)).disclosed?.request;
    const findings = await changed((bundle) => bundle.disclosed && (bundle.disclosed.request = request));
    expect(failing(findings)).toEqual(["intent_digest"]);
  });
});

test("a parsed bundle gives the same findings as its text", async () => {
  expect(await verifyBundle(structuredClone(whole), TRUSTED)).toEqual(
    await verifyBundle(JSON.stringify(whole), TRUSTED),
  );
});

describe("a bundle with a part left out does not fail, and reports the part as not shown", () => {
  const PARTS: readonly (readonly [string, (bundle: Mutable<Bundle>) => void, readonly string[]])[] = [
    ["the salt", (b) => (b.disclosed = null), ["commitments", "payload", "intent_digest", "reports"]],
    [
      "the payload",
      (b) => b.disclosed && (b.disclosed.payload = null),
      ["commitments", "payload", "intent_digest"],
    ],
    ["the payload's bytes", (b) => b.disclosed?.payload && (b.disclosed.payload.base64 = null), ["payload"]],
    ["a reviewer's note", (b) => b.disclosed?.notes.splice(1, 1), ["commitments"]],
    ["a signed report", (b) => b.disclosed?.notes.pop(), ["commitments", "reports"]],
    ["the facts", (b) => b.disclosed?.notes.splice(0, 1), ["commitments", "intent_digest"]],
    ["a policy's text", (b) => b.policies.pop(), ["policy_texts"]],
    ["an order", (b) => b.orders.pop(), ["orders"]],
    ["the log", (b) => (b.log = null), ["checkpoint", "inclusion"]],
    ["a proof", (b) => b.log?.inclusion.pop(), ["inclusion"]],
  ];

  test.each(PARTS)("left out: %s", async (_what, leaveOut, notShown) => {
    const findings = await changed(leaveOut);
    expect(failing(findings)).toEqual([]);
    const open = findings.filter(({ status }) => status === "not_shown").map(({ name }) => name);
    expect(open).toEqual([...notShown, "later_entries"].toSorted((a, b) => order(a) - order(b)));
  });

  const order = (name: string) =>
    [
      "checkpoint",
      "inclusion",
      "policy_texts",
      "commitments",
      "payload",
      "intent_digest",
      "orders",
      "reports",
      "later_entries",
    ].indexOf(name);
});

describe("INV-18: a tampered bundle fails with a finding that names the attack", () => {
  const swap = <T>(list: T[], a: number, b: number) => {
    const [x, y] = [list[a], list[b]];
    if (x === undefined || y === undefined) throw new Error("swap");
    list[a] = y;
    list[b] = x;
  };
  const entry = (b: Mutable<Bundle>, at: number) => {
    const found = b.entries[at];
    if (found === undefined) throw new Error("entry");
    return found;
  };
  const ATTACKS: readonly (readonly [string, (bundle: Mutable<Bundle>) => unknown, readonly string[]])[] = [
    ["editing an entry", (b) => (entry(b, 4).actor = "rev_eve"), ["inclusion", "entry_hashes"]],
    [
      "leaving an entry out",
      (b) => b.entries.splice(4, 1),
      ["inclusion", "chain", "approvals", "commitments", "reports"],
    ],
    ["leaving out the end, as if it never failed", (b) => b.entries.splice(-2), ["inclusion", "commitments"]],
    ["putting entries in another order", (b) => swap(b.entries, 3, 4), ["inclusion", "chain", "commitments"]],
    [
      "another intent's id",
      (b) => (b.intent = `int_${"B".repeat(43)}`),
      ["chain", "intent_digest", "orders"],
    ],
    ["another decision", (b) => (b.decision.outcome = "approve"), ["decision"]],
    ["another reason", (b) => (b.decision.reason_code = "within_threshold"), ["decision"]],
    ["a policy's text", (b) => b.policies[0] && (b.policies[0].text += "\n"), ["policy_texts"]],
    [
      "a policy that the intent does not name",
      (b) => b.policies[0] && (b.policies[0].id = "lax"),
      ["policy_texts"],
    ],
    ["another payload", (b) => b.disclosed?.payload && (b.disclosed.payload.base64 = "e30="), ["payload"]],
    [
      "another payload with its digest",
      (b) => {
        const shown = b.disclosed?.payload;
        if (!shown) throw new Error("payload");
        shown.base64 = "e30=";
        shown.digest = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
      },
      ["commitments", "intent_digest"],
    ],
    [
      "another name of the payload",
      (b) => b.disclosed?.payload && (b.disclosed.payload.name = "x"),
      ["intent_digest"],
    ],
    ["another note", (b) => b.disclosed?.notes[1] && (b.disclosed.notes[1].text += "!"), ["commitments"]],
    [
      "a note that was never written",
      (b) => b.disclosed?.notes.push({ seq: 4, kind: "result", text: "" }),
      ["commitments"],
    ],
    [
      "another salt",
      (b) => b.disclosed && (b.disclosed.salt = "ab".repeat(32)),
      ["commitments", "intent_digest", "orders"],
    ],
    ["saying it was erased", (b) => (b.erased = true), ["erasure"]],
    [
      "an entry's place in the log",
      (b) => b.log?.inclusion[0] && (b.log.inclusion[0].index += 1),
      ["inclusion"],
    ],
    ["a proof that is too long", (b) => b.log?.inclusion[0]?.proof.push("A".repeat(43) + "="), ["inclusion"]],
    [
      "a proof's hash",
      (b) => b.log?.inclusion[0] && (b.log.inclusion[0].proof[0] = "A".repeat(43) + "="),
      ["inclusion"],
    ],
    [
      "the tree's size",
      (b) => b.log && (b.log.checkpoint = b.log.checkpoint.replace(/\n\d+\n/, "\n9\n")),
      ["checkpoint", "inclusion"],
    ],
    [
      "the tree's origin",
      (b) => b.log && (b.log.checkpoint = b.log.checkpoint.replace("gate.", "gato.")),
      ["checkpoint"],
    ],
    [
      "an order's signature",
      (b) => b.orders[0] && (b.orders[0].jws = b.orders[0].jws.replace(/\..*\./, ".e30.")),
      ["orders"],
    ],
    [
      "an order under another's id",
      (b) => b.orders[0] && b.orders[1] && (b.orders[0].jws = b.orders[1].jws),
      ["orders"],
    ],
    ["an order that was never given", (b) => b.orders[0] && (b.orders[0].order = "exe_x_9"), ["orders"]],
  ];

  test.each(ATTACKS)("attack: %s", async (_what, attack, expected) => {
    const findings = await changed(attack);
    expect(failing(findings)).toEqual(expected);
    expect(verdictOf(findings)).toBe("broken");
  });

  test("attack: a checkpoint signed by another key", async () => {
    const checkpoint = await log.checkpoint(log.entries.length, STRANGER);
    const findings = await changed((b) => b.log && (b.log.checkpoint = checkpoint));
    expect(failing(findings)).toEqual(["checkpoint"]);
  });

  test("attack: a checkpoint of another log by the right key", async () => {
    const checkpoint = await log.checkpoint(log.entries.length, SIGNER, "other.example/log");
    const findings = await changed((b) => b.log && (b.log.checkpoint = checkpoint));
    expect(failing(findings)).toEqual(["origin"]);
  });

  test("attack: keys of the attacker's own in the bundle", async () => {
    const own = signerOf(ORIGIN, 9);
    const checkpoint = await log.checkpoint(log.entries.length, own);
    const forge = (b: Mutable<Bundle>) => {
      b.keys = { vkeys: [own.vkey], jwks: { keys: [own.jwk] } };
      b.orders = [];
      if (b.log) b.log.checkpoint = checkpoint;
    };
    const findings = await changed(forge);
    // As after a rotation of the secret, which nothing in the bundle can vouch for: named, and never a proof.
    expect(statuses(findings)).toMatchObject({ trusted_keys: "not_shown", checkpoint: "not_shown" });
    expect(findings.find(({ name }) => name === "checkpoint")?.words).toContain(`--key ${own.vkey}`);
    expect(verdictOf(findings)).toBe("incomplete");
    const copy = structuredClone(whole);
    forge(copy);
    const unaware = await verifyBundle(copy, null);
    // Consistent, but not proven: the key is not among the trusted ones.
    expect(statuses(unaware)).toMatchObject({ trusted_keys: "not_shown", checkpoint: "holds" });
    expect(verdictOf(unaware)).toBe("incomplete");
  });

  test("attack: a whole chain rebuilt, hashes included", async () => {
    const other = await live(1, "hold", [approvedBy("eve"), approvedBy("mallory")]);
    const findings = await changed((b) => (b.entries = other.entries.map(bare)));
    expect(failing(findings)).toContain("inclusion");
  });

  test("attack: a history rewritten before its end was sealed", async () => {
    const real = await live(21, "hold", []);
    const fake = await live(21, "hold", [approvedBy("eve"), approvedBy("mallory")]);
    const forked = new MadeLog([
      ...real.entries.slice(0, 1),
      ...lives.flatMap((l) => l.entries),
      ...fake.entries.slice(2),
    ]);
    const bundle = await forked.bundle(fake);
    expect(bundle.log?.inclusion.length).toBe(fake.entries.length - 1);
    expect(failing(await verifyBundle(bundle, TRUSTED))).toEqual(["inclusion"]);
  });
});

describe("INV-18: orders in a bundle", () => {
  const claims = () => {
    const [, part = ""] = whole.orders[0]?.jws.split(".") ?? [];
    return JSON.parse(Buffer.from(part, "base64url").toString()) as Record<string, unknown>;
  };
  const HEADERS: readonly (readonly [string, object])[] = [
    ["no algorithm", { alg: "none" }],
    ["a shared secret", { alg: "HS256" }],
    ["another type", { typ: "JWT" }],
    ["another key id", { kid: "key-2" }],
    ["a critical extension", { crit: ["b64"], b64: false }],
  ];
  test.each(HEADERS)("fail with %s in the header", async (_what, header) => {
    const jws = await jwsOf(claims(), header);
    expect(failing(await changed((b) => b.orders[0] && (b.orders[0].jws = jws)))).toEqual(["orders"]);
  });

  const CLAIMS: readonly (readonly [string, object])[] = [
    ["another intent", { intent_digest: "00".repeat(32) }],
    ["another intent's id", { intent_id: "int_B" }],
    ["another destination", { destination: "bank.payout" }],
    ["another audience", { aud: "bank.payout" }],
    ["another action", { action: "delete" }],
    ["another agent", { sub: "agt_2" }],
    ["another payload", { payload_digest: "00".repeat(32) }],
    ["another fencing number", { fence: 2 }],
    ["another order", { jti: "exe_x" }],
    ["another end", { exp: 1 }],
    ["no end", { exp: undefined }],
    ["a long life", { iat: 0 }],
  ];
  test.each(CLAIMS)("fail when signed for %s", async (_what, claim) => {
    const jws = await jwsOf({ ...claims(), ...claim });
    expect(failing(await changed((b) => b.orders[0] && (b.orders[0].jws = jws)))).toEqual(["orders"]);
  });

  test("hold as Gate signed them", async () => {
    const jws = await jwsOf(claims());
    expect(failing(await changed((b) => b.orders[0] && (b.orders[0].jws = jws)))).toEqual([]);
  });

  test("are verified with the log's key, under whatever id it is listed", async () => {
    expect(statuses(await verifyBundle(whole, { vkeys: [SIGNER.vkey], jwks: [] }))).toMatchObject({
      orders: "holds",
    });
  });
});

describe("a worker's signed report in a bundle", () => {
  const seq = () => whole.disclosed?.notes.at(-1)?.seq ?? 0;

  test("by an unregistered key is not shown to be anyone's", async () => {
    const unknown = { vkeys: TRUSTED.vkeys, jwks: TRUSTED.jwks };
    expect(statuses(await verifyBundle(whole, unknown))).toMatchObject({ reports: "not_shown" });
    const others = { ...unknown, reporters: [STRANGER.jwk.x, "x", ""] };
    expect(statuses(await verifyBundle(whole, others))).toMatchObject({ reports: "not_shown" });
  });

  test("that contradicts the entry or is malformed fails", async () => {
    const digest = (JSON.parse(whole.entries[0]?.body ?? "{}") as { intent_digest: string }).intent_digest;
    const right = { order: whole.orders[1]?.order, intent_digest: digest, outcome: "succeeded" };
    const typ = "gate-report+jwt";
    const cases = [
      [await jwsOf(right, { typ }, REPORTER), "holds"],
      [await jwsOf(right, { typ }, STRANGER), "not_shown"],
      [await jwsOf(right, {}, REPORTER), "fails"],
      [await jwsOf({ ...right, outcome: "failed" }, { typ }, REPORTER), "fails"],
      [await jwsOf({ ...right, order: "exe_x" }, { typ }, REPORTER), "fails"],
      [await jwsOf({ ...right, intent_digest: null }, { typ }, REPORTER), "fails"],
      ["", "fails"],
    ] as const;
    for (const [text, status] of cases) {
      const findings = await changed((b) =>
        b.disclosed?.notes.splice(-1, 1, { seq: seq(), kind: "proof", text }),
      );
      expect(statuses(findings)).toMatchObject({ reports: status });
    }
  });
});

describe("INV-18: a bundle checked against an older checkpoint", () => {
  test("is shown to extend the older tree or to be its end", async () => {
    const size = log.entries.length;
    for (const old of [1, 2, 7, size - 1, size]) {
      const older = { checkpoint: await log.checkpoint(old), proof: log.consistency(old) };
      expect(statuses(await verifyBundle(whole, TRUSTED, { older }))).toMatchObject({ consistency: "holds" });
    }
    const [life] = lives;
    if (life === undefined) throw new Error("life");
    const before = await log.bundle(life, size - 3);
    const newer = { checkpoint: await log.checkpoint(size), proof: log.consistency(size - 3) };
    expect(statuses(await verifyBundle(before, TRUSTED, { older: newer }))).toMatchObject({
      consistency: "holds",
    });
  });

  test("fails when history was rewritten", async () => {
    const other = new MadeLog(log.entries.toReversed());
    for (const old of [3, log.entries.length]) {
      const older = { checkpoint: await other.checkpoint(old), proof: log.consistency(old) };
      expect(statuses(await verifyBundle(whole, TRUSTED, { older }))).toMatchObject({ consistency: "fails" });
    }
  });

  test("stays open without a proof, with another key or for another log", async () => {
    const proof = log.consistency(3);
    const cases = [
      [{ checkpoint: await log.checkpoint(3), proof: [] }, "not_shown"],
      [{ checkpoint: await log.checkpoint(3, STRANGER), proof }, "fails"],
      [{ checkpoint: await log.checkpoint(3, SIGNER, "other.example"), proof }, "fails"],
      [{ checkpoint: "", proof }, "fails"],
      [{ checkpoint: await log.checkpoint(3), proof: ["x"] }, "fails"],
      [
        { checkpoint: await log.checkpoint(3), proof: Array.from({ length: 5000 }, () => proof[0] ?? "") },
        "fails",
      ],
    ] as const;
    for (const [older, status] of cases) {
      expect(statuses(await verifyBundle(whole, TRUSTED, { older })), older.checkpoint).toMatchObject({
        consistency: status,
      });
    }
  });
});

describe("INV-03: the verifier counts approvals again", () => {
  /** A bundle of a chain whose entries say this, hashed and sealed as they are. */
  async function judged(
    steps: Parameters<typeof live>[2],
    tamper: (body: Record<string, unknown>, event: string) => void,
  ) {
    const life = await live(30, "hold", steps);
    const drafts = life.entries.map((e) => {
      const body: Record<string, unknown> = JSON.parse(e.body);
      tamper(body, e.event);
      return { ...e, body: canonicalJson(body) };
    });
    const forged = { ...life, entries: chain(life.terms.id, EMPTY_HEAD, drafts, new Uint8Array(32)) };
    const findings = await verifyBundle(await new MadeLog(forged.entries).bundle(forged), TRUSTED);
    return findings.find(({ name }) => name === "approvals");
  }
  const two = [approvedBy("ana"), approvedBy("ben")];

  test("an approval by enough persons holds", async () => {
    expect(await judged(two, () => {})).toMatchObject({ status: "holds" });
  });

  const FORGED: readonly (readonly [string, (body: Record<string, unknown>, event: string) => void])[] = [
    ["one person voting twice", (b, e) => e === "approval_vote_recorded" && (b["person"] = "ben")],
    [
      "a vote that a policy's quorum does not admit",
      (b, e) => e === "approval_vote_recorded" && (b["counts"] = ["legal"]),
    ],
    ["a person who did not vote", (b, e) => e === "approved" && (b["by"] = "eve")],
    ["the proposer's own key", (b, e) => e === "approval_vote_recorded" && (b["principal"] = "agt_1")],
    ["policy, which held it", (b, e) => e === "approved" && (b["by"] = "policy")],
    ["three being needed", (b, e) => e === "proposed" && (b["approval"] = { require: 3, quorums: [] })],
  ];
  test.each(FORGED)("an approval by %s fails", async (_what, tamper) => {
    expect(await judged(two, tamper)).toMatchObject({ status: "fails" });
  });

  /** The proposal's entry says that it asked for this assurance. */
  const demanding =
    (assurance: unknown, more: (b: Record<string, unknown>, e: string) => void = () => {}) =>
    (body: Record<string, unknown>, event: string) => {
      if (event === "proposed") {
        body["approval"] = { ...Object(body["approval"]), demanded_assurance: assurance };
      }
      more(body, event);
    };

  test.each(["link", "slack", "key"])("votes by key satisfy a demand for %s", async (assurance) => {
    expect(await judged(two, demanding(assurance))).toMatchObject({ status: "holds" });
  });

  test.each(["sso", "passkey", "retina", null, 3])("votes by key fail a demand for %s", async (assurance) => {
    expect(await judged(two, demanding(assurance))).toMatchObject({ status: "fails" });
  });

  test("a vote that names no assurance, and silence, fail any demand", async () => {
    const unnamed = demanding("key", (b, e) => e === "approval_vote_recorded" && delete b["assurance"]);
    const silent = demanding("link", (b, e) => e === "approved" && (b["by"] = "timeout"));
    expect(await judged(two, unnamed)).toMatchObject({ status: "fails" });
    expect(await judged(two, silent)).toMatchObject({ status: "fails" });
  });

  test("an approval by silence or with an unknown requirement is not shown", async () => {
    expect(await judged(two, (b, e) => e === "approved" && (b["by"] = "timeout"))).toMatchObject({
      status: "not_shown",
    });
    const BROKEN = [
      undefined,
      null,
      1,
      {},
      { require: 0, quorums: [] },
      { require: 1, quorums: [1] },
      { require: 1 },
    ];
    for (const approval of BROKEN) {
      const forged = await judged(two, (b, e) => e === "proposed" && (b["approval"] = approval));
      expect(forged).toMatchObject({ status: "not_shown" });
    }
  });
});

describe("INV-18: a sealed chain in which the deployment lies about who decided", () => {
  type Body = Record<string, unknown>;
  type DraftEntry = { event: string; body: Body };

  /** Findings about a debated intent whose entries were changed, with hashes, proofs and signatures made anew. */
  async function findingsAfter(change: (entries: DraftEntry[]) => void, life?: Life) {
    const real = life ?? (await debatedLife(110));
    const tampered: DraftEntry[] = real.entries.map(({ event, body }) => ({ event, body: JSON.parse(body) }));
    change(tampered);
    const drafts = tampered.map(({ event, body }) => ({
      event,
      actor: "gate",
      at: 1,
      body: canonicalJson(body),
    }));
    const forged = { ...real, entries: chain(real.terms.id, EMPTY_HEAD, drafts, new Uint8Array(32)) };
    const findings = await verifyBundle(await new MadeLog(forged.entries).bundle(forged), TRUSTED);
    return Object.fromEntries(findings.map(({ name, status }) => [name, status]));
  }

  const only = (entries: DraftEntry[], event: string): Body => {
    const found = entries.find((entry) => entry.event === event);
    if (found === undefined) throw new Error(event);
    return found.body;
  };
  const without = (entries: DraftEntry[], event: string) =>
    entries.splice(
      entries.findIndex((entry) => entry.event === event),
      1,
    );
  /** ana's vote lapsed; cleo cast ben's; eve rejected; dora's completed the approval. */
  const vote = (entries: DraftEntry[], person: string): Body => {
    const found = entries.find(
      ({ event, body }) => event === "approval_vote_recorded" && body["person"] === person,
    );
    if (found === undefined) throw new Error(person);
    return found.body;
  };

  test("the truthful chain holds", async () => {
    expect(await findingsAfter(() => {})).toMatchObject({ events: "holds", approvals: "holds" });
  });

  const LIES: readonly (readonly [string, string, (entries: DraftEntry[]) => unknown])[] = [
    ["approvals", "a withdrawn vote counted", (e) => Object.assign(only(e, "proposed"), needing(3))],
    [
      "approvals",
      "a delegate's own vote beside the one they gave",
      (e) => {
        Object.assign(vote(e, "dora"), { person: "cleo", acting: "cleo" });
        only(e, "approved")["by"] = "cleo";
      },
    ],
    [
      "approvals",
      "a delegate who gave two people's votes",
      (e) => {
        Object.assign(vote(e, "dora"), { acting: "cleo", mandate: "dlg_2" });
      },
    ],
    [
      "approvals",
      "a delegator's own vote beside the one given for them",
      (e) => {
        Object.assign(vote(e, "dora"), { person: "ben", acting: "ben" });
        only(e, "approved")["by"] = "ben";
      },
    ],
    ["approvals", "a vote given for another without a delegation", (e) => (vote(e, "ben")["mandate"] = null)],
    ["approvals", "the editor's own vote", (e) => (only(e, "proposed")["editor"] = "dora")],
    ["approvals", "the editor's vote for another", (e) => (only(e, "proposed")["editor"] = "cleo")],
    [
      "approvals",
      "the editor's, allowed by something else than yes",
      (e) => {
        Object.assign(only(e, "proposed"), { editor: "dora", editor_may_approve: "true" });
      },
    ],
    ["approvals", "the agent's, through a delegate", (e) => (only(e, "proposed")["agent"] = "cleo")],
    ["approvals", "silence after a no", (e) => (only(e, "approved")["by"] = "timeout")],
    ["approvals", "one whose vote was withdrawn", (e) => (only(e, "approved")["by"] = "ana")],
    [
      "events",
      "a withdrawal of a vote that was never given",
      (e) => (only(e, "approval_vote_withdrawn")["person"] = "x"),
    ],
    ["events", "a yes by who had said no", (e) => (vote(e, "dora")["acting"] = "eve")],
    [
      "events",
      "a no beside the same person's yes",
      (e) => {
        Object.assign(only(e, "rejection_vote_recorded"), { person: "ben", acting: "ben" });
      },
    ],
    [
      "events",
      "a link used twice",
      (e) => {
        const at = e.findIndex(({ event }) => event === "approval_link_used");
        e.splice(at, 0, structuredClone(e[at]) as DraftEntry);
      },
    ],
  ];

  test.each(LIES)("the finding %s fails: %s", async (finding, _what, lie) => {
    expect(await findingsAfter(lie)).toMatchObject({ [finding]: "fails" });
  });

  const SENDING_LIES: readonly (readonly [string, (entries: DraftEntry[]) => unknown])[] = [
    ["its order claimed by an agent", (e) => (only(e, "execution_claimed")["by"] = "agt_1")],
    ["its success reported by an agent", (e) => (only(e, "execution_succeeded")["by"] = "agt_1")],
    ["its order given to an agent", (e) => (only(e, "execution_requested")["issued_to"] = "agt_1")],
    ["a success without a claim", (e) => without(e, "execution_claimed")],
    [
      "a report of its own that is another's",
      (e) => {
        const succeeded = e.find(({ event }) => event === "execution_succeeded");
        if (succeeded === undefined) throw new Error("not sent");
        succeeded.event = "execution_indeterminate";
        Object.assign(succeeded.body, { why: "reported", by: "agt_1" });
      },
    ],
  ];

  test.each(SENDING_LIES)("fails about a write that Gate sends: %s", async (_what, lie) => {
    const [life] = await sentLives();
    expect(await findingsAfter(() => {}, life)).toMatchObject({ events: "holds" });
    expect(await findingsAfter(lie, life)).toMatchObject({ events: "fails" });
  });

  test("fails where Gate claims or reports an agent's order", async () => {
    const life = await live(70, "approve", [ordered, claimed, reported("succeeded")]);
    for (const event of ["execution_claimed", "execution_succeeded"]) {
      expect(await findingsAfter((e) => (only(e, event)["by"] = "gate"), life)).toMatchObject({
        events: "fails",
      });
    }
  });

  test("holds where the policy lets the editor approve", async () => {
    const allowed = await findingsAfter((e) =>
      Object.assign(only(e, "proposed"), { editor: "dora", editor_may_approve: true }),
    );
    expect(allowed).toMatchObject({ approvals: "holds" });
  });

  test("fails for a rejection by too few persons, or by one person twice", async () => {
    const twoNoes = { ...(await debatedLife(111)).terms.approval, rejections: 2 };
    const refused = await live(112, "hold", [refusedBy("ana"), refusedBy("ben")], { approval: twoNoes });
    expect(await findingsAfter(() => {}, refused)).toMatchObject({ events: "holds" });
    expect(await findingsAfter((e) => without(e, "rejection_vote_recorded"), refused)).toMatchObject({
      events: "fails",
    });
    const twice = await findingsAfter((e) => (only(e, "rejected")["person"] = "ana"), refused);
    expect(twice).toMatchObject({ events: "fails" });
  });

  test("fails where entries follow a superseded intent's end", async () => {
    const edited = await live(113, "hold", [approvedBy("ben"), changedBy("ana")], {
      edit: { allow: true, editorMayApprove: false },
    });
    const approvedAfter = await findingsAfter((e) => {
      const cast = structuredClone(e.find(({ event }) => event === "approval_vote_recorded")) as DraftEntry;
      e.push(cast);
    }, edited);
    expect(approvedAfter).toMatchObject({ events: "fails" });
  });

  function needing(require: number) {
    return { approval: { require, quorums: [], rejections: 2 } };
  }
});

describe("hostile input to the verifier", () => {
  const deep = (n: number) => "[".repeat(n) + "]".repeat(n);
  const loop: { self?: unknown } = {};
  loop.self = loop;
  const trap = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error("trap");
      },
    },
  );
  const HOSTILE: readonly (readonly [string, unknown])[] = [
    ["nothing", undefined],
    ["null", null],
    ["an empty text", ""],
    ["a number", 7],
    ["a list", []],
    ["an empty object", {}],
    ["deep nesting", deep(100_000)],
    ["deep nesting inside", `{"format":${deep(100)}}`],
    ["a loop", loop],
    ["a trap", trap],
    [
      "a getter that throws",
      Object.defineProperty({}, "format", {
        enumerable: true,
        get: () => {
          throw new Error("x");
        },
      }),
    ],
    ["__proto__", '{"__proto__":{"format":"gate-evidence/v1"}}'],
    ["an unclosed string", '{"format":"'],
    ["escapes", '"\\"'.repeat(10_000)],
    ["a function", () => {}],
    ["a symbol", Symbol("x")],
  ];
  test.each(HOSTILE)("that is %s is no bundle, and nothing is thrown", async (_what, input) => {
    const findings = await verifyBundle(input, TRUSTED);
    expect(findings.map(({ name, status }) => [name, status])).toEqual([["form", "fails"]]);
    expect(verdictOf(findings)).toBe("broken");
  });

  test("with a member named twice is refused at any depth, however written", async () => {
    const text = JSON.stringify(whole);
    for (const twice of [
      text.replace('"erased":', '"erased":true,"erased":'),
      text.replace('"actor":', '"actor":"x","actor":'),
      text.replace('"actor":', '"\\u0061ctor":"x","actor" :'),
    ]) {
      expect(twice).not.toBe(text);
      expect(failing(await verifyBundle(twice, TRUSTED))).toEqual(["form"]);
    }
  });

  test("with an unknown member is refused, because it would look as proven as the rest", async () => {
    for (const add of [
      (b: Record<string, unknown>) => (b["verified"] = true),
      (b: Record<string, unknown>) => (((b["entries"] as Record<string, unknown>[])[0] ?? {})["mac"] = ""),
      (b: Record<string, unknown>) => Object.defineProperty(b, "__proto__", { value: {}, enumerable: true }),
      (b: Record<string, unknown>) => Object.defineProperty(b, "constructor", { value: 1, enumerable: true }),
    ]) {
      const copy = structuredClone(whole) as unknown as Record<string, unknown>;
      add(copy);
      expect(failing(await verifyBundle(JSON.stringify(copy), TRUSTED))).toEqual(["form"]);
    }
  });

  test("in excess is refused before any work is done", async () => {
    const many = (b: Mutable<Bundle>) => {
      const [first] = b.orders;
      if (first === undefined) throw new Error("order");
      b.orders = Array.from({ length: 65 }, () => first);
    };
    expect(failing(await changed(many))).toEqual(["form"]);
    expect(failing(await verifyBundle(" ".repeat(MAX_BUNDLE_CHARS + 1), TRUSTED))).toEqual(["form"]);
  });

  test("can't control the terminal through the findings' words", async () => {
    const findings = await changed(
      (b) => b.orders[0] && (b.orders[0].order = "\u001b[2J\u202e\n".repeat(50)),
    );
    const words = findings.map((finding) => finding.words).join("");
    expect(words).not.toMatch(/\p{Cc}|\p{Cf}/u);
    expect(words).toContain("…");
  });

  test("a trusted key that is malformed fails instead of being left out", async () => {
    for (const vkeys of [[], ["x"], [SIGNER.vkey, "x"]]) {
      expect(failing(await verifyBundle(whole, { vkeys, jwks: [] }))).toContain("trusted_keys");
    }
  });

  test("a runtime without Ed25519 reports that it can't tell", async () => {
    const findings = await verifyBundle(whole, TRUSTED, { verify: async () => null });
    expect(statuses(findings)).toMatchObject({ checkpoint: "not_shown", orders: "not_shown" });
    expect(verdictOf(findings)).toBe("incomplete");
  });
});

test("a chain that is not or only partly sealed is reported as such", async () => {
  const life = await fullLife(40);
  const none = await new MadeLog(lives.flatMap((l) => l.entries)).bundle(life);
  expect(statuses(await verifyBundle(none, TRUSTED))).toMatchObject({
    inclusion: "not_shown",
    chain: "holds",
  });
  const half = await new MadeLog(life.entries.slice(0, 4)).bundle(life);
  const findings = await verifyBundle(half, TRUSTED);
  expect(statuses(findings)).toMatchObject({ inclusion: "not_shown", checkpoint: "holds" });
  expect(verdictOf(findings)).toBe("incomplete");
});
