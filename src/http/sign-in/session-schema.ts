import { z } from "zod";
import { ROLES } from "../../core/identity/principal.ts";
import { ASSURANCE, TIME } from "../api/shared/fields-schema.ts";

export const SESSION = z.object({
  principal_id: z.string(),
  name: z.string(),
  role: z.enum(ROLES),
  person: z.string().nullable(),
  groups: z.array(z.string()),
  assurance: ASSURANCE,
  via: z.enum(["key", "token", "session"]),
  expires_at: TIME.nullable().describe("When the session ends; null without one."),
});
