import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join, relative, resolve } from "node:path";
import { packageRoot } from "./package-root.ts";

/**
 * How a person runs this command in the folder, for hints to paste: npx where it finds this package, and never where it
 * would download another one of that name.
 */
export function ownCommand(folder: string = process.cwd()): string {
  const root = packageRoot();
  const script = join(root, "dist", "cli.js");
  for (let at = resolve(folder); ; at = dirname(at)) {
    if (at === root || isLinkTo(script, join(at, "node_modules", ".bin", "zehrava-gate"))) {
      return "npx zehrava-gate";
    }
    if (at === dirname(at)) break;
  }
  const onPath = (process.env["PATH"] ?? "").split(delimiter);
  if (onPath.some((path) => path !== "" && isLinkTo(script, join(path, "zehrava-gate")))) {
    return "zehrava-gate";
  }
  return `node ${quoted(script)}`;
}

function isLinkTo(script: string, path: string): boolean {
  try {
    return existsSync(path) && realpathSync(path) === realpathSync(script);
  } catch {
    return false;
  }
}

/** A path for a POSIX shell, relative to this folder where that is shorter. */
export function shellPath(path: string): string {
  const short = relative(process.cwd(), path);
  return quoted(short !== "" && !short.startsWith("..") ? short : path);
}

function quoted(path: string): string {
  return /^[\w./@+-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
}
