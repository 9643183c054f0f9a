import { PENDING_WRITE } from "../../proxy/pending-schema.ts";
import type { Operation } from "../operation.ts";

const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;

/** `/{prefix}/…` of every destination that `gate.yaml` forwards to: the rest of the path is the upstream's own. */
export const PROXY_PATH = "/:prefix/:path";

export const PROXY_OPERATIONS: readonly Operation[] = METHODS.map((method) => ({
  method,
  path: PROXY_PATH,
  id: `proxy${method.charAt(0)}${method.slice(1).toLowerCase()}`,
  tag: "Proxy",
  summary: `Send a ${method} through the reverse proxy`,
  description:
    "A wildcard: `{prefix}` is a destination's prefix in gate.yaml, `{path}` everything after it, slashes included. Listed reads pass; every other request is a write, which the policies decide on. The upstream's response comes back with its own status, headers and body.",
  access: "agent_at_proxy",
  headers: {
    "X-Gate-Intent-Id": "The id of a held write, to be sent once it is approved.",
    "X-Gate-Wait": "`true`: keep the connection until the write is decided.",
  },
  replies: {
    202: {
      description: "The write is held for approval, or is being sent.",
      content: { "application/json": PENDING_WRITE },
      headers: { Location: "The intent.", "Retry-After": "Seconds.", "X-Gate-Intent-Id": "The intent's id." },
    },
  },
}));
