import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { BodyCase } from "../support/differential/body-case.ts";
import { disagreements } from "../support/differential/compare.ts";
import { explain, type Failure } from "../support/differential/explain.ts";
import { generatedCases } from "../support/differential/generate/cases.ts";
import {
  isInstalled,
  PROGRAMS,
  ReaderProcess,
  type ReaderProgram,
} from "../support/differential/reader-process.ts";
import { allVectors, caseOf, isTolerated, knownGaps } from "../support/differential/vectors.ts";
import { testSeed, volume } from "../support/volume.ts";

/*
 * Bodies are read by Gate and by other people's readers. A reader that sees more records, more money, another recipient
 * or a blocked term than Gate is a fault where Gate was certain: the destination may be that reader.
 */

const COUNT = volume("BODIES", { quick: 5_000, chaos: 100_000 });
const SEED = testSeed(20_261_130);

/** Bodies that a process has not answered yet; more only fills the pipe. */
const BATCH = 200;
/** Enough to see the kinds of a failure; each is shrunk and printed. */
const MAX_EXPLAINED = 8;
/** A hundred thousand bodies take minutes. */
const TIMEOUT_MS = 1_800_000;

const gaps = knownGaps();
let cases: readonly BodyCase[] = [];

beforeAll(() => {
  cases = [...allVectors().map(caseOf), ...generatedCases(SEED, COUNT)];
}, TIMEOUT_MS);

afterAll(() => {
  cases = [];
});

describe.concurrent("other people's readers", () => {
  test.for(PROGRAMS)(
    "INV-00: no reader in $language sees more in a body than Gate where Gate is certain",
    { timeout: TIMEOUT_MS },
    async (program, { skip }) => {
      if (!isInstalled(program)) skip(absence(program, program.packages));
      const process = await ReaderProcess.start(program);
      if (process.missing.length > 0) console.warn(absence(program, process.missing.join(" ")));
      const failures = new Map<string, Failure>();
      for (let start = 0; start < cases.length; start += BATCH) {
        const batch = cases.slice(start, start + BATCH);
        const readings = await Promise.all(batch.map((given) => process.read(given)));
        for (const [at, given] of batch.entries()) {
          collect(given, disagreements(given, readings[at] ?? {}), failures);
        }
      }
      const explained: string[] = [];
      for (const failure of [...failures.values()].slice(0, MAX_EXPLAINED)) {
        explained.push(await explain(failure, process));
      }
      await process.stop();
      const repeat = `GATE_TEST_SEED=${SEED} GATE_TEST_BODIES=${COUNT}`;
      expect(explained, `repeat with ${repeat}; ${failures.size} kinds`).toEqual([]);
    },
  );
});

test("readers that hang are ended, and the body that they hang on is named", async () => {
  const script = `console.log('{"missing":[]}');process.stdin.resume()`;
  const hanging = { language: "hanging", command: process.execPath, args: ["-e", script], packages: "none" };
  const readers = await ReaderProcess.start(hanging, 1);
  const [first, second] = allVectors();
  if (first === undefined || second === undefined) throw new Error("there are vectors");
  const answers = await Promise.allSettled([first, second].map((vector) => readers.read(caseOf(vector))));
  await readers.stop();
  for (const answer of answers) {
    if (answer.status === "fulfilled") throw new Error("no reader answers");
    expect(String(answer.reason)).toContain("readers in hanging give no answer within 1 s");
    expect(String(answer.reason)).toContain(JSON.stringify(first.text));
  }
});

/** The smallest of each kind: what one fault shows in a thousand bodies is one fault. */
function collect(
  given: BodyCase,
  found: ReturnType<typeof disagreements>,
  failures: Map<string, Failure>,
): void {
  for (const disagreement of found) {
    if (isTolerated(gaps, given, disagreement)) continue;
    const kind = `${given.family} ${disagreement.fact} ${disagreement.reader}`;
    const known = failures.get(kind);
    if (known === undefined || given.body.length < known.given.body.length) {
      failures.set(kind, { given, disagreement });
    }
  }
}

/** A missing reader shows nothing: CI installs all of them. */
function absence({ language }: ReaderProgram, packages: string): string {
  const message = `readers in ${language} are left out: apt-get install ${packages}`;
  if (process.env["CI"] === "true") throw new Error(message);
  return message;
}
