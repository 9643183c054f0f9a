import { join } from "node:path";
import { build } from "esbuild";
import { DATABASE_FLAG } from "../../../cli/serve/database.ts";
import { ROOT } from "../command.ts";
import { MIRROR_TYPE, MIRROR_WORKER } from "./mirror-plugin.ts";

const IS_MIRRORED = process.env["GATE_TEST_DATABASE"] === "mirror";

/** Every statement runs twice, one after the other. */
const SLOWER = 4;

export function mirrorTimeouts(ms: number): object {
  return IS_MIRRORED ? { testTimeout: ms * SLOWER, hookTimeout: ms * SLOWER } : {};
}

/**
 * `GATE_TEST_DATABASE=mirror`: the Worker's tests run every statement on the object of one machine and on the simulator
 * of D1, and fail where these answer differently.
 */
export async function mirrorOptions(): Promise<object> {
  if (!IS_MIRRORED) return {};
  const folder = join(ROOT, "test", "support", "database");
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, "test", "support", "worker", "mirror-object.ts")],
    bundle: true,
    format: "esm",
    external: ["cloudflare:*"],
    write: false,
  });
  return {
    compatibilityFlags: ["global_fetch_strictly_public", DATABASE_FLAG],
    unsafeBindings: [
      {
        name: "DB",
        type: MIRROR_TYPE,
        plugin: { package: join(folder, "mirror-plugin.ts"), name: MIRROR_TYPE },
        options: {},
      },
    ],
    workers: [
      {
        name: MIRROR_WORKER,
        modules: true,
        script: outputFiles[0]?.text ?? "",
        compatibilityDate: "2026-10-23",
        compatibilityFlags: [DATABASE_FLAG],
        bindings: { MIGRATIONS: [] },
        d1Databases: { SIMULATOR: "simulated" },
        durableObjects: { MIRROR: { className: "MirrorObject", useSQLite: true } },
      },
    ],
  };
}
