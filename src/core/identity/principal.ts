import type { JsonObject } from "../base/json.ts";
import { latinLookalike } from "../base/confusables.ts";

export const ROLES = ["agent", "reviewer", "runner", "auditor", "admin"] as const;

export type Role = (typeof ROLES)[number];

export type PrincipalStatus = "active" | "suspended" | "revoked";

/** The holder of a key or linked identity. It has one role; a person can have several principals. */
export interface Principal {
  readonly id: string;
  readonly role: Role;
  readonly name: string;
  /** For a human's key: the person it belongs to. Quorum and exclusions count persons. */
  readonly person: string | null;
  /** For an agent: the person or group that answers for it. */
  readonly owner: string | null;
  /** Null sets no limit beyond policy; an empty list allows nothing. */
  readonly allowedDestinations: readonly string[] | null;
  readonly allowedPolicies: readonly string[] | null;
  readonly environment: string | null;
  readonly framework: string | null;
  readonly riskTier: string;
  /** The Ed25519 public key (32 bytes, base64url) that verifies its reports; null: it signs none. */
  readonly reportKey: string | null;
  readonly metadata: JsonObject;
  readonly status: PrincipalStatus;
  /** Rotations of its key and changes of its role so far; an order's token is worth nothing under a later one. */
  readonly keyEpoch: number;
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
}

/** Reviewers, auditors and admins are people; agents and runners are programs. */
export function isHuman({ role }: Pick<Principal, "role">): boolean {
  return role !== "agent" && role !== "runner";
}

/** Prefixes show people the kind of key; authentication never relies on them. */
export const KEY_PREFIX = {
  agent: "gate_sk_",
  reviewer: "gate_rk_",
  runner: "gate_wk_",
  auditor: "gate_au_",
  admin: "gate_ak_",
} as const satisfies Record<Role, string>;

export const ID_PREFIX = {
  agent: "agt_",
  reviewer: "rev_",
  runner: "run_",
  auditor: "aud_",
  admin: "adm_",
} as const satisfies Record<Role, string>;

/** Is the text shaped like a principal's id? Unlike all other names, these are case-sensitive. */
export function isPrincipalId(text: string): boolean {
  return /^(?:agt|rev|run|aud|adm)_[A-Za-z0-9_-]{22}$/.test(text);
}

/** Actor names of Gate itself in ledger entries, which a principal of that name could impersonate. */
const RESERVED_NAMES = new Set(["gate", "system", "policy", "timeout", "admin", "registry", "anonymous"]);

/**
 * The key by which names are compared: without case, marks and invisible characters, and with compatibility forms and
 * homoglyphs folded to Latin, so that `Dana`, `dana\u200b` and `D\u0430na` are one name and none can impersonate
 * another. Null for a name that is reserved, empty or longer than 128 characters.
 */
export function nameKey(name: string): string | null {
  const plain = withoutInvisible(name);
  // Greek capital eta is a homoglyph of H among Latin letters; in a purely Greek name it folds to small eta.
  const source = /[a-z]/i.test(plain) ? plain : foldCase(plain);
  const latin = Array.from(source, (char) => lookalike(char) ?? lookalike(foldCase(char)) ?? char).join("");
  const folded = withoutInvisible(foldCase(latin))
    .replace(/[\s\u2800]+/gu, " ")
    .trim();
  return folded.length === 0 || folded.length > 128 || RESERVED_NAMES.has(folded) ? null : folded;
}

function lookalike(char: string): string | undefined {
  return latinLookalike(char.codePointAt(0) ?? 0);
}

function withoutInvisible(text: string): string {
  const plain = text.normalize("NFKD").replace(/\p{Pd}/gu, "-");
  return plain.replace(/[\p{M}\p{Cf}\p{Cc}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, "");
}

/** Lower, upper, lower: some letters, such as final sigma, have a capital whose lower case is another letter. */
function foldCase(text: string): string {
  return text.toLowerCase().toUpperCase().toLowerCase();
}
