import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { POLICY } from "../../../cli/policy/command.ts";
import { runSubcommand } from "../../../cli/subcommands.ts";
import { evaluateProposal } from "../../../src/core/policy/evaluate.ts";
import { POLICY_FIELDS } from "../../../src/core/policy/policy.ts";
import { parsePolicy } from "../../../src/config/policy/parse.ts";
import { AGENT, content, requestFor, rulesFrom } from "../../support/policy-rules.ts";

let folder = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gate-policy-"));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const GOOD = "id: p\ndestinations: [crm.import]\nauto_approve_under: 100\nrequire_approval_over: 100\n";

function write(path: string, text: string): string {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return file;
}

async function run(...args: readonly string[]) {
  const out: string[] = [];
  const problems: string[] = [];
  const code = await runSubcommand(POLICY, args, {
    out: (text) => out.push(text),
    err: (text) => problems.push(text),
  });
  return { code, out: out.join("\n"), err: problems.join("\n") };
}

const here = () => ["--policy-dir", join(folder, "policies"), "--registry", "none"];

test.each([
  ["no command", []],
  ["an unknown command", ["frob"]],
  ["an unknown option", ["lint", "--frob"]],
  ["a directory that is not there", ["lint", "--policy-dir", "/nowhere/at/all"]],
  ["a replay from nowhere", ["replay", "--policy-dir", "policies"]],
  ["a replay from two places", ["replay", "--from", "x", "--server", "http://localhost"]],
  ["a diff of one file", ["diff", "x"]],
  ["an explanation of nothing", ["explain"]],
  ["a limit that is no number", ["replay", "--from", "x", "--limit", "many"]],
])("the command exits with 2 for %s", async (_name, args) => {
  expect((await run(...args)).code).toBe(2);
});

test("lint prints every mistake with its place and exits with 1", async () => {
  write("policies/a.yaml", "id: a\ndestinations: [x.y]\nrequire_approval: true\n");
  write("policies/p.yaml", GOOD);
  const { code, err } = await run("lint", ...here());
  expect(code).toBe(1);
  expect(err).toMatch(/a\.yaml:3:19: .*write `always`/);
});

test("lint checks across files and exits with 1 for a bound policy that does not exist", async () => {
  write("policies/p.yaml", GOOD);
  const registry = write("gate.yaml", "destinations: { crm.import: { policies: [q] } }\n");
  const { code, err } = await run("lint", "--policy-dir", join(folder, "policies"), "--registry", registry);
  expect(code).toBe(1);
  expect(err).toContain("gate.yaml:1:42: there is no policy `q`");
});

test("lint warns about odd policies, and fails for them only under --strict", async () => {
  write("policies/p.yaml", `${GOOD}require_approval: always\n`);
  const relaxed = await run("lint", ...here());
  expect(relaxed).toMatchObject({ code: 0 });
  expect(relaxed.out).toMatch(/p\.yaml:3:1: never applies/);
  expect((await run("lint", "--strict", ...here())).code).toBe(1);
});

test("lint warns about people who are notified and can't decide, and about nobody else", async () => {
  const people = "people: { ana: { name: Ana }, ben: { name: Ben }, cleo: { name: Cleo } }";
  const registry = write(
    "gate.yaml",
    `${people}\ngroups: { finance: [ana, ben], board: [ben], press: [cleo] }\n`,
  );
  const lintEscalation = (to: string, approvers = "{ groups: [finance] }") => {
    write("policies/p.yaml", `${GOOD}approvers: ${approvers}\nescalate: [{ after: 5m, to: ${to} }]\n`);
    return run("lint", "--policy-dir", join(folder, "policies"), "--registry", registry);
  };
  for (const to of ["press", "cleo"]) {
    expect((await lintEscalation(to)).out).toMatch(
      new RegExp(`p\\.yaml:6:1: ${to} is notified and may not decide`),
    );
  }
  for (const to of ["board", "finance", "ben"]) {
    expect((await lintEscalation(to)).out).not.toContain("may not decide");
  }
  expect((await lintEscalation("press", "{ require: 2 }")).out).not.toContain("may not decide");
  expect((await lintEscalation("press", "{ people: [cleo] }")).out).not.toContain("may not decide");
});

test("lint warns where silence is to approve and no channel notifies anybody", async () => {
  const lintSilence = (registry: string) => {
    write("policies/p.yaml", `${GOOD}on_no_response: auto_approve_if_low_risk\n`);
    const path = write("gate.yaml", registry);
    return run("lint", "--policy-dir", join(folder, "policies"), "--registry", path);
  };
  const people = "people: { ana: { name: Ana } }\n";
  expect((await lintSilence(people)).out).toMatch(/p\.yaml:5:1: never approves: gate\.yaml has no channel/);
  const channel = `credentials: { hook: { ref: env://HOOK } }\nchannels: { room: { type: slack_webhook, secret: hook } }\n`;
  expect((await lintSilence(people + channel)).out).not.toContain("never approves");
});

