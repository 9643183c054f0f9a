import { errorText } from "../io.ts";
import {
  checkpointSize,
  type LogCopy,
  logCopyFile,
  readLogCopy,
  secretIdOf,
  writeLogCopy,
} from "./log-copy.ts";

/** How often the copy follows the log: what a backup hides for longer is recognised. */
const INTERVAL_MS = 10_000;

const REQUEST_TIMEOUT_MS = 5_000;

export interface LogCopyKeeper {
  /** Takes the copy now; never throws. */
  save(): Promise<void>;
  stop(): void;
}

interface KeeperOptions {
  readonly url: URL;
  readonly adminKey: string;
  readonly gateSecret: string;
  readonly dataDir: string;
  readonly say: (line: string) => void;
}

/** Keeps a copy of the log's newest checkpoint beside the data folder, while the server runs and as it stops. */
export function keepLogCopy({ url, adminKey, gateSecret, dataDir, say }: KeeperOptions): LogCopyKeeper {
  const path = logCopyFile(dataDir);
  const secretId = secretIdOf(gateSecret);
  let saved = { rows: -1, size: -1 };
  let isReported = false;
  let running: Promise<void> | null = null;

  async function text(request: string): Promise<string> {
    const response = await fetch(new URL(request, url), {
      headers: { authorization: `Bearer ${adminKey}` },
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    });
    if (response.status !== 200) throw new Error(`${request} answered ${response.status}`);
    return response.text();
  }

  /** @param sealing false: of what is sealed by now, so that the copy costs a busy log nothing */
  async function take(sealing: boolean): Promise<void> {
    const { rows } = JSON.parse(await text(sealing ? "/log/health" : "/log/health?seal=false")) as {
      readonly rows: number | null;
    };
    if (rows === null || (rows === saved.rows && rows === saved.size)) return;
    // Wakes a sealer that slept through an entry which nobody poked it for.
    const note = await text("/log/checkpoint");
    const size = Number(note.split("\n")[1]);
    if (rows === saved.rows && size === saved.size) return;
    const line = await text(`/log/entries?from=${size - 1}&limit=1`);
    const { entry } = JSON.parse(line) as { readonly entry: { readonly hash: string } };
    writeLogCopy(path, {
      rows,
      size,
      lastHash: entry.hash,
      note: newestNote(readLogCopy(path), secretId, note),
      secretId,
      restoring: null,
    });
    saved = { rows, size };
  }

  async function save(sealing: boolean): Promise<void> {
    try {
      await take(sealing);
    } catch (error) {
      // A read-only parent folder, or a log that has stopped: the server goes on, and a start checks the last copy.
      if (!isReported) say(`no copy of the log's checkpoint is kept at ${path}: ${errorText(error)}`);
      isReported = true;
    }
  }

  const timer = setInterval(() => {
    running ??= save(false).finally(() => (running = null));
  }, INTERVAL_MS);
  timer.unref();
  return {
    async save() {
      await running;
      await save(true);
    },
    stop: () => clearInterval(timer),
  };
}

/** After a restore the log is shorter than before: the longer checkpoint stays, which the next restore must know too. */
function newestNote(before: LogCopy | null, secretId: string, note: string): string {
  const isOwn = before !== null && before.secretId === secretId;
  return isOwn && checkpointSize(before.note) > checkpointSize(note) ? before.note : note;
}
