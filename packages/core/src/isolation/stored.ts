/**
 * How values lie in the store. What cannot change (strings, numbers, null, …) lies there as it is,
 * at no cost either way. An object lies wrapped, and the wrapper knows how to hand it out.
 *
 * This is what pickling is for in Django's LocMemCache: writer and readers never share an object.
 */
import type { Isolation } from '../options.js';
import { NotSerializableError } from '../errors.js';
import { GraphCopier } from './graph-copier.js';
import { copyTree } from './tree-copy.js';

/** An object in the store. */
export interface StoredObject {
  /** The object as a caller may have it. */
  thaw(): unknown;
  /** The store's own object, for measuring only. */
  readonly held: object;
}

/** A value in the store: immutable, or a {@link StoredObject}. */
export type Stored = unknown;

class StoredTree implements StoredObject {
  constructor(readonly held: object) {}
  thaw(): unknown {
    return copyTree(this.held);
  }
}

class StoredGraph implements StoredObject {
  constructor(readonly held: object) {}
  thaw(): unknown {
    return new GraphCopier().copy(this.held);
  }
}

class StoredReference implements StoredObject {
  constructor(readonly held: object) {}
  thaw(): unknown {
    return this.held;
  }
}

/**
 * Prepares a value for the store, before anything in the store changes.
 *
 * @throws {NotSerializableError} when isolation is 'copy' and the value cannot be copied, and for
 *   undefined always: it could not be told from a miss
 */
export function isolate(value: unknown, isolation: Isolation): Stored {
  if (value === undefined) throw undefinedIsNoValue();
  if (isolation === 'share') {
    // A function is shared like an object; wrapped, it reads back through the same door.
    const isShared = typeof value === 'object' || typeof value === 'function';
    return isShared && value !== null ? new StoredReference(value) : value;
  }
  if (typeof value !== 'object' && typeof value !== 'function' && typeof value !== 'symbol') {
    return value;
  }
  if (value === null) return null;
  const copier = new GraphCopier();
  const held = copier.copy(value) as object;
  return copier.isTree ? new StoredTree(held) : new StoredGraph(held);
}

/** The value as a caller may have it. */
export function reveal(stored: Stored): unknown {
  return typeof stored === 'object' && stored !== null ? (stored as StoredObject).thaw() : stored;
}

function undefinedIsNoValue(): NotSerializableError {
  return new NotSerializableError('undefined', 'value');
}