const SENT = "upstream: 'https://crm.example.com', prefix: /crm";
const SMALL_PASSES = "auto_approve_under: 100\n";

test.each([
  [`${SENT}`, SMALL_PASSES, true],
  ["upstream: 'https://crm.example.com'", SMALL_PASSES, true],
  [`${SENT}`, `${SMALL_PASSES}allowed_types: [csv, json]\n`, true],
  [`${SENT}`, `${SMALL_PASSES}allowed_types: [csv]\n`, false],
  [`${SENT}, records: inputs`, SMALL_PASSES, false],
  [`${SENT}, records: single`, SMALL_PASSES, false],
  [`${SENT}`, "require_approval: always\n", false],
  ["records: auto", SMALL_PASSES, true],
  ["risk_weight: 5", SMALL_PASSES, true],
  ["records: $..email", SMALL_PASSES, false],
])(
  "lint warns where a batch in one object would pass as one record: { %s } under %j: %s",
  async (entry, rules, isOdd) => {
    write("policies/p.yaml", `id: p\ndestinations: [crm.import]\n${rules}`);
    const registry = write("gate.yaml", `destinations: { crm.import: { policies: [p], ${entry} } }\n`);
    const { code, out } = await run("lint", "--policy-dir", join(folder, "policies"), "--registry", registry);
    expect(code).toBe(0);
    expect(out.includes("crm.import does not define its records")).toBe(isOdd);
  },
);

test("the shipped policies are valid, and each has cases that pass", async () => {
  expect(await run("lint", "--strict")).toMatchObject({ code: 0, err: "" });
  const { code, out } = await run("test", "--json");
  const result = JSON.parse(out);
  expect(code).toBe(0);
  expect(result.untested).toEqual([]);
  expect(result.cases.length).toBeGreaterThan(30);
});

test("test exits with 1 for a case that fails, and prints the actual decision", async () => {
  write("policies/p.yaml", GOOD);
  write(
    "policies/tests/p.yaml",
    "policy: p\ncases:\n  - name: many pass\n    given: { destination: crm.import, record_count: 500 }\n    expect: { decision: approve }\n",
  );
  const { code, err } = await run("test", ...here());
  expect(code).toBe(1);
  expect(err).toMatch(/p\.yaml:3: p: many pass/);
  expect(err).toContain("decision: expected approve, got hold");
});

test("test refuses a case with an unknown key instead of passing it", async () => {
  write("policies/p.yaml", GOOD);
  write(
    "policies/tests/p.yaml",
    "policy: p\ncases:\n  - name: x\n    given: { destination: crm.import, recordcount: 500 }\n    expect: { decision: hold }\n",
  );
  const { code, err } = await run("test", ...here());
  expect(code).toBe(1);
  expect(err).toContain("did you mean `record_count`");
});

test("explain prints every rule with its line", async () => {
  write("policies/p.yaml", GOOD);
  const file = write("ask.yaml", "destination: crm.import\npolicy: p\nrecord_count: 847\n");
  const { code, out } = await run("explain", file, ...here());
  expect(code).toBe(0);
  expect(out).toContain("HELD (record_threshold_exceeded)");
  expect(out).toMatch(/hold {4}p:4 require_approval_over = 847/);
});

test("explain builds the request that Gate would send, and says where it can't", async () => {
  write("policies/p.yaml", GOOD);
  const registry = write(
    "gate.yaml",
    'destinations: { crm.import: { policies: [p], upstream: https://api.example.com, execute: { method: POST, path: "/rows/{payload.row}" } } }\n',
  );
  const explained = (payload: string) => {
    const request = write(
      "ask.yaml",
      `destination: crm.import\npolicy: p\nrecord_count: 1\npayload: '${payload}'\n`,
    );
    return run("explain", request, "--policy-dir", join(folder, "policies"), "--registry", registry);
  };
  expect((await explained('{"row":"1"}')).out).toContain("APPROVED");
  expect((await explained('{"row":"../1"}')).out).toContain("BLOCKED (no_request_to_send)");
});

function recorded(records: number, at: string): string {
  const request = requestFor({ recordCount: records });
  const rules = rulesFrom({ p: GOOD.replace("id: p\n", "") });
  const decision = evaluateProposal(rules, AGENT, request, content("x"), null);
  return JSON.stringify({
    intent_id: `int_${records}`,
    created_at: at,
    ask: request,
    decision,
    payload: null,
  });
}

