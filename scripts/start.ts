/**
 * `node scripts/start.ts [arguments of the command]` builds what is stale, and runs the command in this process. npm
 * scripts `exec` it: a signal would end a shell in between, and leave the command without a parent.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { exitOnStopSignal } from "../cli/stop-signal.ts";

exitOnStopSignal((line) => void process.stdout.write(`${line}\n`));
const script = fileURLToPath(new URL("build.ts", import.meta.url));
const [code] = (await once(
  spawn(process.execPath, [script, "--if-stale"], { stdio: "inherit" }),
  "exit",
)) as [number | null];
if (code !== 0) process.exit(code ?? 1);
await import(new URL("../dist/cli.js", import.meta.url).href);
