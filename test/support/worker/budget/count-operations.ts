import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { COLLECT_MS } from "../../../../src/adapters/d1/read-counts.ts";
import worker from "../../../../src/index.ts";
import { DISPATCHER } from "../../../../src/ports/notifications.ts";
import { OBJECTS, shortSql, type ObjectName, type Operation } from "./operations.ts";
import { Tally } from "./tally.ts";

/*
 * Counts what a request causes, by wrapping the bindings and the objects' storage: Worker, objects and tests share an
 * isolate and its prototypes. Nothing is answered otherwise than without it.
 */

/** Longer waits are the limits of something that seldom comes, and no part of a request. */
const LONGEST_WAIT_MS = 500;

export interface Counted<T> {
  readonly reply: T;
  readonly operations: readonly Operation[];
}

/** Runs it until nothing goes on behind it either. */
export async function quietly<T>(run: () => Promise<T>): Promise<T> {
  return (await observe(run, false)).reply;
}

/** The same, with D1's answers paced. */
export function countOperations<T>(run: () => Promise<T>): Promise<Counted<T>> {
  return observe(run, true);
}

async function observe<T>(run: () => Promise<T>, isPaced: boolean): Promise<Counted<T>> {
  const storage = await anyStorage();
  const tally = new Tally(isPaced, scheduler.wait.bind(scheduler));
  const undo = [
    ...wrapDatabase(tally),
    ...Object.values(OBJECTS).flatMap((name) => wrapNamespace(tally, name)),
    ...wrapStorage(tally, storage),
    ...wrapQueue(tally),
    ...wrapWaits(tally),
  ];
  try {
    const [reply] = await Promise.all([replyOf(tally, run), tally.untilQuiet()]);
    return { reply, operations: tally.operations };
  } finally {
    for (const one of undo) one();
  }
}

async function replyOf<T>(tally: Tally, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } finally {
    tally.replied();
  }
}

// The platform's methods, as they are replaced.
// oxlint-disable-next-line typescript/no-explicit-any
type Method = (...given: any[]) => any;

type Wrapper = (original: Method, given: readonly unknown[], self: object) => unknown;

/** Replaces a method, on this object or on a prototype; returns what puts it back. */
function wrap(holder: object, name: string, wrapper: Wrapper): () => void {
  const methods = holder as Record<string, Method>;
  const original = methods[name];
  if (original === undefined) throw new Error(`the platform has no ${name}`);
  const spy = vi.spyOn(methods, name).mockImplementation(function wrapped(this: object, ...given: unknown[]) {
    return wrapper((...changed) => original.apply(this, changed), given, this);
  });
  return () => spy.mockRestore();
}

/** Statements know their database, so those that were prepared earlier are counted as well. */
function wrapDatabase(tally: Tally): (() => void)[] {
  const statement = Object.getPrototypeOf(env.DB.prepare("SELECT 1")) as object;
  const trip = (statements: readonly Statement[], send: () => Promise<unknown>) => {
    tally.note({ kind: "trip", statements: statements.map((each) => each.statement), from: origin() });
    return tally.trip(send);
  };
  return [
    ...["first", "run", "all", "raw"].map((name) =>
      wrap(statement, name, (original, given, self) => trip([self as Statement], () => original(...given))),
    ),
    wrap(env.DB, "batch", (original, given) =>
      trip(given[0] as readonly Statement[], () => original(...given)),
    ),
  ];
}

interface Statement {
  readonly statement: string;
}

function wrapNamespace(tally: Tally, name: ObjectName): (() => void)[] {
  return ["get", "getByName"].map((method) =>
    wrap(env[name], method, (original, given) => countedStub(tally, name, original(...given))),
  );
}

