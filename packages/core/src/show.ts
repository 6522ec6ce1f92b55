import { inspect } from 'node:util';

/** A value as it appears in an error message: short, on one line, and without running its code. */
export function show(value: unknown): string {
  return inspect(value, {
    depth: 0,
    breakLength: Infinity,
    customInspect: false,
    getters: false,
    maxArrayLength: 5,
    maxStringLength: 80,
  });
}
