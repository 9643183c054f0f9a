import { voterOf } from "../../core/identity/people.ts";
import type { Registry } from "../../core/registry/registry.ts";
import type { Caller } from "../middleware/auth.ts";
import { isoOrNull } from "../../core/base/iso-time.ts";

/** Who the caller is here, as they themselves are told. */
export function sessionView({ principal, assurance, via, expiresAt }: Caller, registry: Registry) {
  const { id, name, role } = principal;
  const isHuman = role !== "agent" && role !== "runner";
  const voter = isHuman ? voterOf(principal, assurance, registry) : null;
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
