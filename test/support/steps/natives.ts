import { attemptsOf } from "./regexp-steps.ts";

/*
 * The engine's own functions while steps are counted: each adds the characters, items or bytes that it handles.
 */

let steps = 0;
/** False inside a wrapper: what the counter itself does is not counted. */
let isCounting = false;

/** More steps than any shape of the table takes: ends an exponential one. */
const MAX_STEPS = 40_000_000;

export class TooManySteps extends Error {}

function add(count: number): void {
  steps += count;
  if (steps > MAX_STEPS) throw new TooManySteps("more steps than any linear shape takes");
}

type Native = (this: unknown, ...parameters: unknown[]) => unknown;
/** How many steps a call takes. */
type Weight = (self: never, parameters: readonly never[], result: never) => number;

interface Patch {
  readonly object: object;
  readonly name: string;
  readonly weight: Weight;
}

const ofSelf: Weight = (self: { length: number }) => self.length;
const ofResult: Weight = (_self, _parameters, result: { length: number } | undefined) => result?.length ?? 1;
const ofSelfAndResult: Weight = (self: { length: number }, _parameters, result: { length: number }) =>
  self.length + result.length;
const ofFirst: Weight = (_self, [first]: readonly { length?: number; byteLength?: number }[]) =>
  first?.length ?? first?.byteLength ?? 1;
const ofRange: Weight = (self: { length: number }, [, from, to]: readonly number[]) =>
  (to ?? self.length) - (from ?? 0);
const ofParameters: Weight = (_self, parameters) => parameters.length;
const upTo: Weight = (self: { length: number }, [, from]: readonly number[], found: number) =>
  (found < 0 ? self.length : found + 1) - Math.min(from ?? 0, found < 0 ? self.length : found);
/** V8 copies a short slice; a longer one is a view of the whole. */
const ofView: Weight = (_self, _parameters, result: string | undefined) => Math.min(result?.length ?? 1, 13);
const ofTrimmed: Weight = (self: string, _parameters, result: string) => self.length - result.length + 1;
const ofList: Weight = (_self, _parameters, result: object) => Object.keys(result).length;
const BYTES = Object.getPrototypeOf(Uint8Array.prototype) as object;

function all(object: object, names: string, weight: Weight): Patch[] {
  return names.split(" ").map((name) => ({ object, name, weight }));
}

const PATCHES: readonly Patch[] = [
  ...all(String.prototype, "indexOf includes lastIndexOf", upToText()),
  ...all(String.prototype, "startsWith endsWith", ofFirst),
  ...all(String.prototype, "repeat padStart padEnd concat", ofResult),
  ...all(String.prototype, "slice substring at", ofView),
  ...all(String.prototype, "replace replaceAll split normalize", ofSelfAndResult),
  ...all(String.prototype, "toUpperCase toLowerCase isWellFormed toWellFormed localeCompare", ofSelf),
  ...all(String.prototype, "trim trimStart trimEnd", ofTrimmed),
  ...all(String, "fromCharCode fromCodePoint", ofParameters),
  ...all(Array.prototype, "indexOf lastIndexOf", upTo),
  ...all(Array.prototype, "includes", ofSelf),
  ...all(Array.prototype, "slice concat splice flat toReversed toSorted toSpliced join", ofResult),
  ...all(Array.prototype, "reverse sort fill copyWithin shift unshift", ofSelf),
  ...all(Array.prototype, "push", ofParameters),
  ...all(Array, "from", ofResult),
  ...all(BYTES, "indexOf lastIndexOf", upTo),
  ...all(BYTES, "includes", ofSelf),
  ...all(BYTES, "slice join", ofResult),
  ...all(BYTES, "set", ofFirst),
  ...all(BYTES, "fill", ofRange),
  ...all(BYTES, "reverse sort", ofSelf),
  ...all(Object, "keys values entries fromEntries assign", ofList),
  ...all(JSON, "parse", ofFirst),
  ...all(JSON, "stringify", ofResult),
  ...all(TextDecoder.prototype, "decode", ofFirst),
  ...all(TextEncoder.prototype, "encode", ofFirst),
  ...all(globalThis, "decodeURIComponent encodeURIComponent atob btoa", ofFirst),
];

function upToText(): Weight {
  return (self: string, [needle, from]: readonly never[], found: number | boolean) => {
    const end = typeof found === "number" ? found : found ? self.indexOf(needle ?? "", from) : -1;
    const start = typeof from === "number" ? from : 0;
    return Math.max(1, (end < 0 ? self.length : end + 1) - start);
  };
}

/** Their constructors copy or clear as much as they are long. */
const CONSTRUCTORS = "Uint8Array Uint16Array Int32Array Map Set URLSearchParams URL".split(" ");

function patched(native: Native, weight: Weight): Native {
  return function patchedNative(...parameters) {
    if (!isCounting) return Reflect.apply(native, this, parameters);
    // Callbacks are the product's own and count.
    const result = Reflect.apply(native, this, parameters);
    isCounting = false;
    try {
      add(weight(this as never, parameters as never[], result as never));
    } finally {
      isCounting = true;
    }
    return result;
  };
}

const PROXIES = new Map<object, object>();

function counted(constructor: object): object {
  const known = PROXIES.get(constructor);
  if (known !== undefined) return known;
  const proxy: object = new Proxy(constructor, {
    construct(target, parameters: unknown[], newTarget: object) {
      const made = newTarget === proxy ? target : newTarget;
      // On Workers all of them are native; Node writes some in JavaScript.
      const wasCounting = isCounting;
      isCounting = false;
      const result = Reflect.construct(target as new () => object, parameters, made as new () => object) as {
        length?: number;
        size?: number;
      };
      isCounting = wasCounting;
      if (isCounting) add(result.length ?? result.size ?? String(parameters[0] ?? "").length);
      return result;
    },
  });
  PROXIES.set(constructor, proxy);
  return proxy;
}

function countedExec(native: Native): Native {
  return function exec(...parameters) {
    if (!isCounting) return Reflect.apply(native, this, parameters);
    isCounting = false;
    try {
      add(attemptsOf(this as RegExp, String(parameters[0]), MAX_STEPS));
      return Reflect.apply(native, this, parameters);
    } finally {
      isCounting = true;
    }
  };
}

/** Runs with every native counted; returns the steps inside of them. */
export function watchNatives(run: () => unknown): number {
  const before: (readonly [object, string, PropertyDescriptor])[] = [];
  const replace = (object: object, name: string, value: unknown) => {
    const descriptor = Object.getOwnPropertyDescriptor(object, name);
    if (descriptor === undefined) throw new Error(`invariant: the engine has ${name}`);
    before.push([object, name, descriptor]);
    Object.defineProperty(object, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: descriptor.enumerable === true,
    });
  };
  steps = 0;
  try {
    for (const { object, name, weight } of PATCHES) {
      replace(object, name, patched((object as Record<string, Native>)[name] as Native, weight));
    }
    for (const name of CONSTRUCTORS) {
      const constructor = (globalThis as unknown as Record<string, object>)[name] as object;
      replace(globalThis, name, counted(constructor));
    }
    // `test`, `replace`, `match` and `split` all end here once it is not the engine's own.
    replace(RegExp.prototype, "exec", countedExec(RegExp.prototype.exec as Native));
    isCounting = true;
    run();
  } finally {
    isCounting = false;
    for (const [object, name, descriptor] of before.toReversed()) {
      Object.defineProperty(object, name, descriptor);
    }
  }
  return steps;
}
