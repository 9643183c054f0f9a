import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { Json } from "../../../src/core/base/json.ts";
import { chain, EMPTY_HEAD } from "../../../src/core/ledger/entry.ts";
import type { Finding } from "../../../verifier/finding.ts";
import type { TrustedKeys } from "../../../verifier/keys.ts";
import { canonicalOf } from "../../../verifier/read-json.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import {
  debatedLife,
  debatedLives,
  recheckedLives,
  fullLife,
  interleaved,
  MadeLog,
  sentLives,
  signerOf,
  someLives,
  STRANGER,
  TRUSTED,
  type Life,
} from "../../support/bundle-maker.ts";
import { mutations } from "../../support/mutations.ts";
import { testSeed, volume } from "../../support/volume.ts";

/*
 * Every change of a bundle is detected, and two verifiers that share no code agree on each.
 */

const PYTHON_VERIFIER = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));
/** One in so many changes of a bundle is checked, and one in so many by the second verifier as well. */
const CHECKED_ONE_IN = volume("CHANGES_ONE_IN", { quick: 4, chaos: 1 });
const ONE_IN = volume("MUTATIONS_ONE_IN", { quick: 48, chaos: 1 });
const hasPython = spawnSync("python3", ["--version"]).status === 0;
if (!hasPython) console.warn("python3 is missing: the second verifier was not run");

interface Case {
  readonly what: string;
  readonly bundle: string;
  readonly trusted: TrustedKeys | null;
}

let whole: string;
let others: readonly string[];
let mutants: readonly Case[];

beforeAll(async () => {
  const lives = [
    ...(await someLives()),
    ...(await debatedLives()),
    ...(await sentLives()),
    ...(await recheckedLives()),
  ];
  const log = new MadeLog(interleaved(lives));
  const [text = "", ...rest] = await Promise.all(
    lives.map(async (life) => JSON.stringify(await log.bundle(life))),
  );
  whole = text;
  others = rest;
  mutants = [...mutations(JSON.parse(whole) as Json)].map(({ what, value }) => ({
    what,
    bundle: JSON.stringify(value),
    trusted: TRUSTED,
  }));
});

type Statuses = Readonly<Record<string, string>>;
const statusesOf = (findings: readonly Finding[]): Statuses =>
  Object.fromEntries(findings.map(({ name, status }) => [name, status]));

/**
 * Changes that change nothing that is claimed. Of lists that are sets, order and repetition say nothing: keys
 * are looked up by name, policy texts by hash, notes and orders by what they belong to; each item is verified
 * for itself. A key that is left out of the bundle is not missed, because the trusted ones are used.
 */
const HARMLESS: readonly RegExp[] = [
  /^bundle\.(policies|orders|disclosed\.notes|keys\.vkeys|keys\.jwks\.keys) with \[\d+\] (twice|after the next)$/,
  /^bundle\.keys\.(vkeys|jwks\.keys) (without \[\d+\]|:= \[\])$/,
  // The key itself is a trusted one, by its bytes, under whatever id the bundle lists it.
  /^bundle\.keys\.jwks\.keys\[\d+\]\.kid := "/,
];

test("INV-18: every single change of a bundle is noticed or is on the list of harmless ones", async () => {
  const before = statusesOf(await verifyBundle(whole, TRUSTED));
  const unnoticed: string[] = [];
  const checked = mutants.filter((_, nth) => nth % CHECKED_ONE_IN === testSeed(1) % CHECKED_ONE_IN);
  for (const { what, bundle, trusted } of checked) {
    const after = statusesOf(await verifyBundle(bundle, trusted));
    const isWorse = Object.entries(before).some(
      ([name, status]) => status === "holds" && after[name] !== "holds",
    );
    if (!isWorse && !HARMLESS.some((pattern) => pattern.test(what))) unnoticed.push(what);
  }
  expect(mutants.length).toBeGreaterThan(1_000);
  expect(unnoticed).toEqual([]);
}, 60_000);

