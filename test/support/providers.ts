import { createHash } from "node:crypto";
import type { Provider, Received, Reply } from "./upstream.ts";

/*
 * Providers as their documentation describes them, for the few calls that tests make. Each accepts one credential and
 * refuses all others, an agent's key included, with the provider's own error.
 */

export const CREDENTIALS = {
  STRIPE_SECRET: "sk_test_upstream_51Habc",
  SLACK_SECRET: "xoxb-upstream-token-1234567890",
  SFDC_SECRET: "00Dxx0000001gPL!upstream.session",
  GITHUB_SECRET: "ghp_upstreamtoken0123456789",
  PLAIN_SECRET: "plain-upstream-secret-0123",
} as const;

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Reply {
  return { status, headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

function mark(text: string | Buffer): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

function isShown({ headers }: Received, secret: string): boolean {
  const { authorization } = headers;
  if (authorization === `Bearer ${secret}`) return true;
  const pair = /^Basic (.+)$/.exec(authorization ?? "")?.[1];
  return pair !== undefined && Buffer.from(pair, "base64").toString() === `${secret}:`;
}

/** docs.stripe.com/api: form bodies, `request-id`, errors in `error`. */
export const stripe: Provider = (request) => {
  const { method, path, body, headers } = request;
  const common = {
    "request-id": `req_${mark(`${path}${body.toString("hex")}`)}`,
    "stripe-version": headers["stripe-version"] ?? "2026-01-01",
    ...(headers["idempotency-key"] === undefined ? {} : { "idempotency-key": headers["idempotency-key"] }),
  };
  if (!isShown(request, CREDENTIALS.STRIPE_SECRET)) {
    const error = { type: "invalid_request_error", message: "Invalid API Key provided" };
    return json(401, { error }, common);
  }
  const charge = /^\/stripe\/v1\/charges\/(ch_\w+)$/.exec(path)?.[1];
  if (method === "GET" && charge !== undefined) {
    return json(200, { id: charge, object: "charge", amount: 4200, currency: "usd" }, common);
  }
  if (method === "POST" && path === "/stripe/v1/refunds") {
    const form = new URLSearchParams(body.toString());
    const amount = Number(form.get("amount"));
    if (amount === 404) {
      const error = { type: "invalid_request_error", code: "resource_missing", message: "No such charge" };
      return json(404, { error }, common);
    }
    const id = `re_${mark(body)}`;
    return json(
      200,
      { id, object: "refund", amount, charge: form.get("charge"), status: "succeeded" },
      common,
    );
  }
  const error = { type: "invalid_request_error", message: `Unrecognized request URL (${method}: ${path})` };
  return json(404, { error }, common);
};

/** docs.slack.dev: 200 for nearly everything, `ok` says whether. */
export const slack: Provider = (request) => {
  const { path, body, headers } = request;
  const common = { "x-slack-req-id": mark(body) };
  if (!isShown(request, CREDENTIALS.SLACK_SECRET)) {
    return json(200, { ok: false, error: "invalid_auth" }, common);
  }
  const isJson = headers["content-type"]?.startsWith("application/json") === true;
  const fields = isJson
    ? (JSON.parse(body.toString()) as Readonly<Record<string, string>>)
    : Object.fromEntries(new URLSearchParams(body.toString()));
  switch (path) {
    case "/slack/api/users.info":
      return json(200, { ok: true, user: { id: fields["user"], name: "ada" } }, common);
    case "/slack/api/chat.postMessage": {
      const message = { type: "message", text: fields["text"] };
      return json(200, { ok: true, channel: fields["channel"], ts: "1763800000.000100", message }, common);
    }
    default:
      return json(200, { ok: false, error: "unknown_method" }, common);
  }
};

/** developer.salesforce.com, REST API: errors are a list. */
export const salesforce: Provider = (request) => {
  const { method, path, query } = request;
  const common = { "sforce-limit-info": "api-usage=18/15000" };
  if (!isShown(request, CREDENTIALS.SFDC_SECRET)) {
    return json(401, [{ message: "Session expired or invalid", errorCode: "INVALID_SESSION_ID" }], common);
  }
  const base = "/sfdc/services/data/v66.0";
  if (method === "GET" && path === `${base}/query`) {
    const records = [{ attributes: { type: "Lead" }, Id: "00Q000000000001", Name: query.get("q") }];
    return json(200, { totalSize: 1, done: true, records }, common);
  }
  if (method === "POST" && path === `${base}/sobjects/Lead`) {
    const location = `/services/data/v66.0/sobjects/Lead/00Q${mark(request.body)}`;
    return json(201, { id: `00Q${mark(request.body)}`, success: true, errors: [] }, { ...common, location });
  }
  const isLead = path.startsWith(`${base}/sobjects/Lead/`);
  if (method === "PATCH" && isLead) return { status: 204, headers: common };
  return json(404, [{ errorCode: "NOT_FOUND", message: "The requested resource does not exist" }], common);
};

/** docs.github.com/rest: refuses who does not say their name. */
export const github: Provider = (request) => {
  const { method, path, headers, body } = request;
  const common = { "x-github-request-id": mark(body) };
  if (headers["user-agent"] === undefined) return { status: 403, headers: common, body: "Request forbidden" };
  if (!isShown(request, CREDENTIALS.GITHUB_SECRET)) return json(401, { message: "Bad credentials" }, common);
  if (method === "GET" && path === "/github/repos/acme/app/issues") {
    const link = '<https://api.github.com/repositories/1/issues?page=2>; rel="next"';
    return json(200, [{ number: 1, title: "First" }], { ...common, link });
  }
  if (method === "POST" && path === "/github/repos/acme/app/issues") {
    const { title } = JSON.parse(body.toString()) as { readonly title: string };
    return json(
      201,
      { number: 2, title },
      { ...common, location: "https://api.github.com/repos/acme/app/issues/2" },
    );
  }
  return json(404, { message: "Not Found" }, common);
};

/** Answers what it was sent, to the byte. */
export const plain: Provider = ({ method, headers, body }) => ({
  status: 200,
  headers: {
    "content-type": headers["content-type"] ?? "application/octet-stream",
    "x-request-id": mark(body),
    etag: `"${mark(body)}"`,
  },
  ...(method === "HEAD" ? {} : { body }),
});

export const PROVIDERS = { stripe, slack, sfdc: salesforce, github, plain } as const;
