import { z } from "zod";
import type { ProposalRequest } from "../../src/core/proposal/request.ts";
import type { AgentScope, Rules } from "../../src/core/policy/evaluate.ts";
import { historyNeededToHold } from "../../src/core/policy/evaluate.ts";
import type { History } from "../../src/core/policy/history.ts";
import type { JsonObject } from "../../src/core/base/json.ts";
import type { Payload } from "../../src/core/proposal/payload.ts";
import { err, ok } from "../../src/core/base/result.ts";
import type { Result } from "../../src/core/base/result.ts";
import { problemsOf } from "../../src/config/yaml/messages.ts";
import { readYaml } from "../../src/config/yaml/source.ts";
import type { PolicyProblem, YamlSource } from "../../src/config/yaml/source.ts";
import {
  choice,
  duration,
  flag,
  list,
  mapping,
  text,
  wholeNumber,
} from "../../src/config/yaml/schema-types.ts";

/** One proposal, as people write it in a test file. */
const GIVEN = mapping(
  {
    destination: text("a destination such as salesforce.import", 200),
    policy: text("the policy the agent names", 200).optional(),
    payload: z.string({ error: "must be the payload's text, in quotes" }).optional(),
    payload_lines: mapping(
      {
        header: text("the first line", 10_000).optional(),
        line: text("the line to repeat", 10_000),
        times: wholeNumber("how often", 1, 1_000_000),
      },
      "must be {header: …, line: …, times: …}",
    ).optional(),
    payload_name: text("a file's name", 300).optional(),
    payload_media_type: text("a media type", 200).optional(),
    payload_reference: text("the name of a payload Gate has not seen", 300).optional(),
    record_count: wholeNumber("a number of records", 0, Number.MAX_SAFE_INTEGER).optional(),
    estimated_value_usd: z.number({ error: "must be an amount in US dollars" }).min(0).optional(),
    sensitivity_tags: list(text("a tag", 100), "tags").optional(),
    metadata: z.record(z.string(), z.json(), { error: "must be a mapping" }).optional(),
    profile: text("an action profile", 100).optional(),
    expires_in_minutes: wholeNumber("a number of minutes", 1, 525_600).optional(),
    agent: mapping(
      {
        allowed_destinations: z.array(z.string(), { error: "must be a list" }).optional(),
        allowed_policies: z.array(z.string(), { error: "must be a list" }).optional(),
        environment: text("the environment it was registered in", 100).optional(),
      },
      "must be {allowed_destinations: […], environment: …}",
    ).optional(),
    history: z
      .union(
        [
          z.literal("unavailable"),
          mapping(
            {
              windows: list(
                mapping(
                  {
                    window: duration,
                    intents: wholeNumber("a number of intents", 0, 1e9).optional(),
                    records: wholeNumber("a number of records", 0, 1e12).optional(),
                    value_usd: z.number().min(0).optional(),
                    frees_up_in: duration.optional(),
                  },
                  "must be {window: 1h, intents: 4}",
                ),
                "windows",
              ).optional(),
              duplicate_of: mapping(
                { intent: text("an intent", 100), ago: duration },
                "must be {intent: …, ago: 5m}",
              ).optional(),
              rejected: mapping(
                { intent: text("an intent", 100), ago: duration },
                "must be {intent: …, ago: 5m}",
              ).optional(),
            },
            "must be {windows: […], duplicate_of: …, rejected: …}",
          ),
        ],
        { error: "must be `unavailable` or {windows: […], duplicate_of: …, rejected: …}" },
      )
      .optional(),
  },
  "must be a proposal such as {destination: salesforce.import, record_count: 50}",
);

const EXPECT = mapping(
  {
    decision: choice(["approve", "hold", "block"]),
    reason_code: text("a reason code", 100).optional(),
    risk_level: choice(["low", "medium", "high", "critical"]).optional(),
    held_by_content: flag().optional(),
    require: wholeNumber("a number of people", 1, 20).optional(),
    expiry_minutes: wholeNumber("a number of minutes", 1, 525_600).optional(),
  },
  "must be {decision: approve, hold or block, reason_code: …}",
);

const CASE = mapping(
  { name: text("a sentence", 300), given: GIVEN, expect: EXPECT },
  "must be {name, given, expect}",
);

