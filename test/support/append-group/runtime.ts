import { join } from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { DATABASE_FLAG, databaseBinding } from "../../../cli/serve/database.ts";
import { readMigrations } from "../../../cli/serve/migrations.ts";
import { ROOT, temporaryFolder } from "../command.ts";
import type { Operations } from "./protocol.ts";

export interface GroupRuntime extends AsyncDisposable {
  readonly run: Operations;
  /** All that the runtime and the Worker printed. */
  printed(): string;
}

let bundled: Promise<string> | undefined;

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "test", "support", "worker", "append-group", "worker.ts")],
    external: ["cloudflare:workers"],
    bundle: true,
    format: "esm",
    write: false,
  });
  return outputFiles[0]?.text ?? "";
}

/** The real group, ledger and migrations on a workerd without flags of a test runner, with objects of the test's own. */
export async function startGroup(): Promise<GroupRuntime> {
  const folder = temporaryFolder();
  const lines: string[] = [];
  bundled ??= bundle();
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      cf: false,
      telemetry: { enabled: false },
      resourcePersistencePath: folder.path,
      handleStructuredLogs: ({ message }: { readonly message: string }) => {
        lines.push(message);
      },
      workers: [
        {
          name: "group",
          modules: true,
          script: await bundled,
          compatibilityDate: "2026-10-23",
          compatibilityFlags: [DATABASE_FLAG],
          durableObjects: { CHAINS: { className: "Chain", useSQLite: true } },
          unsafeBindings: [
            databaseBinding("DB", { name: "gate", migrations: readMigrations(join(ROOT, "migrations")) }),
          ],
        },
      ],
    }),
  );
  await miniflare.ready;

  async function perform(operation: string, args: readonly unknown[]): Promise<unknown> {
    const body = JSON.stringify({ operation, args });
    const response = await miniflare.dispatchFetch("http://group/", { method: "POST", body });
    const text = await response.text();
    if (!response.ok) throw new Error(`${operation}: ${text}`);
    return (JSON.parse(text) as { readonly result?: unknown }).result;
  }

  return {
    run: new Proxy({} as Operations, {
      get:
        (_, operation: string) =>
        (...args: readonly unknown[]) =>
          perform(operation, args),
    }),
    printed: () => lines.join("\n"),
    async [Symbol.asyncDispose]() {
      await miniflare.dispose();
      folder[Symbol.dispose]();
    },
  };
}
