import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { inspect } from "node:util";
import type { TestProject } from "vitest/node";
import { compareExchanges, noteFile } from "./recorder.ts";
import type { Exchange } from "./exchanges.ts";
import { setup as setupCoverage } from "./coverage.ts";

/** What a test inside the runtime, which compiles no schema, hands over. */
export interface Handed {
  readonly file: string;
  readonly exchanges: readonly Exchange[];
}

/** Global set-up of the Worker's tests. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const teardown = setupCoverage(project);
  const folder = project.getProvidedContext().openApiFolder;
  const server = createServer(async (request, response) => {
    try {
      const { file, exchanges } = JSON.parse(await text(request)) as Handed;
      noteFile(file, folder);
      response.end(JSON.stringify(compareExchanges(exchanges, folder)));
    } catch (error) {
      response.end(JSON.stringify([inspect(error)]));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  project.provide("openApiPort", (server.address() as AddressInfo).port);
  return async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
    teardown();
  };
}
