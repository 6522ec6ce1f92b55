/**
 * Types only: `import '@locmem/core/testing/jest'` makes the matchers known to the `expect` of Jest, the
 * global one (@types/jest) and the imported one (@jest/globals).
 */
import type { CacheMatchers } from './matchers.js';

/** Jest's matchers, ours now among them. */
export type { Matchers } from 'expect';

declare module 'expect' {
  interface Matchers<R extends void | Promise<void>, T = unknown> extends CacheMatchers<R, T> {}
}

declare global {
  namespace jest {
    interface Matchers<R, T = {}> extends CacheMatchers<R, T> {}
  }
}
