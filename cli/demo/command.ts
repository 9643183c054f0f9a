import type { CommandIo, ExitCode } from "../io.ts";
export async function runDemo(_args: readonly string[], io: CommandIo): Promise<ExitCode> {
  io.out("todo");
  return 0;
}
