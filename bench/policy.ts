import { readFileSync } from "node:fs";
import * as cedar from "@cedar-policy/cedar-wasm/nodejs";
import { newEnforcer, newModelFromString } from "casbin";
import type { ProposalRequest } from "../src/core/proposal/request.ts";
import { evaluateProposal } from "../src/core/policy/evaluate.ts";
import type { AgentScope, Rules } from "../src/core/policy/evaluate.ts";
import type { Payload } from "../src/core/proposal/payload.ts";
import type { Policy } from "../src/core/policy/policy.ts";
import { EMPTY_LOCAL_REGISTRY } from "../src/config/registry/parse.ts";
import { parsePolicy } from "../src/config/policy/parse.ts";

/*
 * Measures an evaluation in Gate, and the same one (destination on an allow-list, then approve up to a threshold, hold
 * above it) in Cedar and Casbin, in one process.
 *
 *   node bench/policy.ts
 */

const ROUNDS = 15;
const SLICE_MS = 20;
const BATCH = 50;
const WARM_UP_RUNS = 5_000;

interface Contender {
  readonly name: string;
  run(): unknown;
}

interface Figure {
  readonly name: string;
  readonly microseconds: number;
}

/**
 * Each contender gets a slice of every round, so that other load on the machine affects all of them, and the result is
 * each one's fastest round.
 */
function compared(contenders: readonly Contender[]): readonly Figure[] {
  const best = new Map<string, number>();
  for (const { run } of contenders) for (let i = 0; i < WARM_UP_RUNS; i += 1) run();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (const { name, run } of contenders) {
      let runs = 0;
      const began = performance.now();
      let now = began;
      while (now - began < SLICE_MS) {
        for (let i = 0; i < BATCH; i += 1) run();
        runs += BATCH;
        now = performance.now();
      }
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, ((now - began) * 1_000) / runs));
    }
  }
  return contenders.map(({ name }) => {
    const microseconds = best.get(name) ?? Number.NaN;
    console.log(`${name.padEnd(58)} ${microseconds.toFixed(3).padStart(10)} µs`);
    return { name, microseconds };
  });
}

function rulesOf(texts: Readonly<Record<string, string>>): Rules {
  const policies = new Map<string, Policy>();
  for (const [id, text] of Object.entries(texts)) {
    const parsed = parsePolicy(`${id}.yaml`, text);
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.error));
    policies.set(id, parsed.value);
  }
  return { registry: EMPTY_LOCAL_REGISTRY, policy: (id) => policies.get(id) };
}

const AGENT: AgentScope = {
  id: "agt_1",
  allowedDestinations: null,
  allowedPolicies: null,
  environment: null,
};

const REQUEST: ProposalRequest = {
  destination: "salesforce.import",
  policy: "threshold",
  action: "salesforce.import",
  recordCount: 50,
  estimatedValueUsd: null,
  sensitivityTags: [],
  onBehalfOf: null,
  principalId: null,
  metadata: {},
  profile: null,
  expiresInMinutes: null,
};

const THRESHOLD = `id: threshold
destinations: [salesforce.import, hubspot.contacts]
auto_approve_under: 100
require_approval_over: 100
`;

const TERMS = `id: terms
destinations: [salesforce.import]
block_if_terms: ["refund guaranteed", "legal action", "chargeback"]
auto_approve_under: 100
`;

const NOTHING: Payload = { kind: "none" };

function prose(bytes: number): Payload {
  const words = "Thank you for writing to us about your order, we will look into it at once. ";
  const content = words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes);
  return { kind: "content", bytes: new TextEncoder().encode(content), name: null, mediaType: null };
}

function own(): readonly Contender[] {
  const rules = rulesOf({ threshold: THRESHOLD, terms: TERMS });
  const over = { ...REQUEST, recordCount: 847 };
  const withTerms = { ...REQUEST, policy: "terms" };
  const kilobyte = prose(1_024);
  const many: Record<string, string> = { threshold: THRESHOLD };
  for (let n = 0; n < 99; n += 1) many[`p${n}`] = THRESHOLD.replace("threshold", `p${n}`);
  const hundred = rulesOf(many);
  const decide = (among: Rules, request: ProposalRequest, payload: Payload) => () =>
    evaluateProposal(among, AGENT, request, payload, null);
  return [
    { name: "Gate: allow-list and threshold, approve", run: decide(rules, REQUEST, NOTHING) },
    { name: "Gate: allow-list and threshold, hold", run: decide(rules, over, NOTHING) },
    { name: "Gate: the same (approve), 100 policies loaded", run: decide(hundred, REQUEST, NOTHING) },
    { name: "Gate: 1 KB of text, measured, no rule about content", run: decide(rules, REQUEST, kilobyte) },
    { name: "Gate: 1 KB of text, measured, 3 terms", run: decide(rules, withTerms, kilobyte) },
  ];
}

