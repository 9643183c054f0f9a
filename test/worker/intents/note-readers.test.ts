import { expect, test } from "vitest";
import { admin, call, proposal, propose, register } from "../../support/worker/gate.ts";

/* "Reviewers' comments reach the agent": documentation, command, pages and Slack name these readers, and no other. */

test("a comment is read by the agent and its runner and by people, and by no other agent", async () => {
  const [agent, other] = [await register("agent"), await register("agent")];
  const ana = await register("reviewer");
  const auditor = await register("auditor");
  const id = await propose(agent, proposal("crm.held"), "pending_approval");
  await call("POST", `/v1/intents/${id}/approve`, ana.key, { comment: "a-comment-to-be-read" });
  for (const key of [agent.key, ana.key, auditor.key, admin]) {
    expect((await call("GET", `/v1/intents/${id}`, key)).text).toContain("a-comment-to-be-read");
  }
  const answer = await call("GET", `/v1/intents/${id}`, other.key);
  expect(answer.status).toBe(404);
  expect(answer.text).not.toContain("a-comment-to-be-read");
});
