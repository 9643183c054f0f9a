/** A command's standard output and error. Both add a missing final line feed. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
}

/** A command's exit code: 0 done, 1 refused or failed, 2 wrong usage. */
export type ExitCode = number;

export const EXIT_FAILED = 1;
export const EXIT_USAGE = 2;

export function processIo(): CommandIo {
  return {
    out: (text) => void process.stdout.write(endLine(text)),
    err: (text) => void process.stderr.write(endLine(text)),
  };
}

function endLine(text: string): string {
  return text.endsWith("\n") ? text : `${text}\n`;
}

/** An expected failure of a command, as one line for a person, shown without a stack. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
}

export function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

export function errorText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
