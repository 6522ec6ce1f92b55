/**
 * `update`: read, change, write, with awaits in between, one at a time for each key. Those who come
 * meanwhile wait in the order in which they came; one that fails or gives up waiting leaves the others
 * undisturbed.
 */
import { signalOf, tagsOf } from './call-options.js';
import type { UpdateOptions } from './contract.js';
import type { Address, Engine } from './engine.js';
import { LockError } from './errors.js';
import { isolate, reveal } from './isolation/stored.js';
import { isTaken, within } from './turns.js';
import { withPatience } from './waiting.js';

export function update<T>(
  engine: Engine,
  address: Address,
  fn: (old: T | undefined) => T | Promise<T>,
  options: UpdateOptions,
): Promise<T> {
  const signal = signalOf('update', options.signal);
  engine.deadline(options.timeout); // wrong options are told before the function has run
  tagsOf('update', options);
  const { space, spaceKey } = engine.current(address);
  const { updates } = space;
  if (isTaken(space, spaceKey)) throw new LockError('update');
  // Begins after this call has returned, so that whatever the function calls finds it registered.
  const turn = afterwards(updates.get(spaceKey), () =>
    within({ of: space, key: spaceKey, isOver: false }, async () => {
      signal?.throwIfAborted();
      const slot = engine.live(space, spaceKey);
      const value = await fn(slot === undefined ? undefined : (engine.store.read(slot) as T));
      return write(engine, address, value, options);
    }),
  );
  updates.set(spaceKey, turn);
  const leave = () => {
    if (updates.get(spaceKey) === turn) updates.delete(spaceKey);
  };
  turn.then(leave, leave);
  return withPatience(turn, { signal });
}

/** What became of the one before is its caller's business. */
async function afterwards<T>(
  before: Promise<unknown> | undefined,
  work: () => Promise<T>,
): Promise<T> {
  await before?.catch(() => undefined);
  return work();
}

/**
 * Without a timeout or tags of its own, an update keeps those of the entry, as `incr` does.
 *
 * @returns the value as a caller may have it
 */
function write<T>(engine: Engine, address: Address, value: T, options: UpdateOptions): T {
  const { key, version } = address;
  const stored = isolate(value, engine.options.isolation);
  const slot = engine.live(address.space, address.spaceKey);
  if (slot !== undefined && options.timeout === undefined && options.tags === undefined) {
    const kept = engine.store.entry(slot);
    if (kept.tags) engine.store.tags.retain(kept.tags);
    engine.put(address, { ...kept, value: stored });
  } else {
    const { timeout, tags } = options;
    engine.commit(engine.prepare('set', key, value, { version, timeout, tags }));
  }
  return reveal(stored) as T;
}
