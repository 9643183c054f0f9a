import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** One request that was read to its end. */
export interface Received {
  readonly method: string;
  /** As it stood in the first line, query included. */
  readonly target: string;
  /** Below this upstream's host, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Said after the head: the body in pieces, so that it has no length. */
  readonly pieces?: readonly (string | Buffer)[];
}

/** How the upstream treats a request that it has read. */
export type Conduct =
  | "answer"
  /** Executed, and the connection ends without a response. */
  | "carry_out_and_reset"
  /** Not executed, and the connection ends without a response. */
  | "reset"
  /** Executed, and the response breaks off. */
  | "break_off";

export type Provider = (request: Received) => Reply;

export interface Upstream extends AsyncDisposable {
  /** `http://127.0.0.1:…`, no slash at the end. */
  readonly url: string;
  /** Every request that was read to its end, in order. */
  readonly received: readonly Received[];
  /** How often each write was executed, by its sender's name for it (see `nameOf`). */
  readonly carriedOut: ReadonlyMap<string, number>;
  /** How long an answer takes from here on. Milliseconds. */
  slow(ms: number): void;
  /** Decides about the requests that come from here on. */
  conduct(choose: (request: Received) => Conduct): void;
  /** True: one Idempotency-Key is one write, and a repeat gets the first answer again. */
  deduplicate(on: boolean): void;
  forget(): void;
}

/**
 * A server that writes nothing, and counts what it was asked to write: the only witness of how often something left
 * Gate. The first segment of a path says which provider it plays.
 *
 * @param listenOn 0 asks the system for a free port; rejects where the port is taken
 */
export async function startUpstream(
  providers: Readonly<Record<string, Provider>>,
  listenOn = 0,
): Promise<Upstream> {
  const received: Received[] = [];
  const carriedOut = new Map<string, number>();
  const known = new Map<string, Reply>();
  let delayMs = 0;
  let choose: (request: Received) => Conduct = () => "answer";
  let deduplicates = false;

  function carryOut(request: Received): Reply {
    const provider = providers[request.path.split("/")[1] ?? ""];
    if (provider === undefined) return { status: 404, body: "no such provider" };
    const key = request.headers["idempotency-key"];
    const before = key === undefined || !deduplicates ? undefined : known.get(key);
    if (before !== undefined) {
      return { ...before, headers: { ...before.headers, "idempotent-replayed": "true" } };
    }
    const name = nameOf(request);
    if (name !== null) carriedOut.set(name, (carriedOut.get(name) ?? 0) + 1);
    const reply = provider(request);
    if (key !== undefined) known.set(key, reply);
    return reply;
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(message);
    received.push(request);
    const conduct = choose(request);
    if (conduct === "reset") return void message.socket.destroy();
    // At once, as a provider does whose answer is late: what was cut off in between has happened all the same.
    const reply = carryOut(request);
    if (delayMs > 0) await pause(delayMs);
    if (conduct === "carry_out_and_reset") return void message.socket.destroy();
    send(response, reply, conduct === "break_off");
  }

  const server = createServer((message, response) => {
    handle(message, response).catch(() => message.socket.destroy());
  });
  // Node ends idle connections after 5 s. On a busy machine one ends just as Gate sends on it: a write of unknown outcome
  // that no test had asked for.
  server.keepAliveTimeout = 0;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOn, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    carriedOut,
    slow: (ms) => void (delayMs = ms),
    conduct: (chosen) => void (choose = chosen),
    deduplicate: (on) => void (deduplicates = on),
    forget() {
      received.length = 0;
      carriedOut.clear();
      known.clear();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The sender's name for a write, from its body; null for any other request. */
export function nameOf({ method, body }: Pick<Received, "method" | "body">): string | null {
  if (method === "GET" || method === "HEAD" || method === "OPTIONS") return null;
  return /\bwrite-[\w-]+/.exec(body.toString("latin1"))?.[0] ?? null;
}

async function read(message: IncomingMessage): Promise<Received> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  const target = message.url ?? "";
  const at = target.indexOf("?");
  return {
    method: message.method ?? "",
    target,
    path: at < 0 ? target : target.slice(0, at),
    query: new URLSearchParams(at < 0 ? "" : target.slice(at + 1)),
    headers: Object.fromEntries(
      Object.entries(message.headers).map(([name, value]) => [name, [value].flat().join(", ")]),
    ),
    body: Buffer.concat(chunks),
  };
}

function send(response: ServerResponse, reply: Reply, breaksOff: boolean): void {
  const { status, headers = {}, body = "", pieces } = reply;
  if (breaksOff) {
    response.writeHead(status, { ...headers, "content-length": String(Buffer.byteLength(body) + 10) });
    response.write(body, () => response.socket?.destroy());
    return;
  }
  if (pieces === undefined) {
    response.writeHead(
      status,
      status === 204 ? headers : { ...headers, "content-length": String(Buffer.byteLength(body)) },
    );
    response.end(body);
    return;
  }
  response.writeHead(status, headers);
  for (const piece of pieces) response.write(piece);
  response.end();
}
