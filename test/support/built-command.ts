import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { ROOT } from "./command.ts";

/** Global set-up of the projects that start the built command: builds it if a source has changed. */
export function setup(): void {
  execFileSync(process.execPath, [join(ROOT, "scripts", "build.ts"), "--if-stale"], { cwd: ROOT });
}
