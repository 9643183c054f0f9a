import { TOLERANCE_MS } from "../../../app/approvals/decision-time.ts";
import { TIMEOUT_MS as WEBHOOK_TIMEOUT_MS } from "../../../app/notifications/deliver-webhook.ts";
import { CONTRACT_WAITS_MS } from "../../../core/base/backoff.ts";
import { OWN_PROVIDER, PROVIDER_FACTORS, SUPPORTED_FACTORS } from "../../../core/policy/approval-demand.ts";
import { POLICY_FIELDS } from "../../../core/policy/policy.ts";
import { NONCE_TTL_MS } from "../../../ports/nonces.ts";
import type { Ports } from "../../../ports/ports.ts";

/** The one version of the contract. */
const CONTRACT_VERSION = "1.0";

/**
 * What clients of the contract discover before they propose. It names approval providers and the fields that a policy
 * can have, and nothing of the policies themselves: whoever knows those knows what passes.
 */
export async function capabilities({ rules, settings }: Pick<Ports, "rules" | "settings">) {
  const [{ registry }, ids] = await Promise.all([rules.current(), rules.ids()]);
  const providers = [...registry.channels.values()].filter(({ kind }) => kind === "a2h").map(({ id }) => id);
  return {
    gate_supported: [CONTRACT_VERSION],
    auth: { methods: ["api_key"] },
    approval_channels: ["webhook", "approval_link", OWN_PROVIDER, ...providers],
    approval_providers: [OWN_PROVIDER, ...providers],
    approval_provider_capabilities: {
      [OWN_PROVIDER]: ["manual.dashboard.v1"],
      ...Object.fromEntries(providers.map((id) => [id, PROVIDER_FACTORS])),
    },
    evidence_factors: SUPPORTED_FACTORS,
    max_execution_ttl_sec: settings.timeLimits.orderMs / 1000,
    replay_protection: {
      // A business key is used up for ever.
      idempotency_window_sec: null,
      timestamp_tolerance_sec: TOLERANCE_MS / 1000,
      nonce_endpoint: "/v1/nonce",
      nonce_ttl_sec: NONCE_TTL_MS / 1000,
      single_use_approval_links: true,
    },
    webhooks: {
      supported: true,
      retry_attempts: CONTRACT_WAITS_MS.length,
      timeout_sec: WEBHOOK_TIMEOUT_MS / 1000,
    },
    approval_callback_endpoint: "/v1/approval-callbacks/:provider",
    policy_features: POLICY_FIELDS,
    policies_available: ids.length,
  };
}

/** The same in the words of the A2H protocol. */
export function a2hCapabilities(known: Awaited<ReturnType<typeof capabilities>>) {
  return {
    a2h_supported: known.gate_supported,
    auth: known.auth,
    channels: known.approval_channels,
    evidence_factors: known.evidence_factors,
    max_ttl_sec: known.max_execution_ttl_sec,
    replay_protection: known.replay_protection,
    webhooks: known.webhooks,
  };
}
