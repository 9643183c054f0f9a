import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, test } from "vitest";
import { codeBlocksOf } from "../support/code-blocks.ts";
import { temporaryFolder } from "../support/command.ts";
import { list, startGate } from "../support/gate.ts";

/* The programs of docs/integrate.md in languages without an SDK. */

const gate = await startGate();
afterAll(() => gate[Symbol.asyncDispose]());

const PROGRAMS = [
  { language: "go", file: "main.go", command: ["go", "run", "main.go"] },
  { language: "java", file: "Governed.java", command: ["java", "Governed.java"] },
] as const;

/** Compiling the standard library once takes its time on a busy machine. */
const COMPILED = 240_000;

describe.each(PROGRAMS)("$language", ({ language, file, command }) => {
  const [program, ...args] = command;
  const isMissing = spawnSync(program, ["version"]).error !== undefined && process.env["CI"] === undefined;

  test.skipIf(isMissing)(
    "the program writes once under its key, and a second run does not write",
    async () => {
      using folder = temporaryFolder();
      const block = codeBlocksOf("docs/integrate.md").find((each) => each.language === language);
      writeFileSync(join(folder.path, file), block?.text ?? "");
      const { key } = await gate.register("agent");
      const env = { ...process.env, GATE_ENDPOINT: `http://127.0.0.1:${gate.port}`, GATE_API_KEY: key };
      const runOnce = () => promisify(execFile)(program, args, { cwd: folder.path, env });

      expect((await runOnce()).stdout).toContain("imported");
      await expect(runOnce()).rejects.toThrow(/not written: succeeded/);
      const { body } = await gate.call("GET", "/v1/intents", key);
      expect(list(body, "intents").map(({ state }) => state)).toEqual(["succeeded"]);
    },
    COMPILED,
  );
});
