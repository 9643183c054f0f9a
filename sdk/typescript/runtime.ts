import type * as fs from "node:fs/promises";
import type * as os from "node:os";
import type * as path from "node:path";

/*
 * What only some runtimes have. Nothing here is imported when the module loads, so the SDK loads in browsers and
 * Workers as well; bundlers are kept from resolving what is asked for only on Node.
 */

interface ProcessLike {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly versions?: { readonly node?: string };
}

function processLike(): ProcessLike | undefined {
  return (globalThis as { readonly process?: ProcessLike }).process;
}

/** A variable of the environment; undefined where there is none, or where it is empty. */
export function environment(name: string): string | undefined {
  const value = processLike()?.env?.[name];
  return value === "" ? undefined : value;
}

export interface NodeParts {
  readonly fs: typeof fs;
  readonly os: typeof os;
  readonly path: typeof path;
}

/** Node's files and paths, or null where there are none (browsers, Workers). */
export async function nodeParts(): Promise<NodeParts | null> {
  // Workers with Node compatibility pretend to be Node, with a file system of their own that holds nothing.
  const isWorker = (globalThis as { readonly navigator?: { readonly userAgent?: string } }).navigator
    ?.userAgent;
  if (processLike()?.versions?.node === undefined || isWorker === "Cloudflare-Workers") return null;
  try {
    const [files, system, paths] = await Promise.all([
      import(/* @vite-ignore */ /* webpackIgnore: true */ "node:fs/promises"),
      import(/* @vite-ignore */ /* webpackIgnore: true */ "node:os"),
      import(/* @vite-ignore */ /* webpackIgnore: true */ "node:path"),
    ]);
    return { fs: files, os: system, path: paths };
  } catch {
    return null;
  }
}
