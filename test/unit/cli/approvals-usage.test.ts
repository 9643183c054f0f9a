import { expect, test } from "vitest";
import { runApprovalsCommand } from "../../../cli/approvals/command.ts";

test("reviewers' comments reach the agent: where one is written, the command says who reads it", async () => {
  let out = "";
  const io = { out: (text: string) => void (out += text), err: () => undefined };
  expect(await runApprovalsCommand(["--help"], io)).toBe(0);
  expect(out).toMatch(/--comment TEXT .*the agent and its runner read it, and people who see the case/);
  expect(out).toMatch(/--reason TEXT .*read by the same/);
});
