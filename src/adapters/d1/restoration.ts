import { isYounger } from "../../core/base/age.ts";
import type { Restoration } from "../../ports/restoration.ts";
import { recordedRestore } from "./log-rows.ts";
import type { RegistryChain } from "./registry-chain.ts";

const EVENT = "restored";

/**
 * How long an isolate remembers that the restore is on the ledger: where D1 is put back after that was recorded, the
 * entry and the kill switch are gone with the rest.
 */
const KNOWN_MS = 10_000;

/** A restore is an entry of the registry's chain, so that it needs no table that an older build lacks. */
export function d1Restoration(db: D1Database, chain: RegistryChain, at: number | null): Restoration {
  let knownAt = Number.NEGATIVE_INFINITY;
  const isRecorded = async () => {
    const now = Date.now();
    if (at === null || isYounger(knownAt, now, KNOWN_MS)) return true;
    if ((await recordedRestore(db, at)) === "missing") return false;
    knownAt = now;
    return true;
  };
  return {
    at,
    isRecorded,
    async record(checkpoint, actor) {
      if (at === null || (await isRecorded())) return;
      const head = { checkpoint_size: checkpoint?.size ?? null, checkpoint_root: checkpoint?.root ?? null };
      await chain.commit(EVENT, actor, { restored_at: at, ...head }, []);
    },
    async newestProposal() {
      return (await db.prepare("SELECT MAX(created_at) AS at FROM intents").first<number>("at")) ?? null;
    },
  };
}