function countedStub(tally: Tally, object: ObjectName, stub: Record<string, Method>): unknown {
  return new Proxy(stub, {
    get(target, method) {
      // Called on the stub itself: `apply` of a stub's method would be a call of the object's `apply`.
      const isMethod = typeof method === "string" && typeof target[method] === "function";
      if (!isMethod) return Reflect.get(target, method, target);
      return async (...given: readonly unknown[]) => {
        tally.note({ kind: "call", object, method, from: origin() });
        try {
          return await target[method]?.(...given);
        } finally {
          tally.answered();
        }
      };
    },
  });
}

function wrapStorage(tally: Tally, storage: DurableObjectStorage): (() => void)[] {
  const prototype = (of: object) => Object.getPrototypeOf(of) as object;
  const numbers = new Map<object, number>();
  const record = (name: string, self: object): void => {
    const owned = owner();
    // The other classes have one object each.
    if (owned === OBJECTS.intent && !numbers.has(self)) numbers.set(self, numbers.size + 1);
    const object = `${owned}${numbers.get(self) ?? ""}`;
    tally.note({ kind: "record", name, commit: tally.commitOf(object), from: object });
  };
  const recorded = (holder: object, name: string) =>
    wrap(holder, name, (original, given, self) => {
      record(`${name} ${String(given[0] ?? "")}`, self);
      return original(...given);
    });
  const alarm = (method: string, name: "set" | "deleted") =>
    wrap(prototype(storage), method, (original, given) => {
      tally.note({ kind: "alarm", name, from: owner() });
      return original(...given);
    });
  return [
    ...["put", "delete"].map((name) => recorded(prototype(storage.kv), name)),
    ...["put", "delete", "deleteAll"].map((name) => recorded(prototype(storage), name)),
    wrap(prototype(storage.sql), "exec", (original, given, self) => {
      const cursor = original(...given) as { readonly rowsWritten: number };
      // Tables that exist are not made again, and a prune may find nothing.
      if (cursor.rowsWritten > 0) record(shortSql(String(given[0])), self);
      return cursor;
    }),
    alarm("setAlarm", "set"),
    alarm("deleteAlarm", "deleted"),
  ];
}

/** Gives the prototypes that all storages have. */
function anyStorage(): Promise<DurableObjectStorage> {
  return runInDurableObject(env.DISPATCH.getByName(DISPATCHER), (_object, { storage }) => storage);
}

function wrapQueue(tally: Tally): (() => void)[] {
  return [
    wrap(env.EVENTS, "send", (original, given) => {
      const [{ type }, options] = given as [{ type: string }, { delaySeconds?: number } | undefined];
      tally.note({ kind: "message", type, from: origin() });
      if ((options?.delaySeconds ?? 0) === 0) tally.messagesSent();
      return (original(...given) as Promise<unknown>).finally(() => tally.answered());
    }),
    wrap(worker, "queue", (original, given) => {
      tally.messagesArrived((given[0] as MessageBatch).messages.length);
      return tally.during(() => original(...given) as Promise<void>);
    }),
  ];
}

/** A poke that waits its turn is part of what the request causes. */
function wrapWaits(tally: Tally): (() => void)[] {
  return [
    wrap(scheduler, "wait", (original, given) => {
      const [milliseconds] = given;
      // What a listed read leaves to be written later is over at once, or another request would be charged for it.
      const waited = () => original(milliseconds === COLLECT_MS ? 0 : milliseconds) as Promise<void>;
      const isShort = milliseconds === COLLECT_MS || Number(milliseconds) <= LONGEST_WAIT_MS;
      return isShort ? tally.during(waited) : waited();
    }),
  ];
}

/** The file of the product that called. */
function origin(): string {
  return /\/((?:src|durable-objects)\/[\w/-]+)\.ts/.exec(stack())?.[1] ?? "platform";
}

function owner(): string {
  const folder = /\/durable-objects\/(\w+)\//.exec(stack())?.[1] as keyof typeof OBJECTS | undefined;
  return folder === undefined ? "platform" : OBJECTS[folder];
}

function stack(): string {
  return new Error("for its stack").stack ?? "";
}
