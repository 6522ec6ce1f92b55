// One cache under random operations, with a note of what was last written under each key.
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { LocMemCache } from '@locmem/core';
import { TestClock } from '@locmem/core/testing';

const { structuredClone } = globalThis;

const KEYS = 2_000;
const MAX_ENTRIES = 1_500;
const TAGS = 8;

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export class Subject {
  #random;
  #isShared;
  #clock = new TestClock();
  /** Key → what was last written, and how; undefined = anybody's guess. Not there: removed. */
  #written = new Map();
  /** Keys that a load or an update may still write to. */
  #unsettled = new Set();
  /** Tag → how often it was purged. */
  #purges = new Map();
  #serial = 0;
  #pending = [];

  constructor({ policy, isolation, keyFunction }, random) {
    this.#random = random;
    this.#isShared = isolation === 'share';
    this.cache = new LocMemCache(`soak ${policy} ${isolation} ${keyFunction ? 'full keys' : ''}`, {
      ...{ policy, isolation, keyFunction, clock: this.#clock, timeout: 30 },
      ...{ maxEntries: MAX_ENTRIES, maxBytes: 2_000_000, keyCheck: 'off' },
      onWarning: () => undefined,
    });
  }

  step() {
    const dice = this.#random();
    if (dice < 0.5) this.#get();
    else if (dice < 0.75) this.#set();
    else if (dice < 0.8) this.#load();
    else if (dice < 0.84) this.#getMany();
    else if (dice < 0.88) this.#remove();
    else if (dice < 0.91) this.#touch();
    else if (dice < 0.94) this.#count();
    else if (dice < 0.96) this.#update();
    else if (dice < 0.975) this.#newKey();
    else if (dice < 0.985) this.#newVersion();
    else if (dice < 0.99) this.#purge();
    else if (dice < 0.9999) this.#clock.advance(this.#random());
    else this.clear();
  }

  /** Loads and updates under way come to their end. */
  async settle() {
    await Promise.all(this.#pending.splice(0));
    await turn();
    this.#unsettled.clear();
  }

  clear() {
    this.cache.clear();
    this.#written.clear();
    for (const key of this.#unsettled) this.#written.set(key, undefined);
  }

  finish() {
    const { cache } = this;
    assert(cache.size <= MAX_ENTRIES);
    assert(cache.bytes <= 2_000_000);
    assert.equal([...cache.keys({ all: true })].length <= cache.size, true);
    cache.clear();
    assert.equal(cache.size, 0);
    assert.equal(cache.bytes, 0);
  }

  // ---- operations ------------------------------------------------------------------------------

  #get() {
    const key = this.#key();
    this.#check(key, this.cache.get(key));
  }

  #getMany() {
    const keys = new Set(Array.from({ length: 5 }, () => this.#key()));
    const found = this.cache.getMany(keys);
    for (const key of keys) this.#check(key, found.get(key));
  }

  #set() {
    const key = this.#key();
    const write = this.#write();
    if (this.#random() < 0.2) {
      if (!this.cache.add(key, write.value, options(write))) return;
    } else {
      this.cache.set(key, write.value, options(write));
    }
    this.#note(key, write);
  }

  #load() {
    const key = this.#key();
    const write = this.#write();
    let work;
    const loader = () => {
      const fails = this.#random() < 0.1;
      work = fails ? Promise.reject(new Error('no database')) : Promise.resolve(write.value);
      return work;
    };
    const got = this.cache.getOrSet(key, loader, { ...options(write), stale: '5s' });
    // A refresh may run beside a value that is served stale.
    if (work || got instanceof Promise) this.#leaveOpen(key, Promise.allSettled([work, got]));
  }

  #update() {
    const key = this.#key();
    const { value } = this.#write();
    this.#leaveOpen(
      key,
      this.cache.update(key, () => value),
    );
  }

  #remove() {
    const key = this.#key();
    if (this.#random() < 0.5) this.cache.delete(key);
    else this.cache.deleteMany([key]);
    if (this.#unsettled.has(key)) this.#written.set(key, undefined);
    else this.#written.delete(key);
  }

  #touch() {
    const key = this.#key();
    const timeout = this.#timeout();
    const note = this.#written.get(key);
    if (this.cache.touch(key, { timeout }) && note) note.endsMs = this.#endsAt(timeout);
  }

  #count() {
    const key = `count ${Math.floor(this.#random() * 50)}`;
    this.cache.add(key, 0, { timeout: 5 });
    const before = this.cache.get(key);
    assert.equal(this.cache.incr(key, 2), before + 2);
  }

  /** A key that never comes again. */
  #newKey() {
    this.cache.set(`once ${this.#serial++}`, this.#value(), { tags: [`once ${this.#serial}`] });
  }

  /** A version that never comes again. */
  #newVersion() {
    const version = 2 + this.#serial++;
    this.cache.set('k', version, { version, timeout: 1 });
    assert.equal(this.cache.incrVersion('k', 1, { version }), version + 1);
    assert.equal(this.cache.get('k', { version: version + 1 }), version);
  }

  #purge() {
    const tag = this.#tag();
    const soft = this.#random() < 0.3;
    this.cache.deleteByTag(tag, { soft });
    this.#purges.set(tag, (this.#purges.get(tag) ?? 0) + 1);
  }

  // ---- what is right ---------------------------------------------------------------------------

  #check(key, value) {
    if (value === undefined || (this.#written.has(key) && !this.#written.get(key))) return;
    const note = this.#written.get(key);
    assert(note, `${key} was removed, and came back`);
    assert(note.endsMs > this.#clock.now(), `${key} has expired, and was served`);
    const isPurged = note.tags?.some((tag, i) => (this.#purges.get(tag) ?? 0) !== note.purges[i]);
    assert(!isPurged, `${key} was purged, and was served`);
    assert.deepEqual(value, note.value);
    if (!this.#isShared && typeof value === 'object') spoil(value);
  }

  /** Who writes last is not known here: the key is forgotten until it is set after that. */
  #leaveOpen(key, work) {
    this.#unsettled.add(key);
    this.#written.set(key, undefined);
    this.#pending.push(work);
  }

  #note(key, { value, timeout, tags }) {
    if (this.#unsettled.has(key)) return;
    const purges = tags?.map((tag) => this.#purges.get(tag) ?? 0);
    this.#written.set(key, {
      value: structuredClone(value),
      endsMs: this.#endsAt(timeout),
      tags,
      purges,
    });
  }

  #endsAt(timeout) {
    if (timeout === null) return Infinity;
    return this.#clock.now() + (timeout ?? 30) * 1000;
  }

  // ---- material --------------------------------------------------------------------------------

  /** Some keys are far more popular than others. */
  #key() {
    return `key ${Math.floor(this.#random() ** 3 * KEYS)}`;
  }

  #tag() {
    return `tag ${Math.floor(this.#random() * TAGS)}`;
  }

  #timeout() {
    return [undefined, null, 1, 10, 3600][Math.floor(this.#random() * 5)];
  }

  #write() {
    const tags = this.#random() < 0.3 ? [this.#tag()] : undefined;
    return { value: this.#value(), timeout: this.#timeout(), tags };
  }

  #value() {
    const serial = this.#serial++;
    const dice = this.#random();
    if (dice < 0.3) return serial;
    if (dice < 0.6) return `value ${serial}`;
    if (dice < 0.8) return { serial, name: 'Ada', tags: ['a', 'b'], nested: { at: serial } };
    if (dice < 0.9) return [serial, { at: new Date(serial) }, new Map([['k', serial]])];
    return 'x'.repeat(Math.floor(this.#random() * 3000));
  }
}

function options({ timeout, tags }) {
  return { timeout, tags };
}

/** What a careless reader does to its copy. */
function spoil(value) {
  if (Object.isFrozen(value)) return;
  if (Array.isArray(value)) value.length = 0;
  else value.spoilt = true;
}
