import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Packed {
  /** The tarball. */
  readonly file: string;
  readonly unpackedBytes: number;
  readonly paths: readonly string[];
}

/** Runs npm to its end. @returns its output @throws with npm's own words */
export function npm(folder: string, ...args: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("npm", args, { cwd: folder, encoding: "utf8" });
  if (status !== 0) throw new Error(`npm ${args.join(" ")} failed in ${folder}:\n${stdout}${stderr}`);
  return stdout;
}

/** Packs a package of the checkout as `npm publish` would. */
export function pack(folder: string, into: string): Packed {
  const output = npm(join(ROOT, folder), "pack", "--json", "--loglevel=error", `--pack-destination=${into}`);
  // Before npm 11 a list, since then an object by name; scripts may print before it.
  const json: unknown = JSON.parse(output.slice(output.search(/^[[{]/m)));
  const [found] = Object.values(json as Readonly<Record<string, unknown>>) as readonly {
    readonly filename: string;
    readonly unpackedSize: number;
    readonly files: readonly { readonly path: string }[];
  }[];
  if (found === undefined) throw new Error(`npm pack said nothing of ${folder}`);
  return {
    file: join(into, found.filename),
    unpackedBytes: found.unpackedSize,
    paths: found.files.map(({ path }) => path),
  };
}

/** The repository's file, as text for messages and reads. */
export function inRoot(...parts: readonly string[]): string {
  return join(ROOT, ...parts);
}
