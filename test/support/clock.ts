import { cpSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { build, type Plugin } from "esbuild";
import { ROOT } from "./command.ts";

/** The files of its package that the embedded server reads, beside the built Worker. */
const PACKAGE = [
  "package.json",
  "wrangler.toml",
  "migrations",
  "dist/cli.js",
  "dist/command.js",
  "dist/database",
] as const;

/**
 * The built package again in another folder, its Worker with a clock that is set: the runtime has no such switch.
 * Nothing else of the build is touched.
 *
 * @param aheadMs how far the Worker's clock is ahead of this machine's; less than 0: behind it
 * @returns the command's file
 */
export async function buildWithClock(folder: string, aheadMs: number): Promise<string> {
  mkdirSync(join(folder, "dist"), { recursive: true });
  for (const name of PACKAGE) cpSync(join(ROOT, name), join(folder, name), { recursive: true });
  symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
  await build({
    entryPoints: [join(ROOT, "dist", "worker", "index.js")],
    outfile: join(folder, "dist", "worker", "index.js"),
    bundle: true,
    format: "esm",
    target: "es2024",
    logLevel: "error",
    external: ["cloudflare:*", "node:*"],
    plugins: [clock(aheadMs)],
  });
  return join(folder, "dist", "cli.js");
}

/** Comes between the Worker and `cloudflare:workers`, which it imports before its first line runs. */
function clock(aheadMs: number): Plugin {
  return {
    name: "clock",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^cloudflare:workers$/ }, ({ namespace, path }) =>
        namespace === "clock" ? { path, external: true } : { path, namespace: "clock" },
      );
      onLoad({ filter: /./, namespace: "clock" }, () => ({ contents: clockModule(aheadMs), loader: "js" }));
    },
  };
}

/** The runtime keeps alarms by the machine's own clock: what is set by the other is translated. */
function clockModule(aheadMs: number): string {
  return `
import { DurableObject as PlatformObject } from "cloudflare:workers";
export * from "cloudflare:workers";

const AHEAD_MS = ${aheadMs};
const MachineDate = Date;
globalThis.Date = class Date extends MachineDate {
  constructor(...given) {
    if (given.length === 0) super(Date.now());
    else super(...given);
  }
  static now() {
    return MachineDate.now() + AHEAD_MS;
  }
};

let isTranslated = false;
function translateAlarms(storage) {
  if (isTranslated) return;
  isTranslated = true;
  const { setAlarm, getAlarm } = storage;
  storage.setAlarm = function (at, ...more) {
    return setAlarm.call(this, Number(at) - AHEAD_MS, ...more);
  };
  storage.getAlarm = async function (...given) {
    const at = await getAlarm.apply(this, given);
    return at === null ? null : at + AHEAD_MS;
  };
}

export class DurableObject extends PlatformObject {
  constructor(ctx, env) {
    translateAlarms(Object.getPrototypeOf(ctx.storage));
    super(ctx, env);
  }
}
`;
}
