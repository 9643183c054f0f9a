import type { BodySlots, ReleaseSlot } from "../ports/body-slots.ts";

/** One key's share of all slots: its slow or many bodies leave the others to other keys. */
const SHARE = 1 / 2;

/** Each waiting body has its beginning in memory: up to a mebibyte where it declares no length. */
const MAX_WAITING = 32;

interface Waiting {
  readonly key: string;
  readonly resolve: (release: ReleaseSlot | null) => void;
}

/** Slots in this isolate's memory. Of those that wait, the key that holds the fewest is next. */
export function bodySlots(count: number): BodySlots {
  const share = Math.ceil(count * SHARE);
  const held = new Map<string, number>();
  const waiting = new Set<Waiting>();
  let free = count;

  const heldBy = (key: string) => held.get(key) ?? 0;

  function hold(key: string): ReleaseSlot {
    free -= 1;
    held.set(key, heldBy(key) + 1);
    let isHeld = true;
    return () => {
      if (!isHeld) return;
      isHeld = false;
      free += 1;
      const left = heldBy(key) - 1;
      if (left === 0) held.delete(key);
      else held.set(key, left);
      admitNext();
    };
  }

  function admitNext(): void {
    let next: Waiting | undefined;
    for (const each of waiting) {
      if (heldBy(each.key) >= share) continue;
      if (next === undefined || heldBy(each.key) < heldBy(next.key)) next = each;
    }
    if (next === undefined || free === 0) return;
    waiting.delete(next);
    next.resolve(hold(next.key));
  }

  return {
    async take(key, waitMs) {
      if (free > 0 && heldBy(key) < share) return hold(key);
      if (waiting.size >= MAX_WAITING) return null;
      return new Promise((resolve) => {
        const waiter: Waiting = {
          key,
          resolve: (release) => {
            clearTimeout(timer);
            resolve(release);
          },
        };
        const timer = setTimeout(() => {
          waiting.delete(waiter);
          resolve(null);
        }, waitMs);
        waiting.add(waiter);
      });
    },
  };
}
