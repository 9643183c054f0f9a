import { nearest } from "../base/nearest.ts";
import { listAllows } from "../registry/name-patterns.ts";

/**
 * Could a switch for this destination stop what a known name or pattern stands for? `*` names no destination, so it makes
 * none known.
 */
export function coversKnown(target: string, known: string): boolean {
  return known !== "*" && (listAllows([target], known) || listAllows([known], target));
}

/** The target that the operator may have meant by one that stops nothing known: its system, or a similar name. */
export function targetMeant(target: string, known: readonly string[]): string | null {
  const system = target.endsWith(".*") ? target.slice(0, -2) : `${target}.*`;
  if (known.some((name) => coversKnown(system, name))) return system;
  const names = [...new Set(known.filter((name) => name !== "*").flatMap((name) => [name, systemOf(name)]))];
  const folded = target.toLowerCase();
  return names.find((name) => name.toLowerCase() === folded) ?? nearest(target, names);
}

function systemOf(name: string): string {
  return `${name.split(".", 1)[0]}.*`;
}
