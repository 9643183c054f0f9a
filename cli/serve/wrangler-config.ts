import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "smol-toml";
import { z } from "zod";

/**
 * The part of wrangler.toml that the embedded server needs: one file gives the deployed and the local Worker the same
 * bindings. Strict, so that a binding unknown here is an error at the start, not missing at run time.
 */
const WranglerConfig = z.strictObject({
  name: z.string(),
  compatibility_date: z.string(),
  compatibility_flags: z.array(z.string()).default([]),
  durable_objects: z
    .strictObject({
      bindings: z.array(z.strictObject({ name: z.string(), class_name: z.string() })).default([]),
    })
    .default({ bindings: [] }),
  exports: z
    .record(z.string(), z.strictObject({ type: z.literal("durable-object"), storage: z.literal("sqlite") }))
    .default({}),
  d1_databases: z
    .array(z.looseObject({ binding: z.string(), database_name: z.string(), migrations_dir: z.string() }))
    .default([]),
  queues: z
    .strictObject({
      producers: z.array(z.strictObject({ binding: z.string(), queue: z.string() })).default([]),
      consumers: z
        .array(
          z.strictObject({
            queue: z.string(),
            max_batch_size: z.number().optional(),
            max_batch_timeout: z.number().optional(),
            max_retries: z.number().optional(),
            retry_delay: z.number().optional(),
            dead_letter_queue: z.string().optional(),
          }),
        )
        .default([]),
    })
    .default({ producers: [], consumers: [] }),
  ratelimits: z
    .array(
      z.strictObject({
        name: z.string(),
        namespace_id: z.string(),
        simple: z.strictObject({ limit: z.number(), period: z.union([z.literal(10), z.literal(60)]) }),
      }),
    )
    .default([]),
  vars: z.record(z.string(), z.string()).default({}),
  // Unused by a server that has the built Worker.
  main: z.unknown().optional(),
  build: z.unknown().optional(),
  secrets: z.unknown().optional(),
  observability: z.unknown().optional(),
  // The local runtime fires no cron, which is only a backup of other triggers.
  triggers: z.unknown().optional(),
});

export type WranglerConfig = z.infer<typeof WranglerConfig>;

/** @throws for a setting in the shipped file that this server does not know: a bug */
export function readWranglerConfig(root: string): WranglerConfig {
  return WranglerConfig.parse(parse(readFileSync(join(root, "wrangler.toml"), "utf8")));
}
