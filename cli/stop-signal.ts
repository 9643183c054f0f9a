export const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** A clean stop takes less than a second; what hangs for longer is given up. */
const MAX_STOP_MS = 15_000;

/**
 * Where a signal goes, in this process: the entry, the command and `npm start` are bundled apart. A listener is never
 * replaced, because Node drops a signal that arrived while modules loaded together with the listener that it was for.
 */
const RECEIVER = Symbol.for("zehrava-gate.stop-signal");

const receivers = globalThis as { [RECEIVER]?: () => void };

function receive(): void {
  receivers[RECEIVER]?.();
}

function receiveBy(receiver: () => void): void {
  receivers[RECEIVER] = receiver;
  for (const signal of STOP_SIGNALS) {
    if (process.listenerCount(signal) === 0) process.on(signal, receive);
  }
}

/**
 * Where there is nothing to close a signal ends the process at once: before a server starts, and while a command watches.
 *
 * @param say takes a line for the person who stopped it
 */
export function exitOnStopSignal(say: (line: string) => void): void {
  receiveBy(() => {
    say("Stopped.");
    process.exit(0);
  });
}

export interface StopSignal {
  /** Resolves at the first signal. */
  readonly requested: Promise<null>;
  isRequested(): boolean;
}

/**
 * The first signal asks for a clean stop, in place of `exitOnStopSignal`. Repeats are taken as the same wish: npm, npx
 * and a restarted command each pass on the signal that a terminal has sent to all of them.
 */
export function onStopSignal(): StopSignal {
  let isRequested = false;
  const requested = new Promise<null>((resolve) => {
    const request = (): void => {
      if (isRequested) return;
      isRequested = true;
      setTimeout(giveUp, MAX_STOP_MS).unref();
      resolve(null);
    };
    receiveBy(request);
    if (process.env["npm_command"] === "exec") onParentsEnd(request);
  });
  return { requested, isRequested: () => isRequested };
}

const PARENT_POLL_MS = 250;

/** npx passes a signal to its shell alone, which ends without the command: then the command ends, too. */
function onParentsEnd(request: () => void): void {
  const { ppid } = process;
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    request();
  }, PARENT_POLL_MS);
  timer.unref();
}

function giveUp(): void {
  process.stderr.write(`zehrava-gate: did not stop within ${MAX_STOP_MS / 1_000} s\n`);
  process.exit(1);
}