test("replay under unchanged policies reports no change and exits with 0", async () => {
  write("policies/p.yaml", GOOD);
  const file = write(
    "log.ndjson",
    `${recorded(50, "2026-01-01T00:00:00Z")}\n${recorded(500, "2026-01-02T00:00:00Z")}\n\n`,
  );
  const { code, out } = await run("replay", "--from", file, ...here());
  expect(code).toBe(0);
  expect(out).toContain("2 intents evaluated again: 2 as before.");
  expect(out).toContain("Nothing changes.");
});

test("replay counts changed decisions and the approvals per day for each group", async () => {
  write("policies/p.yaml", `${GOOD.replaceAll("100", "10")}approvers: { groups: [sales] }\n`);
  const lines = [20, 30, 5, 500].map((records, day) => recorded(records, `2026-01-0${day + 1}T00:00:00Z`));
  const file = write("log.ndjson", lines.join("\n"));
  const { code, out } = await run("replay", "--from", file, "--json", ...here());
  expect(code).toBe(1);
  expect(JSON.parse(out)).toMatchObject({
    decided: 4,
    unchanged: 2,
    changes: [
      {
        policy: "p",
        destination: "crm.import",
        from: "approve",
        to: "hold",
        count: 2,
        examples: ["int_20", "int_30"],
      },
    ],
    days: 3,
    approvalsPerDay: [
      { group: "any reviewer", before: 0.3, after: 0 },
      { group: "sales", before: 0, after: 1 },
    ],
  });
});

test("replay reports what it can't know instead of guessing", async () => {
  write("policies/p.yaml", `${GOOD}block_if_terms: [refund]\n`);
  const file = write("log.ndjson", recorded(50, "2026-01-01T00:00:00Z"));
  const { out } = await run("replay", "--from", file, ...here());
  expect(out).toContain("1 can't be evaluated again: the payload is gone");
});

test("replay refuses a malformed line and prints its number", async () => {
  write("policies/p.yaml", GOOD);
  const file = write("log.ndjson", `${recorded(50, "2026-01-01T00:00:00Z")}\n{"intent_id": 1}\n`);
  const { code, err } = await run("replay", "--from", file, ...here());
  expect(code).toBe(1);
  expect(err).toContain("log.ndjson:2:1: has no intent_id");
});

test("diff describes each change in words, and whether it is stricter", async () => {
  const before = write("old/p.yaml", `${GOOD}block_if_terms: [alpha]\n`);
  const after = write(
    "new/p.yaml",
    `${GOOD.replace("auto_approve_under: 100", "auto_approve_under: 50")}block_if_terms: [beta]\nmode: shadow\n`,
  );
  const { code, out } = await run("diff", before, after);
  expect(code).toBe(1);
  expect(out).toContain("Up to 50 records are approved; before, up to 100 records are approved. (stricter)");
  expect(out).toContain("New blocked term: beta. (stricter)");
  expect(out).toContain("No longer a blocked term: alpha. (looser)");
  expect(out).toMatch(/shadow.*\(looser\)/);
  expect(await run("diff", before, before)).toMatchObject({ code: 0, out: "The same rules." });
});

const CHANGES: readonly string[] = [
  "destinations: [crm.import, crm.export]",
  "allowed_types: [csv]",
  "require_profile: email.send.v1",
  "field_checks: [{ path: a, required: true }]",
  "block_if_terms: [a]",
  "hold_if_terms: [a]",
  "block_if_pii: [card]",
  "hold_if_pii: [card]",
  "block_duplicates_within: 10m",
  "rate_limits: { per_agent_per_hour: 5 }",
  "rate_limits: { per_agent_per_day: 5 }",
  "budgets: [{ window: 1h, max_records: 5 }]",
  "require_approval: always",
  "require_approval_for: org_wide",
  "require_approval_if_template_error: true",
  "max_value_usd: 5",
  "require_approval_over_value_usd: 5",
  "cooldown_after_rejection: none",
  "allow_unmeasured: true",
  "require_approval_over: 5",
  "auto_approve_under: 5",
  "risk: { hold_at: low }",
  "risk: { block_at: critical }",
  "environments: { production: { require_approval: always } }",
  "expiry_minutes: 5",
  "execution_window_minutes: 5",
  "on_no_response: defer",
  "approvers: { groups: [a] }",
  "approvers: { people: [a] }",
  "approvers: { exclude_proposer: false }",
  "approvers: { exclude_owner: false }",
  "approvers: { min_assurance: sso }",
  "approvers: { rejections: 2 }",
  "require_approvals: 2",
  "edit: { allow: true }",
  "escalate: [{ after: 5m, to: a }]",
  "execution: gate",
  "retention_days: 5",
  "mode: shadow",
  "description: other",
  "owner: a",
];

