/** Addresses of an intent; empty where the error is about none. */
export interface GateLinks {
  readonly self?: string;
  /** Where people decide. */
  readonly page?: string;
  /** Answers once the intent is decided. */
  readonly wait?: string;
  readonly result?: string;
}

export interface GateErrorDetail {
  readonly status?: number;
  readonly code: string;
  readonly body?: unknown;
  readonly cause?: unknown;
  readonly retryAfterMs?: number | null;
  readonly intentId?: string | null;
  /** Gate's address, without a slash at its end; needed for links. */
  readonly endpoint?: string;
  readonly remedy?: string | null;
  /** Members of the error's own class. */
  readonly more?: object;
}

/** Gate refused the call. `blocked` and `duplicate_blocked` are results of a proposal, not errors: such calls resolve. */
export class GateError extends Error {
  override readonly name: string = "GateError";
  /** HTTP status; 0: no response. */
  declare readonly status: number;
  /** Stable: the server's `code`, or the SDK's own. */
  declare readonly code: string;
  /** The response's body, parsed where it is JSON; null: no response. */
  declare readonly body: unknown;
  /** The server's `Retry-After`, in milliseconds; null: it sent none. */
  declare readonly retryAfterMs: number | null;
  /** The intent that the error is about; null: none is known. */
  declare readonly intentId: string | null;
  /** Why the policies decided so, a stable code; null: no policy decided. */
  declare readonly reasonCode: string | null;
  /** What to do about it; null: the message says all. */
  declare readonly remedy: string | null;
  declare readonly links: GateLinks;

  constructor(message: string, detail: GateErrorDetail) {
    super(message, detail.cause === undefined ? {} : detail);
    const { status = 0, code, body = null, retryAfterMs = null, endpoint, more } = detail;
    const members = (body ?? {}) as Readonly<Record<string, unknown>>;
    const intentId = detail.intentId ?? textIn(members, "intentId", "intent_id");
    Object.assign(this, {
      status,
      code,
      body,
      retryAfterMs,
      intentId,
      reasonCode: textIn(members, "reason_code", "reasonCode"),
      remedy: detail.remedy ?? textIn(members, "remedy"),
      links: endpoint === undefined || intentId === null ? {} : linksOf(endpoint, intentId),
      ...more,
    });
  }
}

/** An option or a value that the SDK refuses before it sends anything: a mistake of the program, like any `TypeError`. */
export class GateOptionError extends TypeError {
  override readonly name: string = "GateOptionError";
  readonly code = "invalid_option";
}

/** Gate could not be reached, or can't answer now. Every call of the SDK may be repeated: none writes twice. */
export class GateUnavailableError extends GateError {
  override readonly name: string = "GateUnavailableError";
}

/** The first of these members that is a text. */
export function textIn(body: Readonly<Record<string, unknown>>, ...names: readonly string[]): string | null {
  for (const name of names) {
    const value = body[name];
    if (typeof value === "string") return value;
  }
  return null;
}

function linksOf(endpoint: string, intentId: string): GateLinks {
  const id = encodeURIComponent(intentId);
  const self = `${endpoint}/v1/intents/${id}`;
  return { self, page: `${endpoint}/cases/${id}`, wait: `${self}/wait`, result: `${self}/result` };
}
