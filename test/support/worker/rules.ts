import { vi } from "vitest";
import { portsOf } from "../../../src/env.ts";
import { bindings } from "./bindings.ts";

/*
 * Rules of the tests' own, so that no edit of the shipped policies changes what these tests show. They reach the
 * Worker the way a local installation's do: from the process that watches the policy directory.
 */

/** Every policy by id; the destination each binds has the same last word. */
const POLICIES: Readonly<Record<string, string>> = {
  // Up to 100 records pass, seen or declared.
  small: "allow_unmeasured: true\nauto_approve_under: 100\nrequire_approval_over: 100",
  measured: "auto_approve_under: 100\nrequire_approval_over: 100",
  held: "require_approval: always\nexpiry_minutes: 30\nexecution_window_minutes: 20",
  slow: "require_approval: always\nexpiry_minutes: 4320",
  pair: "require_approval: always\napprovers: { require: 2 }",
  trio: "require_approval: always\napprovers: { require: 3 }",
  noes: "require_approval: always\napprovers: { require: 2, rejections: 2 }",
  "by-ana": "require_approval: always\napprovers: { people: [ana] }",
  "by-ops": "require_approval: always\napprovers: { groups: [ops] }",
  "by-link": "require_approval: always\napprovers: { min_assurance: link }\nexpiry_minutes: 30",
  "by-links": "require_approval: always\napprovers: { min_assurance: link, require: 2 }",
  editable: "require_approval: always\nedit: { allow: true }",
  "by-slack": "require_approval: always\napprovers: { min_assurance: slack }",
  touch: "require_approval: always\napprovers: { min_assurance: passkey }",
  defer: "require_approval: always\non_no_response: defer\nexpiry_minutes: 10",
  escalated:
    "require_approval: always\nexpiry_minutes: 20\non_no_response: escalate\nescalate: [{ after: 5m, to: ops }, { after: 15m, to: ben }]",
  paid: "require_approval: always",
  worded: "auto_approve_under: 100\nhold_if_terms: [refund]",
  surely: "require_approval: always\napprovers: { min_assurance: sso }",
  watching: "mode: shadow\nrequire_approval: always",
  silent: "allow_unmeasured: true\non_no_response: auto_approve_if_low_risk\nexpiry_minutes: 10",
};

const REGISTRY = `
unbound_destinations: block
people:
  ana: { name: Ana Diaz, email: ana@example.com }
  ben: { name: Ben Okafor, email: ben@example.com }
groups:
  ops: [ana, ben]
runners:
  vpc-1: { description: In our own network }
  vpc-2: { description: In somebody else's }
destinations:
  crm.small: { policies: [small] }
  crm.measured: { policies: [measured] }
  crm.held: { policies: [held] }
  crm.slow: { policies: [slow] }
  crm.pair: { policies: [pair] }
  crm.trio: { policies: [trio] }
  crm.noes: { policies: [noes] }
  crm.by-ana: { policies: [by-ana] }
  crm.by-ops: { policies: [by-ops] }
  crm.by-link: { policies: [by-link] }
  crm.by-links: { policies: [by-links] }
  crm.editable: { policies: [editable] }
  crm.by-slack: { policies: [by-slack] }
  crm.touch: { policies: [touch] }
  crm.defer: { policies: [defer] }
  crm.escalated: { policies: [escalated] }
  crm.silent: { policies: [silent] }
  crm.paid: { policies: [paid], amount: { path: usd, unit: major, currency: USD } }
  crm.worded: { policies: [worded] }
  crm.surely: { policies: [surely] }
  crm.watched: { policies: [held, watching] }
  vpc.write: { policies: [small], runners: [vpc-1] }
  vpc.claimed: { policies: [small], runners: [vpc-1], claim: required }
  own.claimed: { policies: [small], claim: required }
  own.repeatable: { policies: [small], idempotent: true }
  own.pulled: { policies: [small], executor: external_pull }
  own.signed: { policies: [small], proof: required }
`;

export interface TestRules {
  readonly policies: Readonly<Record<string, string>>;
  readonly registry: string;
}

export const RULES: TestRules = { policies: POLICIES, registry: REGISTRY };

const SET_BACK_MS = 1_000;

let version = 0;
let current: unknown;
const local = { fetch: async () => Response.json(current) };

/** Agents that the place's flood counter stops; the real one goes by the minute of the clock on the wall. */
export const flooding = new Set<string>();

function useFloodLimit(): void {
  bindings["FLOOD"] = {
    limit: async ({ key }: { key: string }) => ({ success: !flooding.has(key.split(" ")[1] ?? "") }),
  };
}

/** Puts these rules in force. */
function useRules({ policies, registry }: TestRules): void {
  version += 1;
  current = {
    version: String(version),
    policies: Object.entries(policies).map(([id, text]) => ({
      id,
      text: `id: ${id}\n${destinationsOf(id)}${text}\n`,
    })),
    broken: [],
    registry,
  };
  // The Worker holds on to the binding it saw first, so it is the answer that changes.
  bindings["LOCAL"] = local;
}

/** For the start of a test file: the rules of all tests, whatever the file before this one put in force. */
export async function startWithRules(): Promise<void> {
  flooding.clear();
  useFloodLimit();
  if (version === 0) useRules(RULES);
  else await changeRules(RULES);
}

/** Puts other rules in force in the middle of a test, at once. */
export async function changeRules(rules: TestRules): Promise<void> {
  useRules(rules);
  const now = Date.now();
  const wasFrozen = vi.isFakeTimers();
  if (!wasFrozen) vi.useFakeTimers({ toFake: ["Date"] });
  // A clock set back ends the life of what the Worker holds, so it asks now.
  vi.setSystemTime(now - SET_BACK_MS);
  await portsOf(bindings as never).rules.ids();
  if (wasFrozen) vi.setSystemTime(now);
  else vi.useRealTimers();
}

function destinationsOf(id: string): string {
  const more = id === "small" ? ", vpc.*, own.*" : "";
  return `destinations: [crm.*${more}]\n`;
}
