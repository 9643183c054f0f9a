import { createServer, request as send, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What happens to one request on its way to Gate and back. */
export type Fault =
  | "none"
  /** The connection breaks before Gate sees the request. */
  | "lost"
  /** Gate handles the request, and its answer is lost. */
  | "unanswered"
  /** Gate handles the request, and its answer breaks off in the middle. */
  | "cut"
  /** A proxy answers in Gate's place, before Gate sees the request, or after. */
  | "refused"
  | "replaced"
  /** Gate gets the request twice. */
  | "doubled"
  | "slow"
  /** Nobody ever answers. */
  | "silent";

export interface FaultyProxy extends AsyncDisposable {
  readonly url: string;
  /** How often each fault happened. */
  readonly counts: ReadonlyMap<Fault, number>;
}

const SLOW_MS = 150;

/** A server in front of one on this machine, which loses, repeats and breaks what passes. */
export async function startFaultyProxy(port: number, faultOf: (path: string) => Fault): Promise<FaultyProxy> {
  const counts = new Map<Fault, number>();
  const server = createServer((incoming, outgoing) => {
    void bodyOf(incoming).then((body) => {
      const fault = faultOf(incoming.url ?? "");
      counts.set(fault, (counts.get(fault) ?? 0) + 1);
      return pass(port, fault, incoming, body, outgoing);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port: own } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${own}`,
    counts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function pass(
  port: number,
  fault: Fault,
  incoming: IncomingMessage,
  body: Buffer,
  outgoing: ServerResponse,
): Promise<void> {
  if (fault === "silent") return;
  if (fault === "lost") return void outgoing.destroy();
  if (fault === "refused") return page(outgoing, 502);
  if (fault === "doubled") await forwarded(port, incoming, body);
  if (fault === "slow") await new Promise((resolve) => setTimeout(resolve, SLOW_MS));
  const reply = await forwarded(port, incoming, body);
  if (fault === "unanswered") return void outgoing.destroy();
  if (fault === "replaced") return page(outgoing, 504);
  outgoing.writeHead(reply.status, { ...reply.headers, connection: "close" });
  if (fault !== "cut") return void outgoing.end(reply.body);
  outgoing.write(reply.body.subarray(0, Math.floor(reply.body.length / 2)), () => outgoing.destroy());
}

function page(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { "content-type": "text/html" }).end("<html>a proxy</html>");
}

interface Reply {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: Buffer;
}

function forwarded(port: number, { method, url, headers }: IncomingMessage, body: Buffer): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const outgoing = send(
      { host: "127.0.0.1", port, method, path: url, headers, agent: false },
      (response) => {
        void bodyOf(response).then((content) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: content }),
        );
      },
    );
    outgoing.on("error", reject);
    outgoing.end(body);
  });
}

function bodyOf(message: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const pieces: Buffer[] = [];
    message.on("data", (piece: Buffer) => pieces.push(piece));
    message.on("end", () => resolve(Buffer.concat(pieces)));
    message.on("error", reject);
  });
}
