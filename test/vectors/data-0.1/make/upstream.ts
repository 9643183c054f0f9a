import { once } from "node:events";
import type { JsonWebKey } from "node:crypto";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";

/** `gate.yaml` names them, and the configuration of a destination is part of every approval. */
const PORTS = [31_811, 31_812] as const;

export interface Upstream extends AsyncDisposable {
  /** Bodies that came in at `/room`, where the channel tells people. */
  readonly told: readonly string[];
}

/** Plays the CRM, the tickets, the room, and the issuer with its key. What goes to a path ending in `/lost` gets no answer. */
export async function startUpstream(issuerKey: JsonWebKey): Promise<Upstream> {
  const told: string[] = [];
  const answer: RequestListener = async (request, response) => {
    const body = await bodyOf(request);
    const path = request.url ?? "";
    if (path.endsWith("/lost")) return void request.socket.destroy();
    if (path === "/room") {
      told.push(body.toString());
      return void response.writeHead(204).end();
    }
    if (path === "/keys") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(
        JSON.stringify({ keys: [{ ...issuerKey, kid: "staff", alg: "EdDSA", use: "sig" }] }),
      );
    }
    const isBad = path.endsWith("/refused");
    response.writeHead(isBad ? 422 : 201, { "content-type": "application/json", "x-request-id": "req_0001" });
    response.end(
      JSON.stringify({ ok: !isBad, path, bytes: body.length, by: request.headers.authorization ?? null }),
    );
  };
  const servers = PORTS.map((port) => createServer(answer).listen(port, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  return {
    told,
    async [Symbol.asyncDispose]() {
      for (const server of servers) server.closeAllConnections();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
