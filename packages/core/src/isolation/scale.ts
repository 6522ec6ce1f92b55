/**
 * Weighs an object that is shared by reference, which nobody has walked before. It is not ours: its
 * getters are not run, and a Proxy is not looked into.
 */
import { types } from 'node:util';
import { weighBytes, weighCollection, weighImmutable, weighObject } from './weigh.js';

/** Where an object may say what it weighs with everything it holds, in bytes. */
const STATED_BYTES = Symbol.for('@locmem/core/bytes');

/** What an object weighs with everything it holds; what it holds twice counts once. */
export function weighShared(root: object): number {
  const seen = new Set<object>();
  // A list of things to do instead of recursion: depth costs no stack.
  const pending: unknown[] = [root];
  let bytes = 0;
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) {
      bytes += weighImmutable(value);
    } else if (!seen.has(value)) {
      seen.add(value);
      bytes += open(value, pending);
    }
  }
  return bytes;
}

/** What the object itself weighs; what it holds is put on the list. */
function open(value: object, pending: unknown[]): number {
  // A Proxy may throw at any look, or lie.
  if (types.isProxy(value)) return weighObject(0);
  const { [STATED_BYTES]: stated } = value as { [STATED_BYTES]?: unknown };
  if (typeof stated === 'number' && stated >= 0) return stated;
  if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) {
    return weighBytes(value.byteLength);
  }
  if (types.isMap(value)) {
    for (const [key, member] of Map.prototype.entries.call(value)) pending.push(key, member);
    return weighCollection(value.size);
  }
  if (types.isSet(value)) {
    for (const member of Set.prototype.values.call(value)) pending.push(member);
    return weighCollection(value.size);
  }
  const children = Array.isArray(value) ? (value as unknown[]) : fieldsOf(value);
  for (const child of children) pending.push(child);
  return weighObject(children.length);
}

function fieldsOf(value: object): unknown[] {
  const fields = Object.values(Object.getOwnPropertyDescriptors(value));
  return fields.flatMap((field) => ('value' in field ? [field.value as unknown] : []));
}