test.each(CHANGES)("diff notices %s", async (line) => {
  const destinations = line.startsWith("destinations") ? "" : "destinations: [crm.import]\n";
  const before = write("old/p.yaml", "id: p\ndestinations: [crm.import]\n");
  const after = write("new/p.yaml", `id: p\n${destinations}${line}\n`);
  const { code, out } = await run("diff", before, after);
  expect(code).toBe(1);
  expect(out.split("\n")).toHaveLength(2);
});

test("the diff cases above cover every field of a policy", () => {
  const tried = new Set(CHANGES.map((line) => line.slice(0, line.indexOf(":"))));
  expect(POLICY_FIELDS.filter((field) => field !== "id" && !tried.has(field))).toEqual([]);
});

test("diff of two directories names policies that were added and removed", async () => {
  write("old/a.yaml", GOOD.replace("id: p", "id: a"));
  write("old/b.yaml", GOOD.replace("id: p", "id: b"));
  write("new/b.yaml", GOOD.replace("id: p", "id: b"));
  write("new/c.yaml", GOOD.replace("id: p", "id: c"));
  const { out } = await run("diff", join(folder, "old"), join(folder, "new"));
  expect(out).toBe("a: removed; intents that name it are blocked.\nc: a new policy.");
});

/** The decision route's view of what `recorded` has. */
function viewed(records: number): string {
  const {
    intent_id,
    created_at,
    ask: request,
    decision,
  } = JSON.parse(recorded(records, "2026-01-01T00:00:00Z"));
  const { outcome, reasonCode, reason, remedy, policies, facts, risk, trace, shadow, history, approval } =
    decision;
  return JSON.stringify({
    intent_id,
    evaluated_at: created_at,
    ask: request,
    outcome,
    reason_code: reasonCode,
    reason_detail: reason,
    remedy,
    policies,
    facts,
    risk_score: risk.score / 100,
    risk_level: risk.level,
    risk_factors: risk.factors,
    trace,
    shadow,
    history,
    approval,
  });
}

async function withServer(
  answer: (url: string) => string | null,
  use: (url: string, seen: string[]) => Promise<void>,
) {
  const seen: string[] = [];
  const server = createServer((request, response) => {
    const url = request.url ?? "";
    seen.push(`${request.headers.authorization ?? "no key"} ${url}`);
    const body = answer(url);
    if (body === null) response.writeHead(404);
    response.end(body ?? "");
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", () => resolve()));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  process.env["GATE_API_KEY"] = "gate_sk_test";
  try {
    await use(`http://127.0.0.1:${port}`, seen);
  } finally {
    delete process.env["GATE_API_KEY"];
    server.close();
  }
}

function api(url: string): string | null {
  const id = /intents\/(int_\d+)\/decision/.exec(url)?.[1];
  if (id !== undefined) return viewed(Number(id.slice(4)));
  if (url.endsWith("/payload")) return url.includes("int_50/") ? "x" : null;
  const second = url.includes("after=more");
  return JSON.stringify({
    intents: [{ intentId: second ? "int_5" : "int_50" }],
    next: second ? null : "more",
  });
}

test("replay pages through a server with the key and requests no payload that no rule reads", async () => {
  write("policies/p.yaml", GOOD.replaceAll("100", "10"));
  await withServer(api, async (url, seen) => {
    const { code, out } = await run("replay", "--server", url, ...here());
    expect(code).toBe(1);
    expect(out).toContain("p crm.import: 1 × approve → hold (int_50)");
    expect(seen).toHaveLength(4);
    expect(seen.every((line) => line.startsWith("Bearer gate_sk_test /v1/intents"))).toBe(true);
  });
});

test("replay fetches payloads that a rule reads and counts those that are gone", async () => {
  write("policies/p.yaml", `${GOOD}block_if_terms: [x]\n`);
  await withServer(api, async (url) => {
    const { out } = await run("replay", "--server", url, ...here());
    expect(out).toContain("p crm.import: 1 × approve → block (int_50)");
    expect(out).toContain("1 can't be evaluated again: the payload is gone");
  });
});

test("explain prints a server's decision, and says so when the key may not see the trace", async () => {
  await withServer(api, async (url) => {
    const { code, out } = await run("explain", "int_500", "--server", url);
    expect(code).toBe(0);
    expect(out).toContain("HELD (record_threshold_exceeded)");
  });
  await withServer(
    () => JSON.stringify({ intent_id: "int_1", ask: {} }),
    async (url) => {
      const { code, err } = await run("explain", "int_1", "--server", url);
      expect(code).toBe(1);
      expect(err).toContain("key of a reviewer, auditor or admin");
    },
  );
});

test("a server is not contacted without a key", async () => {
  write("policies/p.yaml", GOOD);
  expect((await run("replay", "--server", "http://127.0.0.1:9", ...here())).code).toBe(2);
});

test("the policy used by these tests is valid", () => {
  expect(parsePolicy("p.yaml", GOOD).ok).toBe(true);
});
