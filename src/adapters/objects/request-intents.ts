import { isYounger } from "../../core/base/age.ts";
import type { IntentState } from "../../core/intent/state.ts";
import type { Intent, IntentRecord, Intents } from "../../ports/intents.ts";
import { READ_LEASE_MS } from "../d1/read-lease.ts";

interface Known {
  readonly at: number;
  readonly state: IntentState;
  readonly record: IntentRecord | null;
}

/**
 * The intents of one request: what an object told of itself within the lease is not asked again. Every command is judged
 * by the object itself.
 */
export function requestIntents(intents: Intents): Intents {
  const found = new Map<string, Intent>();
  const once = (intent: Intent): Intent => {
    const known = found.get(intent.id);
    if (known !== undefined) return known;
    const made = remembering(intent);
    found.set(intent.id, made);
    return made;
  };
  return {
    create: () => once(intents.create()),
    forKey: (agent, key) => once(intents.forKey(agent, key)),
    find(id) {
      const intent = intents.find(id);
      return intent === null ? null : once(intent);
    },
  };
}

function remembering(intent: Intent): Intent {
  let last: Known | null = null;

  function known(): Known | null {
    return last !== null && isYounger(last.at, Date.now(), READ_LEASE_MS) ? last : null;
  }

  function note(at: number, state: IntentState | null, record: IntentRecord | null = null): void {
    last = state === null ? null : { at, state, record };
  }

  /** What may change the intent: nothing that was read before it, or while it went on, is known after it. */
  function changing<A extends readonly unknown[], R>(call: (...of: A) => Promise<R>) {
    return async (...of: A): Promise<R> => {
      try {
        return await call(...of);
      } finally {
        last = null;
      }
    };
  }

  return {
    ...intent,
    async getState() {
      const before = known();
      if (before !== null) return before.state;
      const at = Date.now();
      const state = await intent.getState();
      note(at, state);
      return state;
    },
    async getRecord() {
      const before = known()?.record ?? null;
      if (before !== null) return before;
      const at = Date.now();
      const record = await intent.getRecord();
      note(at, record?.state ?? null, record);
      return record;
    },
    async handle(command) {
      last = null;
      const at = Date.now();
      const handled = await intent.handle(command);
      if (handled.ok) note(at, handled.value.state, handled.value.record);
      return handled;
    },
    propose: changing(intent.propose),
    beginSend: changing(intent.beginSend),
    finishSend: changing(intent.finishSend),
    recheck: changing(intent.recheck),
    repeated: changing(intent.repeated),
    waitWhile: changing(intent.waitWhile),
    onDeadline: changing(intent.onDeadline),
  };
}
