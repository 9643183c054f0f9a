import type { Entry } from "../src/core/ledger/entry.ts";
import { leafBytes } from "../src/core/tlog/leaf.ts";
import { consistencyProof, inclusionProof, verifyInclusion } from "../src/core/tlog/proofs.ts";
import { append, EMPTY_FRONTIER, frontierOf, leafHash, rootOf, type HashAt } from "../src/core/tlog/tree.ts";
import { verdictOf } from "../verifier/finding.ts";
import { verifyBundle } from "../verifier/verify-bundle.ts";
import { verifyExport } from "../verifier/verify-export.ts";
import { fullLife, interleaved, MadeLog, TRUSTED } from "../test/support/bundle-maker.ts";

/*
 * Measures the log: adding leaves, proofs and their size as it grows, and verifying one intent's evidence.
 *
 *   node bench/log.ts
 */

const SIZES = [1_000, 10_000, 100_000] as const;
const LARGEST = SIZES[SIZES.length - 1] ?? 0;
const PROOFS = 2_000;
const BUNDLES = 60;
const BUNDLE_GOAL_MS = 5;
const EXPORTED_LIVES = 500;

const life = await fullLife(1);
const [sample] = life.entries;
if (sample === undefined) throw new Error("the sample intent has no entries");

/** Distinct entries of the usual length. */
function filler(count: number): readonly Entry[] {
  return Array.from({ length: count }, (_, at) => {
    const like = life.entries[at % life.entries.length] ?? life.entries[0];
    if (like === undefined) throw new Error("the sample intent has no entries");
    return { ...like, intent: `int_${String(at).padStart(43, "x")}`, hash: String(at).padStart(64, "0") };
  });
}

const entries = filler(LARGEST);
const hashes = new Map<string, Uint8Array>();
const hashAt: HashAt = (level, index) => hashes.get(`${level}/${index}`) ?? new Uint8Array();
let frontier = EMPTY_FRONTIER;
let bytes = 0;
const began = performance.now();
for (const entry of entries) {
  const leaf = leafBytes(entry);
  if (!leaf.ok) throw new Error(leaf.error);
  bytes += leaf.value.length;
  const appended = append(frontier, leafHash(leaf.value));
  frontier = appended.frontier;
  for (const { level, index, hash } of appended.completed) hashes.set(`${level}/${index}`, hash);
}
const seconds = (performance.now() - began) / 1000;
const perSecond = Math.round(entries.length / seconds);
console.log(
  `append ${entries.length} leaves of ${Math.round(bytes / entries.length)} B: ` +
    `${seconds.toFixed(2)} s, ${perSecond} a second; edge of ${frontier.hashes.length} hashes`,
);

for (const size of SIZES) {
  const root = rootOf(frontierOf(size, hashAt));
  const indices = Array.from({ length: PROOFS }, (_, at) => Math.floor((at * size) / PROOFS));
  const made = timed(() => indices.map((index) => inclusionProof(index, size, hashAt)));
  const leaves = indices.map((index) => hashAt(0, index));
  const checked = timed(() =>
    indices.every((index, at) => {
      const [leaf, proof] = [leaves[at], made.value[at]];
      return leaf !== undefined && proof !== undefined && verifyInclusion(leaf, index, size, proof, root);
    }),
  );
  if (!checked.value) throw new Error("an inclusion proof does not verify");
  const linked = timed(() => indices.map((index) => consistencyProof(index + 1, size, hashAt)));
  const longest = Math.max(...made.value.map((proof) => proof.length));
  console.log(
    `${String(size).padStart(7)} leaves: proof ≤ ${longest} hashes (${longest * 32} B), ` +
      `made in ${perRun(made.ms)}, checked in ${perRun(checked.ms)}, consistency made in ${perRun(linked.ms)}`,
  );
  const log = new MadeLog([...entries.slice(0, size - life.entries.length), ...life.entries]);
  const bundle = JSON.stringify(await log.bundle(life));
  const times: number[] = [];
  for (let run = 0; run < BUNDLES; run += 1) {
    const start = performance.now();
    const findings = await verifyBundle(bundle, TRUSTED);
    times.push(performance.now() - start);
    if (verdictOf(findings) !== "proven") throw new Error("the bundle does not verify");
  }
  // The first run includes compiling the verifier; it is printed, because each run of the command includes it too.
  const [first = Number.NaN] = times;
  const median = times.toSorted((a, b) => a - b)[BUNDLES >> 1] ?? Number.NaN;
  const verdict = median < BUNDLE_GOAL_MS ? "" : `  ABOVE THE GOAL OF ${BUNDLE_GOAL_MS} ms`;
  console.log(
    `                bundle of ${life.entries.length} entries, ${(bundle.length / 1024).toFixed(1)} KiB: ` +
      `verified in ${median.toFixed(2)} ms (the first in ${first.toFixed(2)} ms)${verdict}`,
  );
}

const lives = await Promise.all(Array.from({ length: EXPORTED_LIVES }, (_, at) => fullLife(at + 1)));
const whole = new MadeLog(interleaved(lives));
const lines = await whole.export(whole.entries.length);
const start = performance.now();
const report = await verifyExport(lines, TRUSTED);
const ms = performance.now() - start;
if (report.broken !== null) throw new Error("the export does not verify");
console.log(
  `export of ${report.entries} entries in ${report.intents} chains: checked in ${ms.toFixed(0)} ms, ` +
    `${Math.round(report.entries / (ms / 1000))} a second`,
);

function timed<T>(run: () => T): { readonly value: T; readonly ms: number } {
  const from = performance.now();
  const value = run();
  return { value, ms: performance.now() - from };
}

function perRun(total: number): string {
  return `${((total * 1000) / PROOFS).toFixed(1)} µs`;
}
