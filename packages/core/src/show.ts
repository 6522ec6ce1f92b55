import { inspect } from 'node:util';

/**
 * A value as it appears in an error message: short, on one line, and without running its code. (Node
 * still asks it for its Symbol.toStringTag, which may fail.)
 */
export function show(value: unknown): string {
  try {
    return inspect(value, {
      depth: 0,
      breakLength: Infinity,
      customInspect: false,
      getters: false,
      maxArrayLength: 5,
      maxStringLength: 80,
    });
  } catch {
    return 'an object that throws when it is looked at';
  }
}

/** What was thrown, as a string: anything can be thrown, an object that is none included. */
export function showThrown(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return show(thrown);
  }
}

/** The message of what was thrown. */
export function messageOf(thrown: unknown): string {
  try {
    return String((thrown as Error | undefined)?.message ?? thrown);
  } catch {
    return show(thrown);
  }
}
