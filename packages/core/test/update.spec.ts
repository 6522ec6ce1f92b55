import { describe, expect, it } from '@jest/globals';
import { testCache } from './support/test-cache.js';

const tick = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('update()', () => {
  it('reads, changes and writes', async () => {
    const { cache } = testCache();
    expect(await cache.update<number>('n', (old = 0) => old + 1)).toBe(1);
    expect(await cache.update<number>('n', async (old = 0) => Promise.resolve(old + 1))).toBe(2);
    expect(cache.get('n')).toBe(2);
  });

  it('does one at a time for each key, in the order of the calls', async () => {
    const { cache } = testCache();
    const add = (item: string) =>
      cache.update<string[]>('list', async (old = []) => {
        await tick();
        return [...old, item];
      });
    await Promise.all(['a', 'b', 'c', 'd'].map(add));
    expect(cache.get('list')).toEqual(['a', 'b', 'c', 'd']);
  });

  it('does different keys, versions and prefixes beside each other', async () => {
    const { cache, sibling } = testCache();
    let running = 0;
    let most = 0;
    const slow = async () => {
      most = Math.max(most, ++running);
      await tick();
      running--;
      return 1;
    };
    await Promise.all([
      cache.update('a', slow),
      cache.update('b', slow),
      cache.update('a', slow, { version: 2 }),
      sibling({ keyPrefix: 'p' }).update('a', slow),
    ]);
    expect(most).toBe(4);
  });

  it('leaves the entry alone when the function fails, and goes on with the next', async () => {
    const { cache } = testCache();
    cache.set('n', 1);
    const results = await Promise.allSettled([
      cache.update('n', () => Promise.reject(new Error('no'))),
      cache.update<number>('n', (old = 0) => old + 1),
    ]);
    expect(results).toEqual([
      { status: 'rejected', reason: new Error('no') },
      { status: 'fulfilled', value: 2 },
    ]);
  });

  it('keeps the expiry and tags of the entry, unless it is given others', async () => {
    const { cache, advance } = testCache();
    cache.set('n', 1, { timeout: 100, tags: ['t'] });
    advance(40);
    await cache.update('n', () => 2);
    expect(cache.ttl('n')).toBe(60);
    await cache.update('n', () => 3, { timeout: 7 });
    expect(cache.ttl('n')).toBe(7);
    cache.set('m', 1, { tags: ['t'] });
    await cache.update('m', () => 2);
    cache.deleteByTag('t');
    expect(cache.has('m')).toBe(false);
  });

  it('hands out and keeps copies', async () => {
    const { cache } = testCache();
    const given = { list: [1] };
    const returned = await cache.update('k', () => given);
    given.list.push(2);
    returned.list.push(3);
    await cache
      .update<typeof given>('k', (old) => {
        old!.list.push(4);
        throw new Error('changed its mind');
      })
      .catch(() => undefined);
    expect(cache.get('k')).toEqual({ list: [1] });
  });

  it('refuses what cannot be stored, with the entry unchanged', async () => {
    const { cache } = testCache();
    cache.set('k', 1);
    await expect(cache.update<any>('k', () => () => 1)).rejects.toMatchObject({
      code: 'ERR_LOCMEM_NOT_SERIALIZABLE',
    });
    await expect(cache.update<any>('k', () => undefined)).rejects.toThrow(/undefined/);
    expect(cache.get('k')).toBe(1);
  });

  it('lets a caller give up waiting for its turn', async () => {
    const { cache } = testCache();
    let finish!: () => void;
    const first = cache.update(
      'k',
      () => new Promise<number>((resolve) => (finish = () => resolve(1))),
    );
    await tick();
    const controller = new AbortController();
    let ran = false;
    const second = cache.update('k', () => ((ran = true), 2), { signal: controller.signal });
    const third = cache.update<number>('k', (old = 0) => old + 10);
    controller.abort(new Error('tired'));
    await expect(second).rejects.toThrow('tired');
    finish();
    expect(await first).toBe(1);
    expect(await third).toBe(11);
    expect(ran).toBe(false);
  });

  it('refuses an update of the key from within an update of it, which would wait for itself', async () => {
    const { cache } = testCache();
    const nested = cache.update<number>('n', async (old = 0) => {
      await tick();
      return (await cache.update<number>('n', (inner = 0) => inner + 1)) + old;
    });
    await expect(nested).rejects.toMatchObject({ code: 'ERR_LOCMEM_LOCK', kind: 'update' });
    expect(await cache.update<number>('n', (old = 0) => old + 1)).toBe(1);
    const others = cache.update('n', () => cache.update<number>('m', () => 5));
    expect(await others).toBe(5);
  });

  it('refuses wrong options before the function runs', () => {
    const { cache } = testCache();
    let ran = false;
    const fn = () => ((ran = true), 1);
    expect(() => cache.update('k', fn, { timeout: NaN })).toThrow(/Invalid timeout/);
    expect(() => cache.update('k', fn, { tags: 't' as any })).toThrow(/tags must be/);
    expect(() => cache.update('k', fn, { signal: {} as any })).toThrow(/AbortSignal/);
    expect(() => cache.update('k', fn, { ttl: 1 } as any)).toThrow(/ttl is no option/);
    expect(ran).toBe(false);
  });

  it('does not keep a value that is too large, whatever was there before', async () => {
    const { cache, warnings } = testCache({ maxEntryBytes: 500 });
    cache.set('k', 'small');
    expect(await cache.update('k', () => 'x'.repeat(1000))).toHaveLength(1000);
    expect(cache.get('k')).toBeUndefined();
    expect(warnings).toMatchObject([{ code: 'LOCMEM_ENTRY_TOO_LARGE' }]);
    expect(cache.bytes).toBe(0);
  });
});

describe('lock', () => {
  it('is one for all caches of a named store', async () => {
    const { cache, sibling } = testCache();
    const other = sibling({ keyPrefix: 'p' });
    const log: string[] = [];
    const writing = cache.lock.write(async () => {
      log.push('write begins');
      await tick();
      log.push('write ends');
    });
    await other.lock.read(() => log.push('read'));
    await writing;
    expect(log).toEqual(['write begins', 'write ends', 'read']);
  });
});
