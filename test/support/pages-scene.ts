import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Principal } from "./client.ts";
import { temporaryFolder } from "./command.ts";
import { type Gate, startGate, text } from "./gate.ts";

const POLICIES = {
  "crm-low-risk":
    "destinations: [salesforce.import]\nauto_approve_under: 100\nrequire_approval_over: 100\nexpiry_minutes: 300\n",
  "outbound-email":
    "destinations: [sendgrid.send]\nrequire_approval_if_template_error: true\nhold_if_terms: [price increase]\nauto_approve_under: 10\nedit: { allow: true }\n",
  payouts: "destinations: [adyen.payout]\nrequire_approval: always\napprovers: { require: 2 }\n",
  "other-writes": "destinations: [slack.message, notion.pages]\nrequire_approval: always\n",
} as const;

const REGISTRY = `
people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
  chloe: { name: Chloe Martin, email: chloe@example.com }
destinations:
  salesforce.import: { policies: [crm-low-risk] }
  sendgrid.send: { policies: [outbound-email], records: single }
  adyen.payout:
    policies: [payouts]
    amount: { path: "$.payouts[*].amount", unit: minor, currency: { path: "$.payouts[*].currency" } }
    records: "$.payouts"
  slack.message: { policies: [other-writes], records: single }
  notion.pages: { policies: [other-writes] }
`;

/** A Gate with cases of many kinds, waiting and decided. */
export interface PagesScene extends AsyncDisposable {
  readonly gate: Gate;
  readonly origin: string;
  readonly ana: Principal;
  /** The fifth of five imports of one shape, carried out. */
  readonly fifth: string;
  /** Waiting cases by what is special about each. */
  readonly waiting: Readonly<Record<"csv" | "mail" | "payouts" | "hebrew" | "large" | "own", string>>;
  /** The group of three alike messages. */
  readonly group: string;
}

const leads = (rows: number, seed: number) =>
  `id,email,company,value\n${Array.from({ length: rows }, (_, n) => `${n},p${n}.${seed}@x.example,"Acme, Inc.",${n}.50`).join("\n")}\n`;

export const LARGE_PAYLOAD_BYTES = 1024 * 1024;

export async function startScene(): Promise<PagesScene> {
  const rules = temporaryFolder();
  const folder = join(rules.path, "policies");
  mkdirSync(folder);
  for (const [id, body] of Object.entries(POLICIES)) {
    writeFileSync(join(folder, `${id}.yaml`), `id: ${id}\n${body}`);
  }
  writeFileSync(join(rules.path, "gate.yaml"), REGISTRY);
  const gate = await startGate({
    args: ["--policy-dir", folder, "--registry", join(rules.path, "gate.yaml")],
  });
  const [ana, ben] = await Promise.all([
    gate.register("reviewer", { person: "ana" }),
    gate.register("reviewer", { person: "ben" }),
  ]);
  const importer = await gate.register("agent", { name: "lead-importer", owner: "chloe" });
  const cleaner = await gate.register("agent", { name: "crm-cleaner", owner: "ana" });

  async function propose(agent: Principal, body: Record<string, unknown>): Promise<string> {
    return text((await gate.call("POST", "/v1/intents", agent.key, body)).body, "intentId");
  }

  const imports = { destination: "salesforce.import", policy: "crm-low-risk" };
  let fifth = "";
  for (let run = 0; run < 5; run += 1) {
    fifth = await propose(importer, {
      ...imports,
      payload: leads(120, run),
      payload_name: `leads-${run}.csv`,
    });
    await gate.call("POST", `/v1/intents/${fifth}/approve`, ben.key, { reason: "Looks right." });
    const { body: order } = await gate.call("POST", `/v1/intents/${fifth}/execute`, importer.key, {});
    await gate.call(
      "POST",
      `/v1/executions/${text(order, "executionId")}/report`,
      text(order, "execution_token"),
      {
        status: "succeeded",
        result: { created: 0, updated: 120 },
      },
    );
  }
  const waiting = {
    csv: await propose(importer, { ...imports, payload: leads(847, 9), payload_name: "leads-9.csv" }),
    mail: await propose(importer, {
      destination: "sendgrid.send",
      policy: "outbound-email",
      payload: JSON.stringify({
        subject: "Welcome",
        text: "Hello {{customer_name}},\n\na price increase follows.",
      }),
      payload_name: "welcome.json",
    }),
    payouts: await propose(importer, {
      destination: "adyen.payout",
      policy: "payouts",
      payload: JSON.stringify({
        payouts: [
          { to: "NL91", amount: 1_250_000, currency: "EUR" },
          { to: "JP01", amount: 9_000, currency: "JPY" },
        ],
      }),
    }),
    hebrew: await propose(importer, {
      destination: "slack.message",
      policy: "other-writes",
      payload: "\u05e1\u05db\u05d5\u05dd5;900000\u05e1\u05d5\u05e3",
    }),
    large: await propose(importer, {
      destination: "notion.pages",
      policy: "other-writes",
      payload: JSON.stringify({ blocks: [`${'<"&\u200b'.repeat(1_000)}`, "x".repeat(LARGE_PAYLOAD_BYTES)] }),
      payload_name: "handbook.json",
    }),
    own: await propose(cleaner, { ...imports, payload: leads(150, 3) }),
  };
  for (let at = 0; at < 3; at += 1) {
    await propose(cleaner, {
      destination: "slack.message",
      policy: "other-writes",
      payload: `Deploy ${at} is done.`,
    });
  }
  const { body } = await gate.call(
    "GET",
    `/v1/approvals?agent=${cleaner.id}&destination=slack.message`,
    ana.key,
  );
  const [{ group }] = body["approvals"] as readonly [{ readonly group: string }];
  return {
    gate,
    origin: `http://127.0.0.1:${gate.port}`,
    ana,
    fifth,
    waiting,
    group,
    async [Symbol.asyncDispose]() {
      await gate[Symbol.asyncDispose]();
      rules[Symbol.dispose]();
    },
  };
}
