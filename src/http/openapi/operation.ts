import type { z } from "zod";
import type { Role } from "../../core/identity/principal.ts";
import type { ProblemCode } from "../problem/codes.ts";

/** The operations' headings, in the order of the document. */
export const TAGS = {
  Intents: "Proposals of agents, and what becomes of them.",
  Approvals: "People decide what waits.",
  Mandates: "Standing approvals and delegations.",
  Executions: "Orders, claims and reports of approved writes.",
  Principals: "The holders of keys.",
  "Kill switches": "Stop an agent, a destination or everything.",
  Webhooks: "Events for programs.",
  Log: "The ledger, and proofs that nothing in it was changed.",
  Operations: "For the operator of a deployment.",
  Sessions: "Signing in and out, for programs that serve people.",
  Public: "Without a key.",
  Callbacks: "Calls of other systems, authenticated by their signatures.",
  Proxy: "Writes through the reverse proxy.",
  Pages: "The pages that people decide on.",
} as const;

export type Tag = keyof typeof TAGS;

/** How a caller shows that it may make the call; a list: a key, token or session of one of these roles. */
export type Access =
  | readonly Role[]
  | "public"
  /** The path has a one-time token or a signed link. */
  | "in_path"
  | "execution_token"
  | "session"
  | "page"
  | "provider_signature"
  | "slack_signature"
  | "agent_at_proxy";

export interface Reply {
  readonly description: string;
  /** Media type to schema; null: a text or bytes without one. */
  readonly content: Readonly<Record<string, z.ZodType | null>>;
  /** Header to description. */
  readonly headers?: Readonly<Record<string, string>>;
}

export interface RequestContent {
  /** The name in the document of what is merged; a single registered request has its own. */
  readonly name?: string;
  /** Names of registered request schemas, which are merged. */
  readonly parsed?: readonly string[];
  /** Members that the route reads by itself. */
  readonly more?: z.ZodObject;
  /** Members that the route requires beyond what their schema does. */
  readonly required?: readonly string[];
  /** `application/json` if absent. */
  readonly type?: string;
  /** True: a request without a body is refused. */
  readonly isRequired?: boolean;
}

export interface Operation {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** As the route has it: `/v1/intents/:id`. */
  readonly path: string;
  readonly id: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly access: Access;
  readonly query?: z.ZodObject;
  /** Request headers to their descriptions. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly request?: RequestContent;
  readonly replies: Readonly<Record<number, Reply>>;
  /** Codes of the problems that only some operations have; `ANYWHERE` lists the others. */
  readonly problems?: Readonly<Record<number, readonly ProblemCode[]>>;
}

export function json(schema: z.ZodType, description: string): Reply {
  return { description, content: { "application/json": schema } };
}

export function text(type: string, description: string, headers?: Reply["headers"]): Reply {
  return { description, content: { [type]: null }, ...(headers !== undefined && { headers }) };
}

/** A GET of a page that people read. */
export const PAGE: Reply = text("text/html", "The page.");

export const MOVED: Reply = {
  description: "A redirect.",
  content: {},
  headers: { Location: "A path of this deployment." },
};

/** Problems that any call can meet, described once. */
export const ANYWHERE = [
  "invalid_host",
  "invalid_idempotency_key",
  "invalid_json",
  "incomplete_body",
  "unauthorized",
  "invalid_key",
  "invalid_token",
  "agent_inactive",
  "cross_origin",
  "email_invalid",
  "email_missing",
  "email_unverified",
  "identity_already_linked",
  "person_unknown",
  "body_timeout",
  "idempotency_in_flight",
  "payload_too_large",
  "unsupported_media_type",
  "idempotency_key_reused",
  "too_many_requests",
  "keys_unavailable",
  "large_bodies_busy",
  "restoring",
  "unavailable",
] as const satisfies readonly ProblemCode[];

export const EVERY_ROLE: readonly Role[] = ["agent", "runner", "reviewer", "auditor", "admin"];
export const PEOPLE: readonly Role[] = ["reviewer", "auditor", "admin"];
export const ADMIN: readonly Role[] = ["admin"];
export const REVIEWER: readonly Role[] = ["reviewer"];
export const AGENT: readonly Role[] = ["agent"];
