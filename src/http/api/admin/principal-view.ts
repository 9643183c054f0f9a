import type { Principal } from "../../../core/identity/principal.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { Answer } from "../shared/answer.ts";
import type { PRINCIPAL } from "./principal-schema.ts";

/** A principal as the contract lists agents; an absent limit reads `["*"]`. */
export function principalView(principal: Principal): Answer<typeof PRINCIPAL> {
  return {
    id: principal.id,
    agent_id: principal.id,
    agentId: principal.id,
    name: principal.name,
    role: principal.role,
    person: principal.person,
    owner: principal.owner,
    status: principal.status,
    framework: principal.framework,
    environment: principal.environment,
    report_key: principal.reportKey,
    risk_tier: principal.riskTier,
    riskTier: principal.riskTier,
    allowed_policies: principal.allowedPolicies ?? ["*"],
    allowed_destinations: principal.allowedDestinations ?? ["*"],
    created_at: iso(principal.createdAt),
  };
}
