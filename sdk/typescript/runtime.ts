import type * as fs from "node:fs/promises";
import type * as os from "node:os";
import type * as path from "node:path";
import { GateError } from "./gate-error.ts";

/*
 * Access to Node's modules where they exist. Imports are dynamic, so that the SDK loads in browsers and Workers too,
 * and hidden from bundlers, which would fail to resolve them.
 */

interface ProcessLike {
  readonly versions?: { readonly node?: string };
}

function processLike(): ProcessLike | undefined {
  return (globalThis as { readonly process?: ProcessLike }).process;
}

export interface NodeParts {
  readonly fs: typeof fs;
  readonly os: typeof os;
  readonly path: typeof path;
}

/** Node's file, OS and path modules; null in browsers and Workers. */
export async function nodeParts(): Promise<NodeParts | null> {
  // Workers with Node compatibility report a Node version, but have an empty file system of their own.
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

/** As `engines` of the package says. Browsers and Workers have no Node version. */
export const OLDEST_NODE = 20;

/** @throws {GateError} `unsupported_runtime`: an older Node lacks what some calls need, and would fail in the middle */
export function requireSupportedRuntime(): void {
  const version = processLike()?.versions?.node;
  if (version === undefined || Number(version.split(".")[0]) >= OLDEST_NODE) return;
  const message = `Gate's client needs Node ${OLDEST_NODE} or later, and this is v${version}`;
  throw new GateError(message, { code: "unsupported_runtime" });
}
