import type { Access } from "./operation.ts";

/** How callers authenticate; `key` serves issuers' tokens as well. */
export const SECURITY_SCHEMES = {
  key: {
    type: "http",
    scheme: "bearer",
    description: "A Gate key (`gate_…`). People may send a token of an issuer in gate.yaml instead.",
  },
  session: {
    type: "apiKey",
    in: "cookie",
    name: "gate_session",
    description: "A signed-in person's session. Over https the cookie's name begins with `__Host-`.",
  },
  executionToken: {
    type: "http",
    scheme: "bearer",
    description:
      "An order's token (`gex_…`). Where a destination names runners, it comes beside the runner's key.",
  },
  providerSignature: {
    type: "apiKey",
    in: "header",
    name: "X-Gate-Provider-Signature",
    description: '`t=<ms>,v1=<HMAC-SHA256(secret, "t.body") in hexadecimal>`, within five minutes.',
  },
  slackSignature: {
    type: "apiKey",
    in: "header",
    name: "X-Slack-Signature",
    description: "Slack's own, with `X-Slack-Request-Timestamp`.",
  },
} as const;

type Requirement = Readonly<Partial<Record<keyof typeof SECURITY_SCHEMES, readonly string[]>>>;

/** OpenAPI's requirements: one of them suffices. */
export function securityOf(access: Access): readonly Requirement[] {
  if (typeof access !== "string") {
    const people = access.filter((role) => role !== "agent" && role !== "runner");
    return [{ key: access }, ...(people.length === 0 ? [] : [{ session: people }])];
  }
  switch (access) {
    case "public":
    case "in_path":
      return [];
    case "execution_token":
      return [{ executionToken: [] }, { key: ["agent", "runner"] }];
    case "session":
      return [{ session: [] }, {}];
    case "page":
      return [{ session: [] }, { key: [] }];
    case "provider_signature":
      return [{ providerSignature: [] }];
    case "slack_signature":
      return [{ slackSignature: [] }];
    case "agent_at_proxy":
      return [{ key: ["agent"] }];
  }
}
