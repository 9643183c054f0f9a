import { expect, test } from "vitest";
import { APPROVALS } from "../../../cli/approvals/command.ts";
import { runSubcommand } from "../../../cli/subcommands.ts";

test("reviewers' comments reach the agent: where one is written, the command says who reads it", async () => {
  let out = "";
  const io = { out: (text: string) => void (out += text), err: () => undefined };
  expect(await runSubcommand(APPROVALS, ["--help"], io)).toBe(0);
  expect(out).toMatch(/--comment TEXT .*the agent and its runner read it, and people who see the case/);
  expect(out).toMatch(/--reason TEXT .*read by the same/);
});
