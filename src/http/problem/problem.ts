import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { Json } from "../../core/base/json.ts";
import type { ProblemCode } from "./codes.ts";

/** An error response: RFC 9457, with the stable `code` and the `error` text that older clients read. */
export interface Problem {
  readonly status: ContentfulStatusCode;
  /** Stable, snake_case; documented in docs/errors.md. */
  readonly code: ProblemCode;
  /** One sentence for the caller. It never quotes a stack, a path, SQL or a secret. */
  readonly detail: string;
  /** The contract's text where existing clients compare it; the code otherwise. */
  readonly error?: string;
  /**
   * Stands in `status` where clients of the contract read the intent's or the agent's there. RFC 9457 has clients ignore
   * a `status` that is no number, and the response has its own.
   */
  readonly statusWord?: string;
  /** Extension members (RFC 9457 section 3.2). */
  readonly more?: Readonly<Record<string, Json>>;
  readonly headers?: Readonly<Record<string, string>>;
}

const PROBLEM_TYPE_PREFIX = "urn:zehrava-gate:problem:";

export function problemResponse(problem: Problem): Response {
  const { status, code, detail, error, more, headers } = problem;
  const body = {
    // Providers' SDKs print `message`, and Stripe's prints what OAuth calls the description (RFC 6749 section 5.2).
    message: detail,
    error_description: detail,
    // After those two: a message that older clients compare stays as it was.
    ...more,
    type: `${PROBLEM_TYPE_PREFIX}${code}`,
    title: titleOf(code),
    status: problem.statusWord ?? status,
    detail,
    code,
    error: error ?? code,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { "Content-Type": "application/problem+json", "Cache-Control": "no-store", ...headers },
  });
}

/** Ends the handling of a request: Hono returns the response that its exception carries. */
export function refuse(problem: Problem): never {
  throw new HTTPException(problem.status, { res: problemResponse(problem) });
}

function titleOf(code: string): string {
  const words = code.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
