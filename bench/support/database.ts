import { DATABASE_FLAG, databaseBinding } from "../../cli/serve/database.ts";

/** What the floor's `DB` is: as Gate's on one machine, or Miniflare's simulator of D1. */
export type FloorDatabase = "as Gate's" | "simulator";

/** The options of Miniflare that make it. */
export function floorDatabase(kind: FloorDatabase) {
  return kind === "simulator"
    ? { d1Databases: { DB: "floor" } }
    : {
        compatibilityFlags: [DATABASE_FLAG],
        unsafeBindings: [databaseBinding("DB", { name: "floor", migrations: [] })],
      };
}