/*
 * Cedar and Casbin return yes or no, and Gate one of three verdicts with its rule. So each of them evaluates twice, as
 * their users would: may this be proposed at all (else block), and does it pass without review (else hold). Both name
 * the deciding policy, which is the least that an audit needs.
 */

const CEDAR_POLICY = `
@id("listed")
permit(principal, action == Action::"propose", resource)
when { ["salesforce.import", "hubspot.contacts"].contains(context.destination) };
@id("small")
permit(principal, action == Action::"pass", resource)
when { context.records <= 100 };
`;

type Outcome = "approve" | "hold" | "block";

function cedarContender(): Contender {
  cedar.preparsePolicySet("gate", { staticPolicies: CEDAR_POLICY, templates: {}, templateLinks: [] });
  const allows = (action: string, destination: string, records: number): boolean => {
    const answer = cedar.statefulIsAuthorized({
      principal: { type: "Agent", id: "agt_1" },
      action: { type: "Action", id: action },
      resource: { type: "Destination", id: destination },
      context: { destination, records },
      entities: [],
      preparsedPolicySetId: "gate",
      validateRequest: false,
    });
    return answer.type === "success" && answer.response.decision === "allow";
  };
  const decide = (destination: string, records: number): Outcome => {
    if (!allows("propose", destination, records)) return "block";
    return allows("pass", destination, records) ? "approve" : "hold";
  };
  mustAgree(decide);
  return { name: "Cedar (wasm, policies parsed before)", run: () => decide("salesforce.import", 50) };
}

const CASBIN_MODEL = `
[request_definition]
r = sub, act, dst, records
[policy_definition]
p = act, dst, most
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = r.act == p.act && r.dst == p.dst && r.records <= p.most
`;

async function casbinContender(): Promise<Contender> {
  const enforcer = await newEnforcer(newModelFromString(CASBIN_MODEL));
  for (const destination of ["salesforce.import", "hubspot.contacts"]) {
    await enforcer.addPolicy("propose", destination, "1000000000000");
    await enforcer.addPolicy("pass", destination, "100");
  }
  const decide = (destination: string, records: number): Outcome => {
    const [listed] = enforcer.enforceExSync("agt_1", "propose", destination, records);
    if (!listed) return "block";
    const [passes] = enforcer.enforceExSync("agt_1", "pass", destination, records);
    return passes ? "approve" : "hold";
  };
  mustAgree(decide);
  // Casbin's synchronous call is by far the faster of its two.
  return { name: "Casbin (enforceExSync)", run: () => decide("salesforce.import", 50) };
}

/** Asserts equal verdicts: a comparison is valid only between equal rules. */
function mustAgree(decide: (destination: string, records: number) => Outcome): void {
  const rules = rulesOf({ threshold: THRESHOLD });
  for (const destination of ["salesforce.import", "hubspot.contacts", "unknown.system"]) {
    for (const recordCount of [0, 1, 100, 101, 847]) {
      const expected = evaluateProposal(
        rules,
        AGENT,
        { ...REQUEST, destination, recordCount },
        NOTHING,
        null,
      ).outcome;
      const got = decide(destination, recordCount);
      if (got !== expected) throw new Error(`${destination} ${recordCount}: ${got}, not ${expected}`);
    }
  }
}

const version = (name: string): string =>
  JSON.parse(readFileSync(new URL(`../node_modules/${name}/package.json`, import.meta.url), "utf8")).version;

console.log(
  `node ${process.version}, @cedar-policy/cedar-wasm ${version("@cedar-policy/cedar-wasm")}, casbin ${version("casbin")}\n`,
);
const others = [cedarContender(), await casbinContender()];
const figures = compared([...own(), ...others]);
const [gate] = figures;
for (const { name, microseconds } of figures.slice(-others.length)) {
  const times = microseconds / (gate?.microseconds ?? Number.NaN);
  console.log(`  Gate is ${times.toFixed(1)} times as fast as ${name} (goal: 10)`);
}
