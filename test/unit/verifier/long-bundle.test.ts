import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { JsonObject } from "../../../src/core/base/json.ts";
import { verdictOf } from "../../../verifier/finding.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import { countVote, emptyTally, votesOf } from "../../../verifier/vote-tally.ts";
import { fullLife, MadeLog, ORIGIN, repeatedOften, TRUSTED } from "../../support/bundle-maker.ts";
import { volume } from "../../support/volume.ts";

const PYTHON_VERIFIER = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));

/** The large size is beyond the number that verifiers refused before as "not a bundle". */
const ENTRIES = volume("BUNDLE_ENTRIES", { quick: 2_500, chaos: 20_500 });

/** At the large size: three times what it takes on two idle cores. */
const TIMEOUT_MS = 90_000;

test(
  "INV-18: both verifiers prove a bundle of many thousand entries, and find one edited entry in it",
  { timeout: TIMEOUT_MS },
  async (context) => {
    const life = repeatedOften(await fullLife(7), ENTRIES);
    const log = new MadeLog(life.entries);
    const bundle = await log.bundle(life);
    const text = JSON.stringify(bundle);
    const findings = await verifyBundle(text, TRUSTED, { origin: ORIGIN });
    expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
    expect(verdictOf(findings)).toBe("proven");

    const entry = bundle.entries[ENTRIES - 5];
    if (entry === undefined) throw new Error("no such entry");
    entry.actor = "agt_2";
    const edited = JSON.stringify(bundle);
    const broken = await verifyBundle(edited, TRUSTED, { origin: ORIGIN });
    const failing = ({ status }: { status: string }) => status === "fails";
    expect(broken.filter(failing).map(({ name }) => name)).toEqual(["inclusion", "entry_hashes"]);

    const cases = [text, edited].map((each) =>
      JSON.stringify({ bundle: each, trusted: TRUSTED, origin: ORIGIN }),
    );
    const python = spawnSync("python3", ["-B", PYTHON_VERIFIER, "--cases"], {
      input: `${cases.join("\n")}\n`,
      encoding: "utf8",
      maxBuffer: 2 ** 30,
    });
    if (python.error !== undefined) context.skip("python3 is missing");
    const verdicts = python.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    const failed = (verdict: Record<string, string> = {}) =>
      Object.keys(verdict).filter((name) => verdict[name] === "fails");
    expect(failed(verdicts[0])).toEqual([]);
    expect(verdicts[0]).toMatchObject({ form: "holds", inclusion: "holds", chain: "holds" });
    expect(failed(verdicts[1])).toEqual(["inclusion", "entry_hashes"]);
  },
);

test("votes that are cast and withdrawn keep their order, and a withdrawal removes only that person's", () => {
  const tally = emptyTally({});
  const step = (event: string, person: string, acting = person) =>
    countVote(tally, event, { person, acting, principal: `rev_${person}` } satisfies JsonObject);
  const voters = () => votesOf(tally).map(({ person }) => person);
  for (const person of ["ana", "ben", "cleo"]) step("approval_vote_recorded", person);
  expect(step("approval_vote_withdrawn", "ben")).toBeNull();
  expect(step("approval_vote_withdrawn", "ben")).toBe("withdraws a vote that was not cast");
  step("approval_vote_recorded", "ben", "dora");
  expect(voters()).toEqual(["ana", "cleo", "ben"]);
  expect(step("rejection_vote_recorded", "dora")).toContain("has not withdrawn their approval");
  expect(step("rejection_vote_recorded", "eve")).toBeNull();
  expect(step("approval_vote_withdrawn", "ben")).toBeNull();
  expect(step("rejection_vote_recorded", "ben")).toBeNull();
});
