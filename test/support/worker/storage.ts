import {
  abortAllDurableObjects,
  applyD1Migrations,
  listDurableObjectIds,
  reset,
  runInDurableObject,
} from "cloudflare:test";
import { env } from "cloudflare:workers";
import { portsOf } from "../../../src/env.ts";
import { seenHeads } from "./log-reader.ts";

let isFirst = true;

/** Gives a test file an empty D1 and no objects, whatever the files before it stored. */
export async function emptyStorage(): Promise<void> {
  if (isFirst) await migrate();
  else await startAgain();
  isFirst = false;
}

/** Restores the policy texts: the Worker caches that it wrote them, and would not write them again. */
async function startAgain(): Promise<void> {
  const { results: texts } = await env.DB.prepare(
    "SELECT hash, id, text, first_used_at FROM policy_texts",
  ).all();
  await reset();
  // The log, say, may be sealing just now: it must neither go on with what it remembers nor publish it.
  await abortAllDurableObjects();
  await reset();
  await migrate();
  await emptyLog();
  // Files share their modules: heads of an earlier file's log are none of this one's.
  seenHeads.clear();
  await env.DB.prepare(
    `INSERT INTO policy_texts (hash, id, text, first_used_at)
     SELECT value ->> 'hash', value ->> 'id', value ->> 'text', value ->> 'first_used_at' FROM json_each(?1)`,
  )
    .bind(JSON.stringify(texts))
    .run();
  await portsOf({ ...env }).signer.publicKeys();
}

/**
 * Under load `reset` leaves a log that was sealing as it is, for good: every row of the files that follow would
 * contradict its leaves. So the log is emptied from within.
 */
async function emptyLog(): Promise<void> {
  for (const id of await listDurableObjectIds(env.LOGS)) {
    await runInDurableObject(env.LOGS.get(id), (_log, { storage }) => storage.deleteAll());
  }
  // The next one makes its tables anew.
  await abortAllDurableObjects();
}

function migrate(): Promise<void> {
  const { TEST_MIGRATIONS } = env as unknown as { TEST_MIGRATIONS: Parameters<typeof applyD1Migrations>[1] };
  return applyD1Migrations(env.DB, TEST_MIGRATIONS);
}
