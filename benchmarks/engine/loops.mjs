/**
 * The loops that are timed. What a cache returns is kept in a ring: a copy that nobody keeps is one
 * that the JIT need not make. A cache that answers at once is not awaited.
 */
const RING = 63; // a mask
const ring = new Array(RING + 1).fill(undefined);

/** `get` of every key, in order. */
export function getAll(handle, keys, isAsync) {
  if (isAsync) {
    return async () => {
      for (let i = 0; i < keys.length; i++) ring[i & RING] = await handle.get(keys[i]);
    };
  }
  return () => {
    for (let i = 0; i < keys.length; i++) ring[i & RING] = handle.get(keys[i]);
  };
}

/** `set` of every key to the value beside it. */
export function setAll(handle, keys, values, isAsync) {
  if (isAsync) {
    return async () => {
      for (let i = 0; i < keys.length; i++) await handle.set(keys[i], values[i]);
    };
  }
  return () => {
    for (let i = 0; i < keys.length; i++) handle.set(keys[i], values[i]);
  };
}

/** Any other call: `act(i)` for i below count. */
export function repeat(count, act, isAsync) {
  if (isAsync) {
    return async () => {
      for (let i = 0; i < count; i++) ring[i & RING] = await act(i);
    };
  }
  return () => {
    for (let i = 0; i < count; i++) ring[i & RING] = act(i);
  };
}

/** Fills a cache before it is timed. */
export async function fill(handle, keys, values) {
  for (let i = 0; i < keys.length; i++) await handle.set(keys[i], values[i]);
}
