import { stronger, type Assurance } from "../identity/assurance.ts";
import type { ApprovalDemand, AssuranceLevel, ProposalRequest } from "../proposal/request.ts";
import { listAllows } from "../registry/name-patterns.ts";
import type { Channel, Registry } from "../registry/registry.ts";
import type { Decision } from "./decision.ts";

/** Gate's own pages and API, where people decide whatever the request says. */
export const OWN_PROVIDER = "dashboard";

/** Factors that a proposal can require, by the assurance that a vote must then have. */
const FACTOR_ASSURANCE: ReadonlyMap<string, Assurance> = new Map([
  ["manual.dashboard.v1", "key"],
  ["link.single_use.v1", "link"],
]);

/** Nobody can decide with these yet, so that a held proposal that requires one is refused. */
const STRONGEST: Assurance = "passkey";

const LEVEL_ASSURANCE = {
  LOW: null,
  MEDIUM: "slack",
  HIGH: "sso",
  CRITICAL: STRONGEST,
} as const satisfies Record<AssuranceLevel, Assurance | null>;

/** Factors of votes, as `/.well-known/gate` lists them. */
export const SUPPORTED_FACTORS: readonly string[] = [...FACTOR_ASSURANCE.keys()];

/**
 * The least assurance that satisfies the demand; null: it asks for none. An unknown factor counts as the strongest, so
 * that no change of the rules makes it less.
 */
export function demandedAssurance({ level, factors }: ApprovalDemand): Assurance | null {
  const wanted = [
    level === null ? null : LEVEL_ASSURANCE[level],
    ...factors.map((factor) => FACTOR_ASSURANCE.get(factor) ?? STRONGEST),
  ];
  return wanted.reduce<Assurance | null>(
    (most, one) => (one === null ? most : most === null ? one : stronger(most, one)),
    null,
  );
}

/** The contract's word for the assurance that an approval needs. */
export function levelOf(assurance: Assurance): AssuranceLevel {
  switch (assurance) {
    case "link":
      return "LOW";
    case "slack":
    case "key":
      return "MEDIUM";
    case "sso":
      return "HIGH";
    case "passkey":
      return "CRITICAL";
  }
}

/** Why Gate can't have a held proposal approved as it asks. */
export type DemandProblem =
  | { readonly reason: "invalid_provider"; readonly provider: string }
  | { readonly reason: "invalid_channel" }
  | {
      readonly reason: "unsupported_factor";
      readonly provider: string;
      readonly capabilities: readonly string[];
      readonly riskLevel: string;
    };

/** Null: it asks for nothing, for what it gets, or is not held. */
export function demandProblem(
  { approval: demand, destination }: ProposalRequest,
  { outcome, risk }: Pick<Decision, "outcome" | "risk">,
  { channels }: Pick<Registry, "channels">,
): DemandProblem | null {
  if (demand === undefined || outcome !== "hold") return null;
  const provider = demand.provider ?? OWN_PROVIDER;
  const channel = channels.get(provider);
  if (provider !== OWN_PROVIDER && (channel === undefined || !asksAbout(channel, destination))) {
    return { reason: "invalid_provider", provider };
  }
  if (demand.channel !== null && demand.channel.address === null) return { reason: "invalid_channel" };
  if (demandedAssurance(demand) !== STRONGEST) return null;
  return {
    reason: "unsupported_factor",
    provider,
    capabilities: provider === OWN_PROVIDER ? SUPPORTED_FACTORS : PROVIDER_FACTORS,
    riskLevel: risk.level,
  };
}

/** What an approval provider of `gate.yaml` says it can prove; Gate takes its word as the registry values it. */
export const PROVIDER_FACTORS: readonly string[] = ["a2h.signed_response.v1"];

function asksAbout({ kind, destinations }: Channel, destination: string): boolean {
  return kind === "a2h" && (destinations.length === 0 || listAllows(destinations, destination));
}
