/** Where a command writes. Both end the line themselves when the text does not. */
export interface CommandIo {
  out(text: string): void;
  err(text: string): void;
}

/** What a command ends with: 0 done, 1 refused or failed, 2 used wrongly. */
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

/** Why a command stops, in one line for a person. Not a bug, so it carries no stack. */
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
