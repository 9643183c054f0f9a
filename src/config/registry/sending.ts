import { z } from "zod";
import { isMediaType, MEDIA_TYPE } from "../../core/proposal/request-template.ts";
import type { Destination, DestinationCredential, Execute } from "../../core/registry/registry.ts";
import { choice, editorPattern, mapping, text } from "../yaml/schema-types.ts";

/* How Gate sends a destination's requests: `inject`, `execute` and what belongs to them. */

/** A claim ends after five minutes: the outcome of a later response could not be recorded. */
export const MAX_TIMEOUT_SECONDS = 240;

/** Longer silences are those of dead connections. */
export const MAX_IDLE_SECONDS = 3_600;

const DEFAULT_TIMEOUT_MS = 60_000;

/**
 * "never stands here" makes `messages.ts` leave the value out: an operator may have written a whole header, secret
 * included.
 */
const A_HEADER_NAME = "must be a header's name such as X-Api-Key; its value never stands here";

/** RFC 9110 section 5.6.2. */
export const headerName = z
  .string({ error: A_HEADER_NAME })
  .max(100, { error: A_HEADER_NAME })
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/, { error: A_HEADER_NAME })
  .transform((written) => written.toLowerCase());

const A_MEDIA_TYPE = "must be a media type such as application/json";

/** Keys of a destination that have no effect without an `upstream`. */
export const ABOUT_AN_UPSTREAM = [
  "prefix",
  "reads",
  "allow_private",
  "credential",
  "inject",
  "execute",
  "timeout_seconds",
  "idle_seconds",
  "headers",
  "drop_headers",
  "idempotency_header",
] as const;

const A_METHOD = "must be POST, PUT, PATCH or DELETE";

/* Approximations for editors; `checkSending` has the rules. */
const BASIC_USER = editorPattern("^[ -9;-~]*$", "must be a user without a colon, which would end it");
const FORMAT = editorPattern(
  String.raw`^(?:(?!\{secret\})[ -~])*\{secret\}(?:(?!\{secret\})[ -~])*$`,
  "must contain {secret} once, with printable ASCII characters around it",
);
const PARAMETER = editorPattern(
  "^[A-Za-z0-9_.~-]*$",
  "must be a parameter's name: letters, digits, `_`, `.`, `~` and `-`",
);
const PLACE = String.raw`(?<=[/=])\{(?:payload|metadata)(?:\.[A-Za-z0-9_-]+)+(?::number)?\}(?=[/?&]|$)`;
const PATH_TEMPLATE = editorPattern(
  String.raw`^(?!.*[;#\\])(?![^?]*(?://|/\.\.?(?:[/?]|$)|%2[Ff]|%5[Cc]))/(?:[!-z|~]|${PLACE})*$`,
  "must be a plain path such as /v1/refunds, with placeholders such as /v1/{payload.id}",
);

export const INJECT = z.union(
  [
    choice(["bearer", "basic"]),
    mapping({ basic: text("the user", 200).meta(BASIC_USER) }, "must be {basic: user}"),
    mapping(
      {
        header: headerName,
        format: text("the header's value, with {secret} in it", 200).meta(FORMAT).optional(),
      },
      'must be {header: X-Api-Key, format: "{secret}"}',
    ),
    mapping({ query: text("the parameter's name", 100).meta(PARAMETER) }, "must be {query: api_key}"),
  ],
  {
    error:
      "must be bearer, basic, {basic: user}, {header: …, format: …} or {query: …}; the secret itself never stands here",
  },
);

export const EXECUTE = mapping(
  {
    method: choice(["POST", "PUT", "PATCH", "DELETE"]),
    path: text("a path below the upstream such as /v1/refunds", 1000).meta(PATH_TEMPLATE),
    content_type: text("a media type such as application/json", 200)
      .refine(isMediaType, { error: A_MEDIA_TYPE })
      .meta(editorPattern(`^(?!.*,)${MEDIA_TYPE.source.slice(1)}`, A_MEDIA_TYPE))
      .optional(),
  },
  `must be a request such as {method: POST, path: /v1/refunds}; the method ${A_METHOD}`,
);

interface WrittenSending {
  readonly credential?: string | undefined;
  readonly inject?: z.output<typeof INJECT> | undefined;
  readonly execute?: z.output<typeof EXECUTE> | undefined;
  readonly timeout_seconds?: number | undefined;
}

export function timeoutOf({ timeout_seconds: seconds }: WrittenSending): number {
  return seconds === undefined ? DEFAULT_TIMEOUT_MS : seconds * 1000;
}

export function credentialOf({ credential, inject }: WrittenSending): DestinationCredential | null {
  return credential === undefined ? null : { name: credential, injection: injectionOf(inject) };
}

function injectionOf(written: WrittenSending["inject"]): DestinationCredential["injection"] {
  if (written === undefined || written === "bearer") return { kind: "bearer" };
  if (written === "basic") return { kind: "basic", user: null };
  if ("basic" in written) return { kind: "basic", user: written.basic };
  if ("query" in written) return { kind: "query", name: written.query };
  return { kind: "header", name: written.header, format: written.format ?? "{secret}" };
}

export function executeOf({ execute }: WrittenSending): Execute | null {
  if (execute === undefined) return null;
  const { method, path, content_type: contentType } = execute;
  return { method, path, contentType: contentType ?? null };
}

/** Default: a destination with `execute` is executed by Gate, and one with a prefix forwards. */
export function executorOf(written: {
  readonly executor?: Destination["executor"] | undefined;
  readonly prefix?: string | undefined;
  readonly execute?: unknown;
}): Destination["executor"] {
  if (written.executor) return written.executor;
  if (written.execute !== undefined) return "gate";
  return written.prefix === undefined ? null : "forward";
}
