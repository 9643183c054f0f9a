import { z } from "zod";
import { toBase64Url } from "../../../core/base/base64url.ts";
import type { JsonObject } from "../../../core/base/json.ts";
import { personCalled, voterOf } from "../../../core/identity/people.ts";
import {
  ID_PREFIX,
  isHuman,
  KEY_PREFIX,
  nameKey,
  ROLES,
  type Principal,
  type Role,
} from "../../../core/identity/principal.ts";
import type { Registry } from "../../../core/registry/registry.ts";
import { readJson } from "../../middleware/body.ts";
import type { GateContext } from "../../middleware/context.ts";
import { refuse } from "../../problem/problem.ts";
import { parseRequest, requestSchema } from "../shared/request-schema.ts";
import { principalView } from "./principal-view.ts";
import type { Answer } from "../shared/answer.ts";
import type { REGISTERED } from "./principal-schema.ts";

const KEY_BYTES = 32;
const ID_BYTES = 16;

const names = z.array(z.string().min(1).max(128)).max(500);

const FIELDS = z.object({
  name: z.string("name is required").max(128, "128 characters at most"),
  role: z.enum(ROLES).default("agent"),
  person: z.string().min(1).max(128).optional(),
  owner: z.string().min(1).max(128).optional(),
  allowedPolicies: names.optional(),
  allowedDestinations: names.optional(),
  environment: z.string().min(1).max(64).optional(),
  framework: z.string().min(1).max(128).optional(),
  metadata: z.record(z.string(), z.unknown()).default({}),
  // Any text, as clients of the contract send: one that Gate does not know counts as `restricted`.
  riskTier: z.string().trim().min(1).max(64).default("standard"),
});

const REGISTRATION = requestSchema("POST /v1/agents/register", FIELDS, {
  aliases: {
    person: ["person_id"],
    allowedPolicies: ["allowed_policies"],
    allowedDestinations: ["allowed_destinations"],
    riskTier: ["risk_tier"],
  },
  others: "refused",
});

/** 256 random bits, so that hashing once with SHA-256 is enough at rest. */
export function freshKey(role: Role): string {
  return KEY_PREFIX[role] + toBase64Url(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** Registers a principal. The response is the only one that shows its key. */
export async function register(c: GateContext) {
  const ports = c.env;
  const fields = parseRequest(REGISTRATION, await readJson(c));
  const { role, allowedDestinations, allowedPolicies } = fields;
  if (nameKey(fields.name) === null) {
    return refuse({
      status: 400,
      code: "invalid_name",
      detail: "This name is empty or reserved; choose another.",
    });
  }
  const human = isHuman({ role });
  if (!human && fields.person !== undefined) {
    return refuse({
      status: 400,
      code: "invalid_request",
      detail: "person: an agent or runner has none; leave it out",
    });
  }
  if (fields.person !== undefined && nameKey(fields.person) === null) {
    return refuse({ status: 400, code: "invalid_name", detail: "This person's id is empty or reserved." });
  }
  const { registry } = await ports.rules.current();
  for (const written of [fields.person, fields.owner]) {
    const original = written === undefined ? null : confusableOf(written, registry);
    if (original === null) continue;
    const detail = `This is easily confused with ${original} in gate.yaml, and differs from it; write ${original}.`;
    return refuse({ status: 400, code: "invalid_name", detail });
  }
  const id = ID_PREFIX[role] + toBase64Url(crypto.getRandomValues(new Uint8Array(ID_BYTES)));
  const [person, owner] = await Promise.all([
    holderOf(c, fields.person, registry),
    holderOf(c, fields.owner, registry),
  ]);
  const principal: Omit<Principal, "status"> = {
    id,
    role,
    name: fields.name.trim(),
    person: human ? (person ?? id) : null,
    owner: owner ?? null,
    allowedDestinations: unlimited(allowedDestinations),
    allowedPolicies: unlimited(allowedPolicies),
    environment: fields.environment ?? null,
    framework: fields.framework ?? null,
    riskTier: fields.riskTier,
    reportKey: null,
    keyEpoch: 0,
    metadata: fields.metadata as JsonObject,
    createdAt: Date.now(),
  };
  const key = freshKey(role);
  // Before registering: a failure after it would lose the only response that shows the key.
  const warning = warningAbout({ ...principal, status: "active" }, registry);
  const registered = await ports.principals.register(principal, key, c.var.principal.id);
  if (!registered.ok) {
    return refuse({
      status: 409,
      code: "name_taken",
      detail: "Another principal has this name; choose another.",
    });
  }
  const view = principalView({ ...principal, status: "active" });
  return c.json({ ...view, apiKey: key, api_key: key, ...warning } satisfies Answer<typeof REGISTERED>, 201);
}

/** The person or group that this text is a lookalike of: a lookalike would count as a second voter, or evade an exclusion. */
function confusableOf(written: string, { people, groups }: Registry): string | null {
  const known = [...groups.keys(), ...[...people.values()].flatMap(({ id, email }) => [id, email ?? id])];
  if (known.includes(written.trim().toLowerCase())) return null;
  const read = nameKey(written);
  return known.find((name) => nameKey(name) === read) ?? null;
}

/**
 * The person that a principal's id, an e-mail address or a person's id names; else the text itself. The id is stored,
 * because an address may be reassigned to a colleague, who must not get the key with it.
 */
async function holderOf(
  c: GateContext,
  written: string | undefined,
  registry: Registry,
): Promise<string | undefined> {
  const ports = c.env;
  if (written === undefined) return undefined;
  const named = (await ports.principals.get(written.trim()))?.person ?? written;
  const person = personCalled(named, registry);
  return registry.people.has(person) ? person : named;
}

/** Two keys of one human that are not linked to one person would count as two votes. */
function warningAbout(principal: Principal, registry: Registry): { readonly warning?: string } {
  if (principal.role !== "reviewer" || registry.people.size === 0) return {};
  if (registry.people.has(voterOf(principal, "key", registry).person)) return {};
  return {
    warning:
      "This key belongs to no person in gate.yaml: quorums count it as a person of its own, beside every other key and account of its holder. Register it with `person`.",
  };
}

/** `["*"]` is how the wire writes "no limit of its own". */
function unlimited(list: readonly string[] | undefined): readonly string[] | null {
  return list === undefined || list.includes("*") ? null : list;
}
