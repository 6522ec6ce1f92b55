import assert from 'node:assert/strict';
import { keysOf, type Chapter } from './kit.js';

export const prefixes: Chapter = {
  'caches with the same prefix and version share their entries': async ({ cache, sibling }) => {
    const other = await sibling({});
    await cache.set('k', 1);
    assert.equal(await other.get('k'), 1);
    await other.delete('k');
    assert.equal(await cache.has('k'), false);
  },
  'caches with different prefixes do not meet': async ({ cache, sibling }) => {
    const other = await sibling({ keyPrefix: 'other' });
    await cache.set('k', 1);
    assert.equal(await other.get('k'), undefined);
    await other.set('k', 2);
    assert.equal(await cache.get('k'), 1);
    assert.deepEqual(await keysOf(other), ['k']);
    assert.notEqual(cache.makeKey('k'), other.makeKey('k'));
  },
  'a cache may have another version of its own': async ({ cache, sibling }) => {
    const later = await sibling({ version: 2 });
    await cache.set('k', 1);
    assert.equal(await later.get('k'), undefined);
    assert.equal(await later.get('k', { version: 1 }), 1);
    await later.set('k', 2);
    assert.equal(await cache.get('k', { version: 2 }), 2);
  },
  'a cache may have another timeout of its own': async ({ sibling }) => {
    const brief = await sibling({ timeout: 10 });
    await brief.set('k', 1);
    const left = await brief.ttl('k');
    assert(typeof left === 'number' && left <= 10 && left > 9);
    await brief.touch('k', { timeout: null });
    await brief.touch('k');
    assert.equal(Math.ceil((await brief.ttl('k')) ?? 0), 10);
  },
  'clear() may be of one prefix': async ({ cache, sibling }) => {
    const other = await sibling({ keyPrefix: 'other' });
    await cache.set('k', 1);
    await other.set('k', 2);
    await cache.clear({ keyPrefix: 'other' });
    assert.equal(await cache.get('k'), 1);
    assert.equal(await other.get('k'), undefined);
  },
  'clear() without options is for all': async ({ cache, sibling }) => {
    const other = await sibling({ keyPrefix: 'other' });
    await other.set('k', 2);
    await cache.clear();
    assert.equal(await other.has('k'), false);
  },
};