test("every pattern on the list of harmless changes is needed", async () => {
  const before = statusesOf(await verifyBundle(whole, TRUSTED));
  for (const pattern of HARMLESS) {
    const listed = mutants.filter(({ what }) => pattern.test(what));
    const after = await Promise.all(
      listed.map(async ({ bundle }) => statusesOf(await verifyBundle(bundle, TRUSTED))),
    );
    expect(
      after.some((statuses) => JSON.stringify(statuses) === JSON.stringify(before)),
      String(pattern),
    ).toBe(true);
  }
});

test.skipIf(!hasPython)(
  "INV-18: the independent Python verifier gives the same findings for every changed bundle",
  async () => {
    const odd: readonly Case[] = [
      ...[whole, ...others].flatMap((bundle) => [
        { what: "as it is", bundle, trusted: TRUSTED },
        { what: "without a key", bundle, trusted: null },
        { what: "with another key", bundle, trusted: { vkeys: [STRANGER.vkey], jwks: [] } },
        { what: "with no key that is one", bundle, trusted: { vkeys: ["x"], jwks: [] } },
        {
          what: "with two keys",
          bundle,
          trusted: { vkeys: [...TRUSTED.vkeys, signerOf("b.example", 4).vkey], jwks: [] },
        },
      ]),
      ...[
        "",
        "{",
        "null",
        "[]",
        "[".repeat(200),
        '{"a":1,"a":1}',
        "NaN",
        '"\\ud800"',
        whole.replace('"seq":1,', '"seq":1.0,'),
      ].map((bundle) => ({ what: bundle.slice(0, 20), bundle, trusted: TRUSTED })),
      ...(await unsealed()),
    ];
    const lying = [...(await lies(await fullLife(60))), ...(await lies(await debatedLife(61)))];
    const first = testSeed(1) % ONE_IN;
    const cases = [...odd, ...mutants, ...lying].filter(
      (_, nth) => nth < odd.length || nth % ONE_IN === first,
    );
    const input = cases.map(({ bundle, trusted }) => JSON.stringify({ bundle, trusted })).join("\n");
    const ran = spawnSync("python3", [PYTHON_VERIFIER, "--cases"], {
      input,
      encoding: "utf8",
      maxBuffer: 64 * 1024 * 1024,
    });
    expect(ran.stderr).toBe("");
    const found = ran.stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Statuses);
    expect(found.length).toBe(cases.length);
    const differing: unknown[] = [];
    for (const [at, { what, bundle, trusted }] of cases.entries()) {
      const here = statusesOf(await verifyBundle(bundle, trusted));
      const there = found[at] ?? {};
      const names = new Set([...Object.keys(here), ...Object.keys(there)]);
      const differs = [...names].filter((name) => here[name] !== there[name]);
      if (differs.length > 0) {
        differing.push({ what, differs: differs.map((name) => [name, here[name], there[name]]) });
      }
    }
    expect(differing).toEqual([]);
  },
  120_000,
);

async function unsealed(): Promise<readonly Case[]> {
  const life = await fullLife(50);
  const half = await new MadeLog(life.entries.slice(0, 4)).bundle(life);
  const none = await new MadeLog([]).bundle(life);
  return [half, none].map((bundle) => ({
    what: "unsealed",
    bundle: JSON.stringify(bundle),
    trusted: TRUSTED,
  }));
}

/** Bundles that a lying deployment would seal: hashes, links, proofs and signatures are right. */
async function lies(life: Life): Promise<readonly Case[]> {
  const cases: Case[] = [];
  for (const [at, entry] of life.entries.entries()) {
    const changes = [...mutations(JSON.parse(entry.body) as Json, `lie ${at}`)].filter(
      (_, nth) => nth % 3 === at % 3,
    );
    for (const { what, value } of changes) {
      const drafts = life.entries.with(at, { ...entry, body: canonicalOf(value) ?? "{}" });
      const forged = { ...life, entries: chain(life.terms.id, EMPTY_HEAD, drafts, new Uint8Array(32)) };
      const bundle = JSON.stringify(await new MadeLog(forged.entries).bundle(forged));
      cases.push({ what, bundle, trusted: TRUSTED });
    }
  }
  return cases;
}
