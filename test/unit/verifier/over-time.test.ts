import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { beforeAll, expect, test } from "vitest";
import type { IntentCommand } from "../../../src/core/intent/command.ts";
import type { IntentTerms } from "../../../src/core/intent/state.ts";
import { verifyBundle } from "../../../verifier/verify-bundle.ts";
import {
  approvedBy,
  approvedFor,
  interleaved,
  type Life,
  live,
  MadeLog,
  ordered,
  reported,
  TRUSTED,
  waited,
} from "../../support/bundle-maker.ts";
import { approvalBy, MINUTE_MS, T0 } from "../../support/intent-fixtures.ts";

/* What happens to approvals over time, to both verifiers: silence, votes that give way, approvals taken back. */

const PYTHON = fileURLToPath(new URL("../../verify_bundle.py", import.meta.url));

const OPEN = { policy: "crm", require: 1, groups: [], people: [] };
const ONE = { approval: approvalBy(OPEN) };
const TWO = { approval: approvalBy({ ...OPEN, require: 2 }) };
const QUIET = {
  ...ONE,
  onNoResponse: "auto_approve_if_low_risk",
  decideBy: T0 + 2 * MINUTE_MS,
} as const;

const confirmed =
  (notifiedAt: number | null) =>
  ({ digest }: IntentTerms): IntentCommand => ({ type: "confirm_silence", digest, upSince: T0, notifiedAt });

const recounted =
  (...lapsed: readonly string[]) =>
  ({ digest }: IntentTerms): IntentCommand => ({ type: "recount", digest, lapsed, standings: [] });

const done = [ordered, reported("succeeded")];

let lives: ReadonlyMap<string, Life>;
let log: MadeLog;

beforeAll(async () => {
  lives = new Map([
    ["silence that counts", await live(131, "hold", [waited, waited, confirmed(T0), ...done], QUIET)],
    [
      "silence that does not count, and a person",
      await live(132, "hold", [waited, waited, confirmed(null), approvedBy("ana"), ...done], QUIET),
    ],
    [
      "an approval taken back, and given by another",
      await live(133, "hold", [approvedBy("ana"), recounted("rev_ana"), approvedBy("ben"), ...done], ONE),
    ],
    [
      "a delegated vote that gives way to two personal ones",
      await live(
        134,
        "hold",
        [approvedFor("ana", "ben"), approvedBy("ben"), approvedBy("ana"), ...done],
        TWO,
      ),
    ],
  ]);
  log = new MadeLog(interleaved([...lives.values()]));
});

test.each([
  ["silence that counts", ["expiry_deferred", "approved"]],
  ["silence that does not count, and a person", ["expiry_deferred", "silence_not_counted"]],
  ["an approval taken back, and given by another", ["approval_lapsed", "approval_vote_withdrawn"]],
  ["a delegated vote that gives way to two personal ones", ["approval_vote_withdrawn"]],
])("both verifiers prove %s", async (name, events) => {
  const life = lives.get(name);
  if (life === undefined) throw new Error(name);
  const recorded = life.entries.map(({ event }) => event);
  for (const event of [...events, "execution_succeeded"]) expect(recorded).toContain(event);
  const bundle = JSON.stringify(await log.bundle(life));
  const findings = await verifyBundle(bundle, TRUSTED);
  expect(findings.filter(({ status }) => status === "fails")).toEqual([]);
  const python = spawnSync("python3", ["-B", PYTHON, "-", ...TRUSTED.vkeys], {
    input: bundle,
    encoding: "utf8",
  });
  expect(python.error ?? python.stderr).toBe("");
  expect(python.stdout).not.toMatch(/^(?:fails|unknown)/m);
});

test("neither accepts that an approval by policy is taken back", async () => {
  const life = await live(135, "hold", [approvedBy("ana"), recounted("rev_ana")], ONE);
  const byPolicy = life.entries.map((entry) =>
    entry.event === "approved"
      ? { ...entry, body: entry.body.replace('"by":"ana"', '"by":"policy"') }
      : entry,
  );
  const forged = new MadeLog(byPolicy);
  const bundle = JSON.stringify(await forged.bundle({ ...life, entries: byPolicy }));
  const findings = await verifyBundle(bundle, TRUSTED);
  expect(findings.some(({ status }) => status === "fails")).toBe(true);
  const python = spawnSync("python3", ["-B", PYTHON, "-", ...TRUSTED.vkeys], {
    input: bundle,
    encoding: "utf8",
  });
  expect(python.status).not.toBe(0);
});
