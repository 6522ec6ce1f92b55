/**
 * How values lie in the store. What cannot change (strings, numbers, null, …) lies there as it is,
 * at no cost either way. An object lies wrapped, and the wrapper knows how to hand it out.
 *
 * This is what pickling is for in Django's LocMemCache: writer and readers never share an object.
 */
import { NotSerializableError } from '../errors.js';
import type { Isolation } from '../options.js';
import { deepFreeze } from './freeze.js';
import { GraphCopier } from './graph-copier.js';
import { weighShared } from './scale.js';
import { copierFor, type Copier } from './shape.js';
import { copyTree } from './tree-copy.js';
import { weighImmutable } from './weigh.js';

/** An object in the store. */
interface StoredObject {
  /** By estimate, with all it holds. */
  readonly bytes: number;
  /** The object as a caller may have it. */
  thaw(): unknown;
}

/** A value in the store: immutable, or a {@link StoredObject}. */
export type Stored = unknown;

class StoredTree implements StoredObject {
  #held: object;
  #copier: Copier | undefined;
  #wasRead = false;

  constructor(
    held: object,
    readonly bytes: number,
  ) {
    this.#held = held;
  }

  thaw(): unknown {
    return this.#copier === undefined ? this.#thawEarly() : this.#copier(this.#held);
  }

  /** The first read may be the last one; from the second on, looking at the shape pays. */
  #thawEarly(): unknown {
    const held = this.#held;
    if (this.#wasRead) {
      this.#copier = copierFor(held);
      // A copy that was made in one piece is faster to read than one that was put together.
      this.#held = this.#copier(held) as object;
    }
    this.#wasRead = true;
    return copyTree(held);
  }
}

class StoredGraph implements StoredObject {
  constructor(
    readonly held: object,
    readonly bytes: number,
  ) {}

  thaw(): unknown {
    return new GraphCopier().copy(this.held);
  }
}

class StoredReference implements StoredObject {
  #bytes: number | undefined;

  /** @param bytes left out when nobody has walked the object yet: it is weighed if somebody asks */
  constructor(
    readonly held: object,
    bytes?: number,
  ) {
    this.#bytes = bytes;
  }

  /** Noted at the first look: it is somebody else's object, and may change. */
  get bytes(): number {
    return (this.#bytes ??= weighShared(this.held));
  }

  thaw(): unknown {
    return this.held;
  }
}

/**
 * Prepares a value for the store, before anything in the store changes.
 *
 * @throws {NotSerializableError} when the value cannot be copied and isolation is not 'share'; for
 *   undefined always: it could not be told from a miss
 */
export function isolate(value: unknown, isolation: Isolation): Stored {
  if (value === undefined) throw new NotSerializableError('undefined', 'value');
  if (typeof value === 'string' || typeof value === 'number' || value === null) return value;
  if (isolation === 'share') return share(value);
  if (typeof value === 'boolean' || typeof value === 'bigint') return value;

  try {
    return copied(value, isolation);
  } catch (error) {
    throw refusalOf(error);
  }
}

function copied(value: unknown, isolation: 'copy' | 'freeze'): StoredObject {
  const copier = new GraphCopier();
  const held = copier.copy(value) as object;
  if (isolation === 'freeze' && copier.isFreezable) {
    deepFreeze(held);
    return new StoredReference(held, copier.bytes);
  }
  return copier.isTree ? new StoredTree(held, copier.bytes) : new StoredGraph(held, copier.bytes);
}

/** Whatever goes wrong in foreign objects, or for want of stack, is one and the same refusal. */
function refusalOf(error: unknown): NotSerializableError {
  if (error instanceof NotSerializableError) return error;
  const reason =
    error instanceof RangeError
      ? 'nested deeper than what is left of the stack'
      : 'an object that throws when it is looked at';
  return new NotSerializableError(reason, 'value', { cause: error });
}

/** A function is shared like an object: wrapped, it reads back through the same door. */
function share(value: unknown): Stored {
  const isObject = typeof value === 'object' || typeof value === 'function';
  return isObject ? new StoredReference(value as object) : value;
}

/** The value as a caller may have it. */
export function reveal(stored: Stored): unknown {
  return typeof stored === 'object' && stored !== null ? (stored as StoredObject).thaw() : stored;
}

/** What the value weighs in the store. */
export function weigh(stored: Stored): number {
  return typeof stored === 'object' && stored !== null
    ? (stored as StoredObject).bytes
    : weighImmutable(stored);
}
