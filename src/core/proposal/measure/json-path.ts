import { isJsonObject, type Json } from "../../base/json.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { JsonPath, Operand, Operator, Query, Segment, Selector, Test } from "./json-path-syntax.ts";

/** Steps that any path may take, whatever the payload's size. */
const FREE_STEPS = 100_000;
/**
 * Steps for each node of the payload beyond those. Paths that select one place take a few; `$..*..*` and
 * `$[?count($..*) > 1]` take quadratic time, which over 10 MiB would be hours.
 */
const STEPS_PER_NODE = 64;
const MAX_STEPS = 20_000_000;

interface Walk {
  readonly root: Json;
  steps: number;
  limit: number;
}

/** The path exceeded its limit; `evaluateJsonPath` catches it. */
class TooCostly extends Error {}

/** `undefined` stands for a value that a record lacks, and stays to the end of the path. */
type Node = Json | undefined;

/**
 * The values at a path. A name or index that a node lacks gives `undefined` in its place rather than nothing, so
 * that a record without an amount is counted, not skipped.
 */
export function evaluateJsonPath(path: JsonPath, root: Json): Result<readonly Node[], string> {
  const walk: Walk = { root, steps: 0, limit: FREE_STEPS };
  try {
    let nodes: readonly Node[] = [root];
    for (const segment of path.segments) {
      if (path.dotted) nodes = intoArrays(nodes, segment, walk);
      nodes = applySegment(segment, nodes, walk, true);
    }
    return ok(nodes);
  } catch (error) {
    if (error instanceof TooCostly) return err("the path visits too much of this payload");
    throw error;
  }
}

function step(walk: Walk): void {
  if (++walk.steps <= walk.limit) return;
  // Counted only now: most payloads are small, and most paths short.
  if (walk.limit === FREE_STEPS) {
    walk.limit = Math.min(Math.max(FREE_STEPS + 1, nodesIn(walk.root) * STEPS_PER_NODE), MAX_STEPS);
    if (walk.steps <= walk.limit) return;
  }
  throw new TooCostly();
}

function nodesIn(root: Json): number {
  let count = 0;
  const stack: Json[] = [root];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    count++;
    for (const child of childrenOf(next)) stack.push(child);
  }
  return count;
}

/** A dot path's name is looked up in every item of an array, whatever the depth. */
function intoArrays(nodes: readonly Node[], segment: Segment, walk: Walk): readonly Node[] {
  if (segment.selectors[0]?.kind !== "name" || !nodes.some((node) => Array.isArray(node))) return nodes;
  return nodes.flatMap((node) => {
    step(walk);
    return Array.isArray(node) ? intoArrays(node as Json[], segment, walk) : [node];
  });
}

function applySegment(segment: Segment, nodes: readonly Node[], walk: Walk, keepsMissing: boolean): Node[] {
  const selected: Node[] = [];
  for (const node of nodes) {
    if (node === undefined) {
      if (keepsMissing) selected.push(undefined);
      continue;
    }
    for (const one of segment.descendant ? descendants(node, walk) : [node]) {
      for (const selector of segment.selectors) {
        select(selector, one, selected, walk, keepsMissing && !segment.descendant);
      }
    }
  }
  return selected;
}

/** The node and all below it, in document order, without recursion: the sender chooses the depth. */
function* descendants(node: Json, walk: Walk): Generator<Json> {
  const stack: Json[] = [node];
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    step(walk);
    yield next;
    for (const child of childrenOf(next).toReversed()) stack.push(child);
  }
}

function childrenOf(node: Json): readonly Json[] {
  if (Array.isArray(node)) return node as readonly Json[];
  return isJsonObject(node) ? Object.values(node) : [];
}

