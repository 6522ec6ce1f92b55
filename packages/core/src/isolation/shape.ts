/**
 * Copiers made to measure. Values of one kind in a cache mostly look alike; a function generated for
 * one shape, `$ => ({ id: $.id, tags: $.tags.slice() })`, lets V8 allocate the copy in one piece and
 * checks nothing. For ten fields that is some ten times faster than a general walk.
 *
 * A shape is the structure of a tree as far as copying goes: which fields hold immutables, which hold
 * plain objects or arrays and of what shape; all else is left to the general copier at its place. The
 * source text of a copier says exactly that, so it serves as the shape's name, too.
 *
 * Bounds: each distinct shape is compiled once, `MAX_SHAPES` of them in the process; an object of more
 * than `MAX_FIELDS` fields is a dictionary, not a shape. Beyond the bounds, and where code generation from
 * strings is forbidden (`--disallow-code-generation-from-strings`), the general copier serves.
 */
import { copyTree } from './tree-copy.js';

/** Copies an object of the shape it was made for. */
export type Copier = (held: object) => unknown;

const MAX_SHAPES = 512;
const MAX_FIELDS = 64;
const MAX_SOURCE_LENGTH = 4_000;

const copiers = new Map<string, Copier>();

/** The copier for trees like this one. */
export function copierFor(tree: object): Copier {
  const source = sourceOf(tree, '$', 0);
  if (source.length > MAX_SOURCE_LENGTH) return copyTree;
  let copier = copiers.get(source);
  if (!copier) {
    if (copiers.size >= MAX_SHAPES) return copyTree;
    copiers.set(source, (copier = compile(source)));
  }
  return copier;
}

function compile(source: string): Copier {
  try {
    // Only names of fields come from the value, and they stand in the source as JSON strings.
    // eslint-disable-next-line @typescript-eslint/no-implied-eval -- what this file is about
    const make = new Function('copyTree', 'slice', `return ($) => (${source});`) as (
      generic: typeof copyTree,
      arrays: typeof slice,
    ) => Copier;
    return make(copyTree, slice);
  } catch {
    return copyTree; // code generation is forbidden here
  }
}

/** A copy of an array of immutables; short ones, as most are, without a call out of compiled code. */
function slice(array: readonly unknown[]): unknown[] {
  switch (array.length) {
    case 0:
      return [];
    case 1:
      return [array[0]];
    case 2:
      return [array[0], array[1]];
    case 3:
      return [array[0], array[1], array[2]];
    default:
      return array.slice();
  }
}

/** An expression that copies what `from`, an expression itself, stands for. */
function sourceOf(value: unknown, from: string, depth: number): string {
  if (typeof value !== 'object' || value === null) return from;
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype) return sourceOfObject(value, from, depth);
  if (prototype === Array.prototype) return sourceOfArray(value as unknown[], from, depth);
  return `copyTree(${from})`;
}

function sourceOfObject(object: object, from: string, depth: number): string {
  const keys = Object.keys(object);
  if (keys.length > MAX_FIELDS) return `copyTree(${from})`;
  let source = '{';
  for (const key of keys) {
    const name = JSON.stringify(key);
    const value = (object as Record<string, unknown>)[key];
    // `{ "__proto__": x }` would set the prototype; a computed name defines a property.
    const field = key === '__proto__' ? `[${name}]` : name;
    source += `${field}:${sourceOf(value, `${from}[${name}]`, depth)},`;
    if (source.length > MAX_SOURCE_LENGTH) return source; // given up on, whatever follows
  }
  return `${source}}`;
}

/** Elements of one shape are mapped; of several, each is left to the general copier. */
function sourceOfArray(array: readonly unknown[], from: string, depth: number): string {
  const element = `$${depth + 1}`;
  const shapes = new Set<string>();
  for (const member of array) {
    shapes.add(sourceOf(member, element, depth + 1));
    if (shapes.size > 1) return `${from}.map(copyTree)`;
  }
  const [shape = element] = shapes;
  if (shape === element) return `slice(${from})`;
  return `${from}.map((${element})=>(${shape}))`;
}
