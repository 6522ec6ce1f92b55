/**
 * A store as bytes, to be written to disk before a restart and taken in again after it. The bytes begin
 * with a line that names format and checksum; what does not match is a cold start, not an error.
 *
 * Values pass through V8's serializer, which is structured clone's: class instances, errors and whatever
 * else would come back as something else are left out, and counted.
 */
import { createHash } from 'node:crypto';
import { types } from 'node:util';
import { deserialize, serialize } from 'node:v8';
import type { Engine } from './engine.js';
import { GraphCopier } from './isolation/graph-copier.js';
import { isolate, reveal, type Stored } from './isolation/stored.js';
import type { Store } from './store.js';

const FORMAT = 1;

interface Saved {
  /** On the wall clock, since that is what goes on between two processes. */
  readonly savedAtMs: number;
  readonly entries: readonly SavedEntry[];
}

interface SavedEntry {
  readonly key: string;
  readonly keyPrefix: string;
  readonly version: number;
  /** What a key function made of them. */
  readonly fullKey: string | undefined;
  readonly value: unknown;
  /** Null = for ever. */
  readonly leftMs: number | null;
  readonly staleLeftMs: number | null;
  readonly tags: readonly string[];
}

/** The live entries of a store, the next victim first, and how many had to be left out. */
export function save(store: Store): { data: Buffer; skipped: number } {
  const entries: SavedEntry[] = [];
  let skipped = 0;
  for (const slot of store.policy.victims()) {
    if (!store.isLive(slot)) continue;
    const value = portable(store.value(slot));
    if (value === undefined) skipped++;
    else entries.push(savedEntry(store, slot, value));
  }
  const saved: Saved = { savedAtMs: Date.now(), entries };
  const body = serialize(saved);
  return { data: Buffer.concat([Buffer.from(headerOf(body)), body]), skipped };
}

/** @returns how many entries were taken in; undefined when the bytes cannot be read */
export function restore(engine: Engine, data: Uint8Array): number | undefined {
  const saved = parse(data);
  if (!saved) return undefined;
  const awayMs = Math.max(0, Date.now() - saved.savedAtMs);
  const taken = saved.entries.filter((entry) => restoreEntry(engine, entry, awayMs));
  // Those that came later may have pushed out those that came first.
  return taken.filter((entry) => isThere(engine.store, entry)).length;
}

function savedEntry(store: Store, slot: number, value: unknown): SavedEntry {
  const { deadlineMs, staleUntilMs, tags } = store.entry(slot);
  const nowMs = store.time.exact();
  return {
    ...originOf(store, slot),
    value,
    leftMs: deadlineMs === Infinity ? null : deadlineMs - nowMs,
    staleLeftMs: staleUntilMs === undefined ? null : staleUntilMs - nowMs,
    tags: tags?.tags.map(({ name }) => name) ?? [],
  };
}

function originOf(
  store: Store,
  slot: number,
): Omit<SavedEntry, 'value' | 'leftMs' | 'staleLeftMs' | 'tags'> {
  const key = store.key(slot);
  const space = store.space(slot);
  const { fullKeys } = store.spaces;
  if (space === fullKeys)
    return { ...(fullKeys.origin(key) ?? { key, keyPrefix: '', version: 1 }), fullKey: key };
  return { key, keyPrefix: space.keyPrefix, version: space.version, fullKey: undefined };
}

/** @returns whether it was still alive and not too large */
function restoreEntry(engine: Engine, saved: SavedEntry, awayMs: number): boolean {
  const { key, keyPrefix, version, fullKey, value, leftMs, staleLeftMs, tags } = saved;
  const { store } = engine;
  const nowMs = store.time.exact();
  const deadlineMs = leftMs === null ? Infinity : nowMs + leftMs - awayMs;
  if (deadlineMs <= nowMs) return false;
  const { fullKeys } = store.spaces;
  const space = fullKey === undefined ? store.spaces.find(keyPrefix, version) : fullKeys;
  space.isPortable = false; // nobody has looked at these keys
  const isStored = engine.put(
    { key, version, space, spaceKey: fullKey ?? key },
    {
      value: isolate(value, engine.options.isolation),
      deadlineMs,
      staleUntilMs: staleLeftMs === null ? undefined : nowMs + staleLeftMs - awayMs,
      tags: tags.length > 0 ? store.tags.mark(tags) : undefined,
    },
  );
  if (isStored && fullKey !== undefined) fullKeys.note(fullKey, { key, keyPrefix, version });
  return isStored;
}

function isThere(store: Store, { key, keyPrefix, version, fullKey }: SavedEntry): boolean {
  if (fullKey !== undefined) return store.spaces.fullKeys.slots.has(fullKey);
  return store.spaces.find(keyPrefix, version).slots.has(key);
}

// ---- bytes -------------------------------------------------------------------------------------

function headerOf(body: Uint8Array): string {
  return `locmem-snapshot ${FORMAT} ${createHash('sha256').update(body).digest('hex')}\n`;
}

function parse(data: Uint8Array): Saved | undefined {
  const end = data.indexOf(0x0a) + 1;
  const body = data.subarray(end);
  if (Buffer.from(data.subarray(0, end)).toString('latin1') !== headerOf(body)) return undefined;
  try {
    return deserialize(body) as Saved;
  } catch {
    return undefined; // written by a newer V8, before a Node was rolled back
  }
}

/** A copy that V8's serializer gives back as it is; undefined when there is none. */
function portable(stored: Stored): unknown {
  try {
    // What was shared has never been looked at: it may be endlessly deep, or throw.
    const value = new GraphCopier().copy(reveal(stored));
    return isPortable(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether V8's serializer gives back what it is given. */
function isPortable(root: unknown): boolean {
  const seen = new Set<unknown>();
  const pending: unknown[] = [root];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value === 'function' || typeof value === 'symbol') return false;
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const children = childrenOf(value);
    if (!children) return false;
    for (const child of children) pending.push(child);
  }
  return true;
}

const PLAIN_BUILT_INS: ReadonlySet<unknown> = new Set<object>([
  ...[
    Date.prototype,
    RegExp.prototype,
    ArrayBuffer.prototype,
    DataView.prototype,
    Buffer.prototype as object,
  ],
  ...[Boolean.prototype, Number.prototype, String.prototype],
  ...[Uint8Array.prototype, Uint8ClampedArray.prototype, Uint16Array.prototype],
  ...[Uint32Array.prototype, Int8Array.prototype, Int16Array.prototype, Int32Array.prototype],
  ...[Float32Array.prototype, Float64Array.prototype],
  ...[BigInt64Array.prototype, BigUint64Array.prototype],
]);

/** What an object holds; undefined when it would not come back as what it is. */
function childrenOf(value: object): Iterable<unknown> | undefined {
  const prototype = Object.getPrototypeOf(value) as object | null;
  if (prototype === Object.prototype || prototype === Array.prototype)
    return Object.values(value) as unknown[];
  if (!isBare(value)) return undefined;
  if (prototype === Map.prototype && types.isMap(value))
    return [...value.keys(), ...value.values()];
  if (prototype === Set.prototype && types.isSet(value)) return value;
  return PLAIN_BUILT_INS.has(prototype) ? [] : undefined;
}

/** Nothing but what its kind holds: the serializer drops the fields that somebody has put on a built-in. */
function isBare(value: object): boolean {
  if (ArrayBuffer.isView(value)) return true;
  if (types.isRegExp(value) && value.lastIndex !== 0) return false;
  const characters = types.isStringObject(value) ? value.length : 0;
  return Object.keys(value).length === characters;
}