function select(selector: Selector, node: Json, into: Node[], walk: Walk, keepsMissing: boolean): void {
  step(walk);
  switch (selector.kind) {
    case "name": {
      const found =
        isJsonObject(node) && Object.hasOwn(node, selector.name) ? node[selector.name] : undefined;
      if (found !== undefined || keepsMissing) into.push(found);
      return;
    }
    case "index": {
      const found = Array.isArray(node) ? (node as Json[]).at(selector.index) : undefined;
      if (found !== undefined || keepsMissing) into.push(found);
      return;
    }
    case "wildcard":
      for (const child of childrenOf(node)) {
        step(walk);
        into.push(child);
      }
      return;
    case "slice":
      if (Array.isArray(node)) slice(node as Json[], selector, into, walk);
      return;
    case "filter":
      for (const child of childrenOf(node)) {
        step(walk);
        if (passesTest(selector.test, child, walk)) into.push(child);
      }
  }
}

/** RFC 9535 section 2.3.4.2. */
function slice(
  items: readonly Json[],
  { start, end, step: by }: { start: number | null; end: number | null; step: number },
  into: Node[],
  walk: Walk,
): void {
  if (by === 0) return;
  const { length } = items;
  const from = normalIndex(start ?? (by > 0 ? 0 : length - 1), length);
  const to = end === null ? (by > 0 ? length : -1) : normalIndex(end, length);
  const first = by > 0 ? Math.min(Math.max(from, 0), length) : Math.min(Math.max(from, -1), length - 1);
  const last = by > 0 ? Math.min(Math.max(to, 0), length) : Math.min(Math.max(to, -1), length - 1);
  for (let index = first; by > 0 ? index < last : index > last; index += by) {
    step(walk);
    const item = items[index];
    if (item !== undefined) into.push(item);
  }
}

function normalIndex(index: number, length: number): number {
  return index >= 0 ? index : length + index;
}

function runQuery(query: Query, node: Json, walk: Walk): readonly Json[] {
  let nodes: Node[] = [query.from === "$" ? walk.root : node];
  for (const segment of query.segments) nodes = applySegment(segment, nodes, walk, false);
  return nodes.filter((found) => found !== undefined);
}

function passesTest(test: Test, node: Json, walk: Walk): boolean {
  switch (test.kind) {
    case "or":
      return test.terms.some((term) => passesTest(term, node, walk));
    case "and":
      return test.terms.every((term) => passesTest(term, node, walk));
    case "not":
      return !passesTest(test.term, node, walk);
    case "exists":
      return runQuery(test.query, node, walk).length > 0;
    case "compare":
      return compare(test.operator, valueOf(test.left, node, walk), valueOf(test.right, node, walk), walk);
  }
}

function valueOf(operand: Operand, node: Json, walk: Walk): Node {
  switch (operand.kind) {
    case "literal":
      return operand.value;
    case "count":
      return runQuery(operand.query, node, walk).length;
    case "query":
      return runQuery(operand.query, node, walk)[0];
    case "value": {
      const found = runQuery(operand.query, node, walk);
      return found.length === 1 ? found[0] : undefined;
    }
    case "length": {
      const of = valueOf(operand.of, node, walk);
      if (typeof of === "string") return Array.from(of).length;
      return of !== undefined && (Array.isArray(of) || isJsonObject(of)) ? childrenOf(of).length : undefined;
    }
  }
}

function compare(operator: Operator, left: Node, right: Node, walk: Walk): boolean {
  switch (operator) {
    case "==":
      return equal(left, right, walk);
    case "!=":
      return !equal(left, right, walk);
    case "<":
      return less(left, right);
    case ">":
      return less(right, left);
    case "<=":
      return less(left, right) || equal(left, right, walk);
    case ">=":
      return less(right, left) || equal(left, right, walk);
  }
}

function less(left: Node, right: Node): boolean {
  if (typeof left === "number" && typeof right === "number") return left < right;
  return typeof left === "string" && typeof right === "string" && left < right;
}

function equal(left: Node, right: Node, walk: Walk): boolean {
  step(walk);
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    const other = right as readonly Json[];
    return left.length === other.length && left.every((item: Json, index) => equal(item, other[index], walk));
  }
  if (!isJsonObject(left) || !isJsonObject(right)) return false;
  const keys = Object.keys(left);
  return (
    keys.length === Object.keys(right).length &&
    keys.every((key) => Object.hasOwn(right, key) && equal(left[key], right[key], walk))
  );
}
