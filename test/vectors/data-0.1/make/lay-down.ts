import type { Cast } from "./cast.ts";
import { text } from "./client.ts";
import { tokenOf } from "./jws.ts";

/** The longest that a mandate may last is 366 days. */
const YEAR_MS = 365 * 24 * 60 * 60_000;

/** What the folder holds beside cases: mandates, a webhook, a switch, suspensions, a session, a kept answer. */
export async function layDown({ client, members, account }: Cast) {
  const { ops, ana, cleo, importer } = members;
  const until = new Date(Date.now() + YEAR_MS).toISOString();
  const standing = await client.call(
    "POST",
    "/v1/standing-approvals",
    ana.key,
    { destination: "crm.small", agent_id: importer.id, max_records: 10, uses: 5, expires_at: until },
    201,
  );
  const delegation = await client.call(
    "POST",
    "/v1/delegations",
    ana.key,
    { delegate_person_id: "cleo", destination: "ledger.*", expires_at: until },
    201,
  );
  const webhook = await client.call(
    "POST",
    "/v1/webhooks",
    ops.key,
    {
      url: "https://told.example/gate",
      events: ["intent.expiry_escalated"],
      description: "Hears of nothing here",
    },
    201,
  );
  const stopped = { scope: "agent", target: members["night-batch"].id, reason: "drill", ticket: "OPS-7" };
  await client.call("POST", "/v1/switches", ops.key, stopped);
  await client.call("POST", `/v1/agents/${members["old-agent"].id}/suspend`, ops.key);
  await client.call("POST", `/v1/agents/${members["lost-agent"].id}/revoke`, ops.key);
  const { body: switches } = await client.call("GET", "/v1/switches", ops.key);
  await client.send("/contacts/7", { headers: { "x-gate-key": importer.key } }, 201);
  const { body: signedIn } = await client.call("GET", "/v1/session", tokenOf(account));
  const { body: reads } = await client.call("GET", "/v1/reads", ops.key);
  return {
    signedIn,
    reads: reads["reads"],
    standing: standing.body,
    delegation: delegation.body,
    delegate: cleo.id,
    webhook: webhook.body,
    switches: switches["switches"],
    session: await signIn({ client, key: ana.key }),
    idempotent: await answerOnce({ client, key: importer.key }),
  };
}

interface Caller {
  readonly client: Cast["client"];
  readonly key: string;
}

/** The cookie as a browser sends it back. */
async function signIn({ client, key }: Caller): Promise<string> {
  const { headers } = await client.call("POST", "/v1/session", key, { key });
  return text({ cookie: headers.get("set-cookie")?.split(";")[0] }, "cookie");
}

/** A proposal under an Idempotency-Key, with the answer that every repeat gets. */
async function answerOnce({ client, key }: Caller) {
  const proposal = { destination: "crm.import", policy: "open", payload: "a\n1\n", payload_name: "a.csv" };
  const headers = {
    authorization: `Bearer ${key}`,
    "content-type": "application/json",
    "idempotency-key": '"once-2026-11"',
  };
  const init = { method: "POST", headers, body: JSON.stringify(proposal) };
  const { body: answer } = await client.send("/v1/intents", init, 200);
  return { key: "once-2026-11", proposal, answer };
}
