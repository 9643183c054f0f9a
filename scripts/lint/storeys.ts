import { roomOf, WINGS } from "./walls.ts";

/** A dependency between two rooms, with its number of imports. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly imports: number;
}

/** The dependencies between rooms, counted from files' imports. */
export function arrowsOf(imports: ReadonlyMap<string, readonly string[]>): readonly Arrow[] {
  const counts = new Map<string, number>();
  for (const [file, targets] of imports) {
    const from = roomOf(file);
    for (const target of targets) {
      const to = roomOf(target);
      if (from === null || to === null || from === to) continue;
      counts.set(`${from} ${to}`, (counts.get(`${from} ${to}`) ?? 0) + 1);
    }
  }
  return [...counts].map(([arrow, count]) => {
    const [from = "", to = ""] = arrow.split(" ");
    return { from, to, imports: count };
  });
}

/** The rooms in layers, each above every room that it imports. `docs/architecture.md` shows the result. */
export function drawStoreys(arrows: readonly Arrow[]): string {
  const rooms = WINGS.flatMap((wing) => wing.rooms);
  const heights = new Map<string, number>();
  const heightOf = (room: string): number => {
    const known = heights.get(room);
    if (known !== undefined) return known;
    const below = arrows.filter(({ from }) => from === room).map(({ to }) => heightOf(to));
    const height = below.length === 0 ? 0 : Math.max(...below) + 1;
    heights.set(room, height);
    return height;
  };
  const top = Math.max(...rooms.map(heightOf));
  const storeys = Array.from({ length: top + 1 }, (_, at) => top - at);
  return storeys
    .map(
      (height) =>
        `${String(height).padStart(2)}  ${rooms.filter((room) => heightOf(room) === height).join("  ")}`,
    )
    .join("\n");
}
