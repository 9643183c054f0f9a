import { voterOf } from "../../core/identity/people.ts";
import { isHuman } from "../../core/identity/principal.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Caller } from "../../app/identity/authenticate.ts";
import { isoOrNull } from "../../core/base/iso-time.ts";
import type { Answer } from "../api/shared/answer.ts";
import type { SESSION } from "./session-schema.ts";

/** The session's principal, as the API returns it to that principal. */
export function sessionView(
  { principal, assurance, via, expiresAt }: Caller,
  registry: Registry,
): Answer<typeof SESSION> {
  const { id, name, role } = principal;
  const voter = isHuman(principal) ? voterOf(principal, assurance, registry) : null;
  return {
    principal_id: id,
    name,
    role,
    person: voter?.person ?? null,
    groups: voter?.groups ?? [],
    assurance,
    via,
    expires_at: isoOrNull(expiresAt),
  };
}
