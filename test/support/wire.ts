/** A response, a failure, or a server that answers nothing. */
export type WireReply =
  | Response
  | Error
  | "never"
  /** Ignores the signal too, as some implementations of fetch do. */
  | "deaf"
  /** Closes the connection in the middle of the body. */
  | "cut";

export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly key: string | null;
  readonly idempotencyKey: string | null;
  readonly body: Readonly<Record<string, unknown>> | null;
  readonly at: number;
}

/** A `fetch` that answers by a list, the last reply for ever, or by a function, and notes what it was sent. */
export function wire(replies: readonly WireReply[] | ((request: WireRequest) => WireReply)): {
  readonly sent: WireRequest[];
  readonly fetch: typeof globalThis.fetch;
} {
  const sent: WireRequest[] = [];
  return {
    sent,
    async fetch(input, init) {
      const headers = new Headers(init?.headers);
      const url = new URL(String(input));
      const request = {
        method: init?.method ?? "GET",
        path: url.pathname + url.search,
        key: headers.get("authorization"),
        idempotencyKey: headers.get("idempotency-key"),
        body: typeof init?.body === "string" ? (JSON.parse(init.body) as Record<string, unknown>) : null,
        at: performance.now(),
      };
      sent.push(request);
      const reply =
        typeof replies === "function"
          ? replies(request)
          : (replies[Math.min(sent.length, replies.length) - 1] ?? json({}));
      return respond(reply, init?.signal ?? null);
    },
  };
}

async function respond(reply: WireReply, signal: AbortSignal | null): Promise<Response> {
  if (reply instanceof Error) throw reply;
  if (reply instanceof Response) return reply.clone();
  if (reply === "deaf") return new Promise(() => undefined);
  if (reply === "cut") return new Response(cutBody());
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason as Error));
  });
}

function cutBody(): ReadableStream<Uint8Array> {
  let isBegun = false;
  return new ReadableStream({
    pull(controller) {
      if (isBegun) controller.error(new TypeError("terminated"));
      else controller.enqueue(new TextEncoder().encode('{"status":"appro'));
      isBegun = true;
    },
  });
}

export function json(body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), { status, headers });
}

/** What `fetch` throws where nothing listens. */
export const REFUSED = Object.assign(new TypeError("fetch failed"), { cause: { code: "ECONNREFUSED" } });
