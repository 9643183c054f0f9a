/*
 * What a request asks of the platform, in the order in which it did, and what that adds up to. docs/performance.md says
 * what each column means.
 */

/** The bindings of objects, by the folder of their class. */
export const OBJECTS = { intent: "INTENTS", agent: "AGENTS", dispatch: "DISPATCH", log: "LOGS" } as const;

export type ObjectName = (typeof OBJECTS)[keyof typeof OBJECTS];

interface Common {
  /** Round trips to D1 that had to end before this began: the time of a clock on which each takes one. */
  readonly at: number;
  /** The file that asked for it, or the object's. */
  readonly from: string;
}

export type Operation =
  | (Common & { readonly kind: "trip"; readonly statements: readonly string[] })
  | (Common & { readonly kind: "call"; readonly object: ObjectName; readonly method: string })
  | (Common & { readonly kind: "record"; readonly name: string; readonly commit: string })
  | (Common & { readonly kind: "alarm"; readonly name: "set" | "deleted" })
  | (Common & { readonly kind: "message"; readonly type: string })
  | (Common & { readonly kind: "reply" });

export interface Cost {
  /** Trips that only read: before the object is called · then before the reply · behind it. */
  readonly reads: string;
  /** Trips that the caller waits for one after the other: before the object is called + then. */
  readonly sequence: string;
  readonly writes: string;
  readonly statements: string;
  readonly calls: string;
  readonly commits: string;
  readonly records: string;
  readonly alarms: string;
  readonly messages: string;
}

export function costOf(operations: readonly Operation[]): Cost {
  const trips = operations.filter(({ kind }) => kind === "trip") as readonly Trip[];
  const reply = operations.find(({ kind }) => kind === "reply")?.at ?? 0;
  const object = operations.findIndex((each) => each.kind === "call" && each.object === "INTENTS");
  const called = object === -1 ? reply : (operations[object]?.at ?? 0);
  const beforeObject = new Set(object === -1 ? operations : operations.slice(0, object));
  const reads = trips.filter((each) => !isWrite(each));
  // A trip that began when the reply left, or later, is not on the caller's way. Notifying never is.
  const awaited = reads.filter(({ at, from }) => at < reply && !NOTIFYING.test(from));
  const before = awaited.filter((each) => beforeObject.has(each)).length;
  const records = operations.filter((each) => each.kind === "record");
  return {
    reads: [before, awaited.length - before, reads.length - awaited.length].join(" · "),
    sequence: `${called} + ${reply - called}`,
    writes: String(trips.length - reads.length),
    statements: String(trips.reduce((sum, { statements }) => sum + statements.length, 0)),
    calls: callsOf(operations),
    commits: String(new Set(records.map(({ commit }) => commit)).size),
    records: String(records.length),
    alarms: String(operations.filter(({ kind }) => kind === "alarm").length),
    messages: String(operations.filter(({ kind }) => kind === "message").length),
  };
}

/** The files whose trips are the notification worker's and the dispatcher's. */
const NOTIFYING = /\/(dispatch-object|deliveries|webhooks)$/;

type Trip = Extract<Operation, { readonly kind: "trip" }>;

function isWrite({ statements }: Trip): boolean {
  return statements.some((sql) =>
    /^\s*(INSERT|UPDATE|DELETE|REPLACE)\b|\)\s*(INSERT|UPDATE|DELETE)\b/.test(sql),
  );
}

/** Such as `I 1, D 2`; the letters are the classes' first. */
function callsOf(operations: readonly Operation[]): string {
  const calls = operations.filter((each) => each.kind === "call");
  const counted = Object.values(OBJECTS).flatMap((object) => {
    const count = calls.filter((each) => each.object === object).length;
    return count === 0 ? [] : [`${object.slice(0, 1)} ${count}`];
  });
  return counted.join(", ") || "0";
}

const SHOWN_SQL = 60;

export function shortSql(sql: string): string {
  return sql.replaceAll(/\s+/g, " ").trim().slice(0, SHOWN_SQL);
}

/** One line each, for people. */
export function listed(operations: readonly Operation[]): string {
  return operations
    .map(
      (each) => `  ${String(each.at).padStart(2)}  ${each.kind.padEnd(8)}${described(each)}  (${each.from})`,
    )
    .join("\n");
}

function described(operation: Operation): string {
  switch (operation.kind) {
    case "trip":
      return operation.statements.map(shortSql).join(" ; ");
    case "call":
      return `${operation.object}.${operation.method}`;
    case "record":
      return `${operation.name}, commit ${operation.commit}`;
    case "alarm":
      return operation.name;
    case "message":
      return operation.type;
    case "reply":
      return "";
  }
}
