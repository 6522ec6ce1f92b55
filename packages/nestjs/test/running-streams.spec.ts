/** Observables and async iterables of cached methods in a running application: passed on as they come, kept when complete. */
import { describe, expect, it } from '@jest/globals';
import { Controller, Get, Injectable } from '@nestjs/common';
import { Observable, toArray } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { Cacheable } from '../src/index.js';
import { PLATFORMS, serveCaches, until } from './harness.js';

@Injectable()
class Feed {
  runs = 0;
  readonly subscribers: Subscriber<string>[] = [];

  @Cacheable({ timeout: '1m' })
  items(): Observable<string> {
    return new Observable((subscriber) => {
      this.runs++;
      this.subscribers.push(subscriber);
    });
  }

  /** Each opens the way to one row. */
  readonly gates: (() => void)[] = [];
  @Cacheable({ timeout: '1m' })
  async *rows(): AsyncGenerator<string> {
    this.runs++;
    for (const row of ['a', 'b']) {
      await new Promise<void>((open) => this.gates.push(open));
      yield `${row}${this.runs}`;
    }
    if (this.runs === 1) throw new Error('broken');
  }
}

@Controller()
class Handlers {
  listening = 0;
  constructor(private readonly feed: Feed) {}
  @Get('items') items() {
    this.listening++;
    return this.feed.items().pipe(toArray());
  }
  @Get('rows') async rows() {
    this.listening++;
    const rows = [];
    try {
      for await (const row of this.feed.rows()) rows.push(row);
    } catch (error) {
      rows.push((error as Error).message);
    }
    return rows;
  }
}

describe.each(PLATFORMS)('streams in an application on %s', (platform) => {
  const start = async () => {
    const served = await serveCaches(platform, { controllers: [Handlers], providers: [Feed] });
    return { ...served, feed: served.app.get(Feed), handlers: served.app.get(Handlers) };
  };

  it('an Observable: one run for requests at the same time, and for those that come later', async () => {
    const { tell, ask, cache, feed, handlers } = await start();
    const first = tell('/items');
    await until(() => handlers.listening === 1);
    feed.subscribers[0]!.next('a');
    const second = tell('/items');
    await until(() => handlers.listening === 2);
    feed.subscribers[0]!.next('b');
    expect(cache.size).toBe(0);
    feed.subscribers[0]!.complete();
    expect([await first, await second]).toEqual([['["a","b"]'], ['["a","b"]']]);
    expect(await tell('/items')).toEqual(['["a","b"]']);
    expect(feed.runs).toBe(1);

    cache.advance('1m');
    const failing = ask('/items');
    await until(() => feed.subscribers.length === 2);
    feed.subscribers[1]!.next('c');
    feed.subscribers[1]!.error(new Error('broken'));
    expect((await failing).status).toBe(500);
    expect(cache.size).toBe(0);
  });

  it('an async generator: nothing of one that fails, and one run of one that does not', async () => {
    const { tell, cache, feed, handlers } = await start();
    const failing = tell('/rows');
    await until(() => feed.gates.length === 1);
    feed.gates[0]!();
    await until(() => feed.gates.length === 2);
    feed.gates[1]!();
    expect(await failing).toEqual(['["a1","b1","broken"]']);
    expect(cache.size).toBe(0);

    const together = [tell('/rows'), tell('/rows')];
    await until(() => handlers.listening === 3 && feed.gates.length === 3);
    feed.gates[2]!();
    await until(() => feed.gates.length === 4);
    feed.gates[3]!();
    expect(await Promise.all(together)).toEqual([['["a2","b2"]'], ['["a2","b2"]']]);
    expect(await tell('/rows')).toEqual(['["a2","b2"]']);
    expect(feed.runs).toBe(2);
  });
});
