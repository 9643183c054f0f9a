import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { hasPython, schemathesisCommand } from "../support/schemathesis/environment.ts";
import { type Fuzzed, fuzzedScene } from "../support/schemathesis/scene.ts";
import { testSeed, volume } from "../support/volume.ts";

/* Other people's fuzzer, which knows of Gate what its document says. */

const SECONDS = volume("SCHEMATHESIS_SECONDS", { quick: 60, chaos: 600 });
const SEED = testSeed(20_261_201);

/** Enough to come to every operation once. */
const CONTROL_SECONDS = 10;

/** Installing it, and ending what it began. */
const MORE_MS = 240_000;

const CHECKS = [
  "not_a_server_error",
  "status_code_conformance",
  "content_type_conformance",
  "response_headers_conformance",
  "response_schema_conformance",
  // What the document calls invalid is refused, and nothing is done without the credential that it asks for.
  "negative_data_rejection",
  "ignored_auth",
  "use_after_free",
];

/** What it found, as it prints it; empty: nothing. */
async function fuzz(
  command: string,
  document: string,
  port: number,
  key: string,
  seconds: number,
): Promise<string> {
  const options = {
    "--url": `http://127.0.0.1:${port}`,
    "--header": `Authorization: Bearer ${key}`,
    "--checks": CHECKS.join(","),
    "--max-time": String(seconds),
    "--seed": String(SEED),
    "--phases": "coverage,fuzzing,stateful",
    "--generation-database": "none",
    "--suppress-health-check": "all",
    "--warnings": "off",
    "--request-timeout": "20",
  };
  const flags = ["--continue-on-failure", "--no-color"];
  const args = ["-m", "schemathesis.cli", "run", document, ...Object.entries(options).flat(), ...flags];
  // It leaves files where it runs.
  const child = spawn(command, args, { cwd: dirname(document), stdio: ["ignore", "pipe", "pipe"] });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const code = child.exitCode ?? (await new Promise((resolve) => child.on("close", resolve)));
  return code === 0 ? "" : `${out}\n${err}`;
}

describe.skipIf(!hasPython())("schemathesis", () => {
  let command: string;
  let scene: Fuzzed;

  beforeAll(async () => {
    command = schemathesisCommand();
    scene = await fuzzedScene();
  }, MORE_MS);

  afterAll(() => scene[Symbol.asyncDispose]());

  test("finds a promise that is not kept", { timeout: MORE_MS }, async () => {
    const { gate, callers } = scene;
    const [caller] = callers;
    if (caller === undefined) throw new Error("there is a caller");
    const broken = join(gate.home, "broken.json");
    const promised = readFileSync(caller.document, "utf8").replace(
      '"const":"zehrava-gate"',
      '"const":"another"',
    );
    writeFileSync(broken, promised);
    expect(await fuzz(command, broken, gate.port, caller.key, CONTROL_SECONDS)).toContain("another");
  });

  test(
    `INV-25: finds no 5xx and nothing undocumented within ${SECONDS} seconds`,
    { timeout: SECONDS * 1_000 * 2 + MORE_MS },
    async () => {
      const { gate, callers } = scene;
      const seconds = Math.max(Math.floor(SECONDS / callers.length), 1);
      for (const { role, key, document } of callers) {
        const found = await fuzz(command, document, gate.port, key, seconds);
        expect(found, `as ${role}, seed ${SEED}`).toBe("");
      }
    },
  );
});
