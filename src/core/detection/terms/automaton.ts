import { classOf } from "./lookalike-classes.ts";

/**
 * Aho-Corasick over letter classes: finds the ends of all patterns in one pass, however many there are.
 * Transitions are a full table while that stays small, else a map with failure links.
 */
export interface TermAutomaton {
  /** Symbol of a folded code; 0 for a code in no pattern. */
  readonly asciiSymbols: Uint16Array;
  readonly otherSymbols: ReadonlyMap<number, number>;
  readonly width: number;
  /** Next node by `node * width + symbol`; empty when it would be too large; `edges` replaces it then. */
  readonly table: Int32Array;
  readonly edges: ReadonlyMap<number, number>;
  readonly failure: Int32Array;
  /** Nearest node, by failure links and itself included, where a pattern ends; 0 for none. */
  readonly ends: Int32Array;
  /** Indices of the patterns that end at a node. */
  readonly patternsAt: ReadonlyMap<number, readonly number[]>;
}

/** 8 MiB: a policy with a thousand terms needs about a quarter of it. */
const MAX_TABLE_CELLS = 1 << 21;

export function buildTermAutomaton(patterns: readonly (readonly number[])[]): TermAutomaton {
  const { asciiSymbols, otherSymbols, width } = symbolsOf(patterns);
  const edges = new Map<number, number>();
  const patternsAt = new Map<number, number[]>();
  let nodes = 1;
  for (const [index, pattern] of patterns.entries()) {
    let node = 0;
    for (const code of pattern) {
      const key = node * width + symbolOf(asciiSymbols, otherSymbols, code);
      const next = edges.get(key) ?? nodes++;
      edges.set(key, next);
      node = next;
    }
    const here = patternsAt.get(node);
    if (here === undefined) patternsAt.set(node, [index]);
    else here.push(index);
  }
  const failure = new Int32Array(nodes);
  const ends = new Int32Array(nodes);
  const table = new Int32Array(nodes * width <= MAX_TABLE_CELLS ? nodes * width : 0);
  link(edges, width, failure, table);
  // Nodes are numbered by creation, not by depth, so a failure link may lead to a higher number.
  for (const node of byDepth(edges, width, nodes)) {
    ends[node] = patternsAt.has(node) ? node : (ends[failure[node] ?? 0] ?? 0);
  }
  const needed = table.length > 0 ? new Map<number, number>() : edges;
  return { asciiSymbols, otherSymbols, width, table, edges: needed, failure, ends, patternsAt };
}

function symbolsOf(patterns: readonly (readonly number[])[]): {
  asciiSymbols: Uint16Array;
  otherSymbols: Map<number, number>;
  width: number;
} {
  const symbols = new Map<number, number>();
  for (const pattern of patterns) {
    for (const code of pattern) {
      const representative = classOf(code);
      if (!symbols.has(representative)) symbols.set(representative, symbols.size + 1);
    }
  }
  const asciiSymbols = new Uint16Array(0x80);
  for (let code = 0; code < 0x80; code++) asciiSymbols[code] = symbols.get(classOf(code)) ?? 0;
  const otherSymbols = new Map([...symbols].filter(([code]) => code >= 0x80));
  return { asciiSymbols, otherSymbols, width: symbols.size + 1 };
}

function symbolOf(ascii: Uint16Array, other: ReadonlyMap<number, number>, code: number): number {
  return (code < 0x80 ? ascii[code] : other.get(code)) ?? 0;
}

/** The edges as [from, symbol, to], parents before children. */
function* breadthFirst(
  edges: ReadonlyMap<number, number>,
  width: number,
): Generator<readonly [number, number, number]> {
  const children = new Map<number, [number, number][]>();
  for (const [key, to] of edges) {
    const from = Math.floor(key / width);
    const list = children.get(from);
    if (list === undefined) children.set(from, [[key % width, to]]);
    else list.push([key % width, to]);
  }
  const queue = [0];
  for (let head = 0; head < queue.length; head++) {
    const from = queue[head] ?? 0;
    for (const [symbol, to] of children.get(from) ?? []) {
      queue.push(to);
      yield [from, symbol, to];
    }
  }
}

function byDepth(edges: ReadonlyMap<number, number>, width: number, nodes: number): Int32Array {
  const order = new Int32Array(nodes);
  let count = 1;
  for (const [, , to] of breadthFirst(edges, width)) order[count++] = to;
  return order;
}

function link(
  edges: ReadonlyMap<number, number>,
  width: number,
  failure: Int32Array,
  table: Int32Array,
): void {
  for (const [from, symbol, to] of breadthFirst(edges, width)) {
    failure[to] = from === 0 ? 0 : follow(edges, failure, width, failure[from] ?? 0, symbol);
  }
  if (table.length === 0) return;
  for (let symbol = 1; symbol < width; symbol++) table[symbol] = edges.get(symbol) ?? 0;
  for (const node of byDepth(edges, width, failure.length)) {
    if (node === 0) continue;
    const fallback = (failure[node] ?? 0) * width;
    for (let symbol = 1; symbol < width; symbol++) {
      table[node * width + symbol] = edges.get(node * width + symbol) ?? table[fallback + symbol] ?? 0;
    }
  }
}

function follow(
  edges: ReadonlyMap<number, number>,
  failure: Int32Array,
  width: number,
  start: number,
  symbol: number,
): number {
  for (let node = start; ; node = failure[node] ?? 0) {
    const next = edges.get(node * width + symbol);
    if (next !== undefined) return next;
    if (node === 0) return 0;
  }
}

export function symbolFor(automaton: TermAutomaton, code: number): number {
  return symbolOf(automaton.asciiSymbols, automaton.otherSymbols, code);
}

export function nextNode(automaton: TermAutomaton, node: number, symbol: number): number {
  if (symbol === 0) return 0;
  if (automaton.table.length > 0) return automaton.table[node * automaton.width + symbol] ?? 0;
  return follow(automaton.edges, automaton.failure, automaton.width, node, symbol);
}
