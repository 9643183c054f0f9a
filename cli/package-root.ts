import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** This package's folder, found from the bundled command (`dist/cli.js`) as well as from the sources. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "wrangler.toml"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error("the package is incomplete: wrangler.toml is missing");
    folder = parent;
  }
  return folder;
}

export function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(packageRoot(), "package.json"), "utf8"));
  const version = (manifest as { readonly version?: unknown }).version;
  return typeof version === "string" ? version : "unknown";
}
