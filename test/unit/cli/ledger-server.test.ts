import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { connectServer, Refused } from "../../../cli/ledger/server.ts";

/** A server whose first answer is 429 with this Retry-After, and every later one a page without entries. */
async function served(retryAfter: string | null, run: (server: URL, paths: string[]) => Promise<void>) {
  const paths: string[] = [];
  const server = createServer(({ url }, response) => {
    paths.push(url ?? "");
    if (paths.length > 1) return response.writeHead(200, { "x-log-next": "0" }).end("");
    response.writeHead(429, retryAfter === null ? {} : { "retry-after": retryAfter });
    return response.end('{"detail":"too many"}');
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  try {
    await run(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), paths);
  } finally {
    server.close();
  }
}

test("an export over the limit waits as long as the server says, and reads the same page again", async () => {
  await served("1", async (server, paths) => {
    const begun = Date.now();
    expect(await connectServer({ server, apiKey: "k" }).entries(0, 10)).toEqual({ lines: [], next: 0 });
    expect(Date.now() - begun).toBeGreaterThanOrEqual(990);
    expect(paths).toEqual(["/log/entries?from=0&limit=10", "/log/entries?from=0&limit=10"]);
  });
});

test.each([null, "86400", "soon", "0", "-1"])(
  "a 429 whose Retry-After is %s ends an export with the server's reason",
  async (retryAfter) => {
    await served(retryAfter, async (server, paths) => {
      const reading = connectServer({ server, apiKey: "k" }).entries(0, 10);
      await expect(reading).rejects.toThrow(Refused);
      expect(paths).toHaveLength(1);
    });
  },
);
