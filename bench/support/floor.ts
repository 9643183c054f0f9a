import { join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { floorDatabase, type FloorDatabase } from "./database.ts";
import type { Place } from "./place.ts";
import { newestRuntime } from "./process.ts";

const BENCH = join(import.meta.dirname, "..");

/** The cheapest durable write (`floor-worker.js`), on the same runtime. */
export async function startFloor(dataDir: string, database: FloorDatabase = "as Gate's"): Promise<Place> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      host: "127.0.0.1",
      port: 0,
      resourcePersistencePath: dataDir,
      cf: false,
      telemetry: { enabled: false },
      workers: [
        {
          name: "floor",
          modules: true,
          modulesRoot: BENCH,
          scriptPath: join(BENCH, "floor-worker.js"),
          compatibilityDate: "2026-10-23",
          unsafeDirectSockets: [{ host: "127.0.0.1", port: 0 }],
          ...floorDatabase(database),
          durableObjects: { FLOOR: { className: "FloorObject", useSQLite: true } },
        },
      ],
    }),
  );
  await miniflare.ready;
  const pid = newestRuntime();
  const url = await miniflare.unsafeGetDirectURL();
  await fetch(new URL("/setup", url));
  return { url, pid, stop: () => miniflare.dispose() };
}
