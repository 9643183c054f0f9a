import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { expect, test } from "vitest";
import { ROOT } from "../../support/command.ts";

/* What an agent's bundle carries of the client, minified and compressed, as a bundler makes it of the sources. */

async function sizeOf(code: string): Promise<number> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: `${ROOT}/sdk/typescript`, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    platform: "neutral",
    external: ["node:*"],
  });
  return gzipSync(outputFiles[0]?.contents ?? "", { level: 9 }).length;
}

test.each([
  ["the whole client", `export * from "./gate.ts"`, 10_000],
  ["proposals alone", `export { connect, propose } from "./propose.ts"`, 4_000],
  ["the verification of an order", `export { verifyOrder } from "./verify.ts"`, 3_500],
  ["the verification of a webhook", `export { verifyWebhook } from "./verify.ts"`, 2_500],
])("%s stays below its size", async (_, code, most) => {
  const size = await sizeOf(code);
  // Below that esbuild would have left everything out.
  expect(size).toBeGreaterThan(1_000);
  expect(size).toBeLessThan(most);
});
