import { z } from "zod";
import type { JsonObject } from "../../../core/base/json.ts";
import { SWITCH_REASONS, SWITCH_SCOPES, type SwitchTarget } from "../../../core/policy/kill-switch.ts";
import { parseRequest, requestSchema, wrongField } from "../shared/request-schema.ts";
import { iso } from "../../../core/base/iso-time.ts";
import type { StopsNothing } from "../../../app/switch-target.ts";
import type { EngagedSwitch } from "../../../ports/switches.ts";
import type { Answer } from "../shared/answer.ts";
import type { SWITCH } from "./switch-schema.ts";

/** A destination as agents name it, or everything of one system; `*` alone would be `everything`. */
const DESTINATION = /^[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}(?:\.\*)?$/;

/** An id in an issue tracker. It goes on the ledger, where free text may not be. */
const TICKET = /^[A-Za-z0-9][A-Za-z0-9._#/-]{0,63}$/;

const TARGET_FIELDS = z.object({
  scope: z.enum(SWITCH_SCOPES),
  target: z.string().max(130).optional(),
});

/** The list of switches has `target: null` for `everything`: what it shows can be lifted as it is. */
const LIFT = requestSchema(
  "POST /v1/switches/lift",
  TARGET_FIELDS.extend({ target: TARGET_FIELDS.shape.target.nullish() }),
  { others: "refused" },
);

const ENGAGEMENT = requestSchema(
  "POST /v1/switches",
  TARGET_FIELDS.extend({
    reason: z.enum(SWITCH_REASONS, `one of ${SWITCH_REASONS.join(", ")}`),
    ticket: z.string().regex(TICKET, "letters, digits and . _ # / - only, 64 at most").optional(),
    force: z.boolean().default(false),
  }),
  { others: "refused" },
);

export function parseEngagement(body: JsonObject) {
  const { scope, target, reason, ticket, force } = parseRequest(ENGAGEMENT, body);
  return { wanted: targetOf(scope, target ?? null), why: { reason, ticket: ticket ?? null }, force };
}

export function parseSwitchTarget(body: JsonObject): SwitchTarget {
  const { scope, target } = parseRequest(LIFT, body);
  return targetOf(scope, target ?? null);
}

function targetOf(scope: SwitchTarget["scope"], target: string | null): SwitchTarget {
  switch (scope) {
    case "everything":
      // A target beside `everything` is a mistake: the caller meant to stop less.
      return target === null ? { scope, target } : wrongTarget("`everything` has no target");
    case "destination":
      return target !== null && DESTINATION.test(target)
        ? { scope, target }
        : wrongTarget("a destination's exact name, or `system.*`");
    case "agent":
      return target !== null && target !== "" ? { scope, target } : wrongTarget("an agent's id");
  }
}

/** Says that no known agent or destination matches, and what may have been meant. */
export function refuseStopsNothing({ scope, meant }: StopsNothing, target: string | null): never {
  const hint = meant === null ? "" : `; did you mean \`${meant}\`?`;
  if (scope === "agent") return wrongTarget(`there is no agent with this id${hint}`);
  const unknown = `no known destination matches \`${target ?? ""}\``;
  const end = hint === "" ? "." : "";
  return wrongTarget(`${unknown}${hint}${end} \`"force": true\` engages it for destinations to come`);
}

/** The warning beside a switch that was engaged by force. */
export function forcedWarning(target: string | null): { readonly warning: string } {
  return {
    warning: `No known destination matches \`${target ?? ""}\`: this switch stops nothing until one with such a name is proposed.`,
  };
}

/** Refuses with 400: a switch that stops nothing must not look as if it stopped something. */
function wrongTarget(what: string): never {
  return wrongField(`target: ${what}`);
}

export function switchView({
  scope,
  target,
  version,
  reason,
  ticket,
  actor,
  since,
}: EngagedSwitch): Answer<typeof SWITCH> {
  return { scope, target, engaged: true, version, reason, ticket, actor, since: iso(since) };
}