export const CASE_FILE = mapping(
  { policy: text("a policy's id", 100), cases: list(CASE, "cases", 10_000) },
  "must be {policy: …, cases: […]}",
);

export type Given = z.output<typeof GIVEN>;
export type Expected = z.output<typeof EXPECT>;

export interface TestCase {
  readonly name: string;
  readonly line: number;
  readonly given: Given;
  readonly expect: Expected;
}

/** `policies/tests/<anything>.yaml`. */
export function readCases(
  file: string,
  content: string,
): Result<{ policy: string; cases: readonly TestCase[] }, readonly PolicyProblem[]> {
  return read(file, content, CASE_FILE, ({ policy, cases }, source) => ({
    policy,
    cases: cases.map((each, index) => ({ ...each, line: source.problemAt(["cases", index], "").line })),
  }));
}

/** A single proposal, in YAML or JSON. */
export function readGiven(file: string, content: string): Result<Given, readonly PolicyProblem[]> {
  return read(file, content, GIVEN, (given) => given);
}

function read<S extends z.ZodType, T>(
  file: string,
  content: string,
  schema: S,
  make: (value: z.output<S>, source: YamlSource) => T,
): Result<T, readonly PolicyProblem[]> {
  const source = readYaml(file, content);
  if (!source.ok) return source;
  const parsed = schema.safeParse(source.value.value);
  if (!parsed.success) return err(problemsOf(source.value, parsed.error.issues));
  return ok(make(parsed.data, source.value));
}

export interface Situation {
  readonly request: ProposalRequest;
  readonly agent: AgentScope;
  readonly payload: Payload;
  readonly history: History | null;
}

/** The input of an evaluation. Counters that the policies need and the case does not name are zero. */
export function situationOf(given: Given, policy: string, rules: Rules): Situation {
  const request: ProposalRequest = {
    destination: given.destination,
    policy: given.policy ?? policy,
    action: given.destination,
    recordCount: given.record_count ?? null,
    estimatedValueUsd: given.estimated_value_usd ?? null,
    sensitivityTags: given.sensitivity_tags ?? [],
    onBehalfOf: null,
    principalId: null,
    metadata: (given.metadata ?? {}) as JsonObject,
    profile: given.profile ?? null,
    expiresInMinutes: given.expires_in_minutes ?? null,
  };
  const agent: AgentScope = {
    id: "agt_case",
    allowedDestinations: given.agent?.allowed_destinations ?? null,
    allowedPolicies: given.agent?.allowed_policies ?? null,
    environment: given.agent?.environment ?? null,
  };
  return {
    request,
    agent,
    payload: payloadOf(given),
    history: historyOf(given.history, rules, agent, request),
  };
}

function payloadOf(given: Given): Payload {
  if (given.payload_reference !== undefined) {
    return { kind: "reference", name: given.payload_reference, sha256: null, rows: null };
  }
  const lines = given.payload_lines;
  const content =
    given.payload ??
    (lines === undefined
      ? undefined
      : `${lines.header === undefined ? "" : `${lines.header}\n`}${`${lines.line}\n`.repeat(lines.times)}`);
  if (content === undefined) return { kind: "none" };
  return {
    kind: "content",
    bytes: new TextEncoder().encode(content),
    name: given.payload_name ?? null,
    mediaType: given.payload_media_type ?? null,
  };
}

function historyOf(
  given: Given["history"],
  rules: Rules,
  agent: AgentScope,
  request: ProposalRequest,
): History | null {
  if (given === "unavailable") return null;
  const need = historyNeededToHold(rules, agent, request);
  if (need === null) return null;
  const earlier = (written: { intent: string; ago: number } | undefined) =>
    written === undefined ? null : { intentId: written.intent, ageMs: written.ago };
  return {
    windows: need.windows.map(({ policy, windowMs }) => {
      const written = given?.windows?.find(({ window }) => window === windowMs);
      return {
        policy,
        windowMs,
        intents: written?.intents ?? 0,
        records: written?.records ?? 0,
        valueUsdCents: Math.round((written?.value_usd ?? 0) * 100),
        freesUpInMs: written?.frees_up_in ?? null,
      };
    }),
    duplicateOf: earlier(given?.duplicate_of),
    rejected: earlier(given?.rejected),
    duplicateWithinMs: need.duplicateWithinMs,
    rejectedWithinMs: need.rejectedWithinMs,
  };
}
