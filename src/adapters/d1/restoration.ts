import type { Restoration } from "../../ports/restoration.ts";
import { recordedRestore } from "./log-rows.ts";
import type { RegistryChain } from "./registry-chain.ts";

const EVENT = "restored";

/** A restore is an entry of the registry's chain, so that it needs no table that an older build lacks. */
export function d1Restoration(db: D1Database, chain: RegistryChain, at: number | null): Restoration {
  let isKnown = at === null;
  const isRecorded = async () => {
    if (at === null || isKnown) return true;
    isKnown = (await recordedRestore(db, at)) !== "missing";
    return isKnown;
  };
  return {
    at,
    isRecorded,
    async record(checkpoint, actor) {
      if (at === null || (await isRecorded())) return;
      const head = { checkpoint_size: checkpoint?.size ?? null, checkpoint_root: checkpoint?.root ?? null };
      await chain.commit(EVENT, actor, { restored_at: at, ...head }, []);
      isKnown = true;
    },
  };
}
