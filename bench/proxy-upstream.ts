import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/*
 * The upstream, in a process of its own: a record to read, a path to write to, and a long response. It sends its parent
 * process its port, and the number of each write that has one.
 */

const RECORD = JSON.stringify({
  id: "003xx000004TmiQAAS",
  name: "Jenny Rosen",
  email: "jenny.rosen@example.com",
  note: "Renewal of the yearly plan. ".repeat(30),
});

const LINE = `${RECORD}\n`;
const CHUNK = Buffer.from(LINE.repeat(Math.ceil(65_536 / LINE.length))).subarray(0, 65_536);

let writes = 0;

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://upstream");
  if (pathname === "/writes") answer(response, 200, JSON.stringify({ writes }));
  else if (pathname === "/long") sendLong(response, Number(searchParams.get("bytes")));
  else if (request.method === "GET") answer(response, 200, RECORD);
  else void take(request, response);
});

server.keepAliveTimeout = 60_000;
server.listen(0, "127.0.0.1", () => process.send?.({ port: (server.address() as AddressInfo).port }));
process.on("disconnect", () => process.exit());

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { "Content-Type": "application/json", "Content-Length": text.length });
  response.end(text);
}

async function take(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let bytes = 0;
  for await (const chunk of request) bytes += (chunk as Buffer).length;
  writes += 1;
  const number = new URL(request.url ?? "/", "http://upstream").searchParams.get("number");
  if (number !== null) process.send?.({ number: Number(number) });
  answer(response, 201, JSON.stringify({ bytes }));
}

/** Sends with back-pressure, at the reader's speed. */
function sendLong(response: ServerResponse, bytes: number): void {
  response.writeHead(200, { "Content-Type": "application/x-ndjson", "Content-Length": bytes });
  let left = bytes;
  const more = () => {
    while (left > 0) {
      const chunk = CHUNK.subarray(0, left);
      left -= chunk.length;
      if (!response.write(chunk)) return void response.once("drain", more);
    }
    response.end();
  };
  more();
}
