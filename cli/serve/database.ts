import { join } from "node:path";
import type { Miniflare } from "miniflare";
import { CommandFailure } from "../io.ts";
import { packageRoot } from "../package-root.ts";
import { readMigrations } from "./migrations.ts";
import type { WranglerConfig } from "./wrangler-config.ts";

/** The type of the binding, and the name of the plugin that makes it. */
export const DATABASE_TYPE = "gate-database";

/** What the binding passes to the plugin. */
export interface DatabaseOptions {
  readonly name: string;
  readonly migrations: readonly { readonly name: string; readonly statements: readonly string[] }[];
}

/**
 * The D1 binding of `wrangler.toml` as one of Miniflare's options: D1's own client over one object.
 *
 * @param root the folder with `migrations/`
 */
export function databaseBindings(config: WranglerConfig, root: string) {
  return config.d1_databases.map(({ binding, database_name, migrations_dir }) =>
    databaseBinding(binding, {
      name: database_name,
      migrations: readMigrations(join(root, migrations_dir)),
    }),
  );
}

export function databaseBinding(binding: string, { name, migrations }: DatabaseOptions) {
  return {
    name: binding,
    type: DATABASE_TYPE,
    plugin: { package: join(packageRoot(), "dist", "database", "plugin.js"), name: DATABASE_TYPE },
    options: {
      name,
      migrations: migrations.map((migration) => ({
        name: migration.name,
        statements: [...migration.statements],
      })),
    },
  };
}

/** Lets the runtime's D1 client call the object, instead of sending JSON over HTTP. */
export const DATABASE_FLAG = "d1_binding_jsrpc";

/** Only this process reaches it: Gate's own socket leads to Gate alone. */
const PROBE_HOST = "database.invalid";

const PROBE = `
export default {
  async fetch(_, { DB }) {
    try {
      await DB.prepare("SELECT 1").run();
      return Response.json({ failed: null });
    } catch (error) {
      return Response.json({ failed: error.cause?.message ?? error.message });
    }
  },
};
`;

/** A Worker that reports whether the database can be used. */
export function databaseProbe(config: WranglerConfig, root: string) {
  return {
    name: "database-probe",
    modules: true,
    script: PROBE,
    routes: [`${PROBE_HOST}/*`],
    compatibilityDate: config.compatibility_date,
    compatibilityFlags: [DATABASE_FLAG],
    unsafeBindings: databaseBindings(config, root),
  };
}

/**
 * Has the object open its file and apply the migrations that it lacks.
 *
 * @throws {CommandFailure} with the database's error, or naming the migration that failed
 */
export async function requireDatabase(miniflare: Miniflare): Promise<void> {
  const response = await miniflare.dispatchFetch(`http://${PROBE_HOST}/`);
  const { failed } = (await response.json()) as { readonly failed: string | null };
  if (failed === null) return;
  throw new CommandFailure(
    failed.startsWith("the migration ") ? failed : `the database can't be used: ${failed}`,
  );
}
