/**
 * The general copier: any value that can be copied, with its cycles and shared references, or a
 * refusal that names the place. It guards the way in, where everything is unknown; what it finds
 * to be a simple tree is later handed out by the faster `copyTree`.
 *
 * Fidelity: structured clone's, and beyond it class instances keep their prototype and Buffers stay
 * Buffers. As there, symbol keys and non-enumerable properties are left behind, and a getter is
 * replaced by the value it gives.
 */
import { types } from 'node:util';
import { NotSerializableError } from '../errors.js';
import { show } from '../show.js';
import { bareError, cloneBuiltIn, hiddenErrorFields, sameClass, setOwn } from './built-ins.js';
import { whyClassOpaque, whyOpaque } from './refusal.js';
import { weighBytes, weighCollection, weighImmutable, weighObject } from './weigh.js';

/** Deeper nesting is refused on the way in, so that no reader's stack overflows on the way out. */
const MAX_DEPTH = 500;

/** From an object to what it holds. Keys of a Map are put into words only for a refusal. */
type Step = string | number | (() => string);

export class GraphCopier {
  /** False once the value has shown a shared reference, a cycle, or an array with holes or extras. */
  isTree = true;
  /** False once it has shown something that `Object.freeze` does not make immutable. */
  isFreezable = true;
  /** What the copy weighs. */
  bytes = 0;

  readonly #copies = new Map<object, object>();
  readonly #path: Step[] = [];

  /** @throws {NotSerializableError} when something in the value cannot be copied */
  copy(value: unknown): unknown {
    if (typeof value === 'function') this.#refuse('a function');
    if (typeof value === 'symbol') this.#refuse('a symbol');
    if (typeof value !== 'object' || value === null) {
      this.bytes += weighImmutable(value);
      return value;
    }
    const known = this.#copies.get(value);
    if (known) {
      this.isTree = false;
      return known;
    }
    if (this.#path.length > MAX_DEPTH) this.#refuse(`nested deeper than ${MAX_DEPTH} levels`);
    return this.#copyObject(value);
  }

  #copyObject(value: object): object {
    // A Proxy answers for its target in every test but this one.
    if (types.isProxy(value)) this.#refuse('a Proxy');
    if (Array.isArray(value)) return this.#copyArray(value);
    const prototype = Object.getPrototypeOf(value) as object | null;
    if (prototype === Object.prototype) return this.#copyProperties(value, this.#keep(value, {}));

    const reason = whyClassOpaque(value);
    if (reason) this.#refuse(reason);
    if (types.isMap(value)) return this.#copyMap(value);
    if (types.isSet(value)) return this.#copySet(value);
    if (types.isNativeError(value)) return this.#copyError(value);
    return this.#copyBuiltIn(value) ?? this.#copyInstance(value, prototype);
  }

  #copyBuiltIn(value: object): object | undefined {
    const copy = cloneBuiltIn(value);
    if (!copy) return undefined;
    this.isFreezable = false;
    this.bytes += weighBytes((copy as Partial<ArrayBufferView>).byteLength ?? 0);
    return this.#copyOwnFields(value, this.#keep(value, copy));
  }

  #copyArray(array: readonly unknown[]): unknown[] {
    const copy = this.#keep(array, sameClass(new Array<unknown>(array.length), array));
    const keys = Object.keys(array);
    if (!isDense(array, keys)) {
      this.isTree = false;
      return this.#copyProperties(array, copy, keys);
    }
    this.bytes += weighObject(array.length);
    for (let i = 0; i < array.length; i++) copy[i] = this.#at(i, array[i]);
    return copy;
  }

  #copyMap(map: ReadonlyMap<unknown, unknown>): object {
    const copy = this.#keep(map, new Map<unknown, unknown>());
    this.isFreezable = false;
    this.bytes += weighCollection(map.size);
    // A subclass may override iteration and set; its copy must hold what it holds all the same.
    for (const [key, value] of Map.prototype.entries.call(map) as Iterable<[unknown, unknown]>) {
      copy.set(
        this.#at(() => `key ${show(key)}`, key),
        this.#at(() => `get ${show(key)}`, value),
      );
    }
    return this.#copyOwnFields(map, sameClass(copy, map));
  }

  #copySet(set: ReadonlySet<unknown>): object {
    const copy = this.#keep(set, new Set<unknown>());
    this.isFreezable = false;
    this.bytes += weighCollection(set.size);
    for (const member of Set.prototype.values.call(set)) copy.add(this.#at('member', member));
    return this.#copyOwnFields(set, sameClass(copy, set));
  }

  /** Fields that a subclass, or somebody passing by, has put on a built-in. */
  #copyOwnFields<T extends object>(from: object, to: T): T {
    if (!mayHaveOwnFields(from)) return to;
    const keys = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
    if (keys.length === 0) return to;
    this.isTree = false; // the copier of trees knows nothing of them
    return this.#copyProperties(from, to, keys);
  }

  #copyError(error: Error): Error {
    const copy = this.#keep(error, bareError(error));
    for (const key of hiddenErrorFields(error)) {
      const value = this.#at(key, error[key as keyof Error]);
      Object.defineProperty(copy, key, { value, writable: true, configurable: true });
    }
    return this.#copyProperties(error, copy);
  }

  #copyInstance(value: object, prototype: object | null): object {
    const reason = whyOpaque(value);
    if (reason) this.#refuse(reason);
    return this.#copyProperties(value, this.#keep(value, Object.create(prototype) as object));
  }

  #copyProperties<T extends object>(from: object, to: T, keys = Object.keys(from)): T {
    this.bytes += weighObject(keys.length);
    for (const key of keys) setOwn(to, key, this.#at(key, this.#read(from, key)));
    return to;
  }

  #read(from: object, key: string): unknown {
    try {
      return (from as Record<string, unknown>)[key];
    } catch (cause) {
      this.#path.push(key);
      return this.#refuse('a property whose getter throws', { cause });
    }
  }

  #at(step: Step, value: unknown): unknown {
    this.#path.push(step);
    const copy = this.copy(value);
    this.#path.pop();
    return copy;
  }

  /** Before the children are copied, so that a cycle finds its way back. */
  #keep<T extends object>(original: object, copy: T): T {
    this.#copies.set(original, copy);
    return copy;
  }

  #refuse(reason: string, options?: ErrorOptions): never {
    const names = this.#path.map((step) => (typeof step === 'function' ? step() : step));
    const steps = names.map((key) =>
      /^[A-Za-z_$][\w$]*$/.test(String(key)) ? `.${key}` : `[${String(key)}]`,
    );
    throw new NotSerializableError(reason, `value${shorten(steps).join('')}`, options);
  }
}

/** No holes, and no properties beside the elements: a property's key comes after all indices. */
function isDense(array: readonly unknown[], keys: readonly string[]): boolean {
  return (
    keys.length === array.length &&
    keys.at(-1) === (array.length ? `${array.length - 1}` : undefined)
  );
}

/** Going through the elements of a large buffer for the sake of a stray field is for subclasses only. */
function mayHaveOwnFields(value: object): boolean {
  if (!ArrayBuffer.isView(value)) return true;
  const { constructor } = value;
  return constructor !== Buffer && Reflect.get(globalThis, constructor.name) !== constructor;
}

/** A path a thousand steps long helps nobody. */
function shorten(steps: readonly string[]): readonly string[] {
  return steps.length <= 12 ? steps : [...steps.slice(0, 6), '…', ...steps.slice(-4)];
}
