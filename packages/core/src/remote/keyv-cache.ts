/** Any Keyv adapter as a backend: Memcached, Postgres, SQLite, MongoDB, … */
import { InvalidOptionError } from '../errors.js';
import { KeyvBackend, type KeyvLike } from './keyv-backend.js';
import { resolveRemoteOptions, type RemoteOptions } from './options.js';
import { RemoteCache } from './remote-cache.js';
import { isWellFormed } from './well-formed.js';

/** Options of {@link KeyvCache}; all but `keyv` may be left out. */
export interface KeyvCacheOptions extends RemoteOptions {
  /** A Keyv. It stays yours: to connect and to disconnect. */
  keyv: KeyvLike;
}

/**
 * The contract over a Keyv. What Keyv cannot do in one step (`add`, `incr`, `update`, one load for all who
 * ask) holds within a process; between processes the last writer wins.
 *
 * @example
 * ```ts
 * import assert from 'node:assert/strict';
 * import { KeyvCache } from '@locmem/core/keyv';
 * import Keyv from 'keyv';
 *
 * const keyv = new Keyv(); // or over @keyv/sqlite, @keyv/postgres, @keyv/memcache, @keyv/mongo
 * const cache = new KeyvCache('shop', { keyv, timeout: '5m' });
 *
 * await cache.set('user:7', { since: new Date(0) }, { tags: ['users'] });
 * assert.deepEqual(await cache.get('user:7'), { since: new Date(0) });
 * await cache.deleteByTag('users');
 * assert.equal(await cache.get('user:7'), undefined);
 * ```
 */
export class KeyvCache extends RemoteCache {
  /**
   * @param name what sets its keys apart from others in the same Keyv
   * @throws {InvalidOptionError} when an option does not exist or breaks its rule
   */
  constructor(name: string, options: KeyvCacheOptions) {
    const place = 'KeyvCache';
    if (typeof (name as unknown) !== 'string' || name === '' || !isWellFormed(name)) {
      const rule = 'must be a non-empty string without lone surrogates';
      throw new InvalidOptionError(place, 'name', rule, name);
    }
    const resolved = resolveRemoteOptions(place, options, ['keyv']);
    const { keyv } = options as { keyv?: Partial<KeyvLike> | null };
    if (typeof keyv?.get !== 'function' || typeof keyv.set !== 'function') {
      throw new InvalidOptionError(place, 'keyv', 'must be a Keyv', keyv);
    }
    const { clock } = options;
    const now = clock ? () => clock.now() : Date.now;
    const { time, deadlineMs } = resolved;
    super(name, resolved, new KeyvBackend(name, options.keyv, now, time, deadlineMs));
  }
}
