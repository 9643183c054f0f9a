import { expect, vi } from "vitest";
import { freeze } from "../gate.ts";
import { countOperations, quietly } from "./count-operations.ts";
import type { Operation } from "./operations.ts";
import { SCENES, type Cast, type Scene } from "./scenes.ts";

/** So far ahead that no alarm of the objects fires while the tests last: sealing the log is no part of a request. */
const AHEAD_MS = 60 * 60_000;

/** Longer than anything that the Worker remembers for a while. */
const FORGOTTEN_MS = 2 * 60_000;

/** Longer than the pause between two pokes, and shorter than anything that is remembered. */
const PAUSE_MS = 300;

let now = Date.now() + AHEAD_MS;

/** The clock stands still but for this. */
export function passTime(milliseconds: number): void {
  freeze();
  now += milliseconds;
  vi.setSystemTime(now);
}

/** In a Worker that has just answered the same, or in one whose caches have all ended. */
export async function operationsOf(name: string, cast: Cast): Promise<readonly Operation[]> {
  const scene = SCENES[name.replace(/, cold$/, "")];
  if (scene === undefined) throw new Error(`no scene for ${name}`);
  passTime(FORGOTTEN_MS);
  if (name.endsWith(", cold")) return play(scene, cast, FORGOTTEN_MS);
  await play(scene, cast, PAUSE_MS);
  passTime(PAUSE_MS);
  return play(scene, cast, PAUSE_MS);
}

async function play(scene: Scene, cast: Cast, pauseMs: number): Promise<readonly Operation[]> {
  const request = await quietly(() => scene.prepare(cast));
  passTime(pauseMs);
  const { reply, operations } = await countOperations(request);
  expect(reply.status, reply.text).toBe(scene.status);
  expect(reply.text).toContain(scene.says ?? "");
  return operations;
}
