/** Who listens to cached streams in a running application, who leaves and who comes late, over either kind of cache. */
import { describe, expect, it } from '@jest/globals';
import { createTestCache } from '@locmem/core/testing';
import { Injectable } from '@nestjs/common';
import { firstValueFrom, Observable } from 'rxjs';
import type { Subscriber } from 'rxjs';
import { Cacheable, getCacheToken, LocMemModule } from '../src/index.js';
import { asyncCache } from './async-cache.js';
import { serve, until } from './harness.js';

@Injectable()
class Feed {
  /** One for each run. */
  readonly sources: Subscriber<unknown>[] = [];
  letGo = 0;
  /** What each run begins with, before anybody else can do anything. */
  begin: (source: Subscriber<unknown>) => void = () => undefined;

  @Cacheable({ key: 'items', timeout: '1m', stale: '1h', version: (version = 1) => version })
  items(_version = 1): Observable<unknown> {
    return new Observable((source) => {
      this.sources.push(source);
      this.begin(source);
      return () => {
        this.letGo++;
      };
    });
  }

  rowRuns = 0;
  row: (run: number) => Promise<unknown> = (run) => Promise.resolve(run);
  @Cacheable({ key: 'rows', timeout: '1m', stale: '1h', version: (version = 1) => version })
  async *rows(_version = 1) {
    yield await this.row(++this.rowRuns);
  }
}

/** What a subscriber has been told so far. */
function listen(items: Observable<unknown>) {
  const told: unknown[] = [];
  const subscription = items.subscribe({
    next: (item) => told.push(item),
    error: (error: unknown) => told.push(String(error)),
    complete: () => told.push('end'),
  });
  const leave = () => {
    subscription.unsubscribe();
  };
  return { told, leave };
}

async function read(rows: AsyncIterable<unknown>): Promise<unknown[]> {
  const items = [];
  for await (const row of rows) items.push(row);
  return items;
}

/** As long as everything that is under way may take. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 10; turn++) await new Promise(setImmediate);
}

describe.each([
  { kind: 'answers at once', over: (cache: ReturnType<typeof createTestCache>) => cache },
  { kind: 'answers with promises', over: asyncCache },
])('with a cache that $kind', ({ over }) => {
  const start = async () => {
    const cache = createTestCache();
    const { app } = await serve(
      'Express',
      { imports: [LocMemModule.register()], providers: [Feed] },
      { override: (builder) => builder.overrideProvider(getCacheToken()).useValue(over(cache)) },
    );
    const feed = app.get(Feed);
    const begun = (runs: number) => until(() => feed.sources.length === runs);
    return { feed, cache, begun };
  };

  it('items are passed on as they come, and to nobody who asks for another version', async () => {
    const { feed, cache, begun } = await start();
    const one = listen(feed.items(1));
    await begun(1);
    const other = listen(feed.items(2));
    await begun(2);
    feed.sources[0]!.next('of 1');
    feed.sources[1]!.next('of 2');
    await settled();
    expect([one.told, other.told, cache.size]).toEqual([['of 1'], ['of 2'], 0]);
    for (const source of feed.sources) source.complete();
    await settled();
    expect([one.told, other.told]).toEqual([
      ['of 1', 'end'],
      ['of 2', 'end'],
    ]);
    expect(feed.sources).toHaveLength(2);
  });

  it('rows are read by nobody who asks for another version', async () => {
    const { feed } = await start();
    const gates: (() => void)[] = [];
    feed.row = async (run) => {
      await new Promise<void>((open) => gates.push(open));
      return run;
    };
    const one = read(feed.rows(1));
    await until(() => gates.length === 1);
    const other = read(feed.rows(2));
    await until(() => gates.length === 2);
    for (const open of gates) open();
    expect([await one, await other]).toEqual([[1], [2]]);
    expect([await read(feed.rows(1)), await read(feed.rows(2))]).toEqual([[1], [2]]);
  });

  it('one that fails is told to all who listen, once and when it does; the next one begins anew', async () => {
    const { feed, begun } = await start();
    const listeners = [listen(feed.items()), listen(feed.items())];
    await begun(1);
    await settled();
    feed.sources[0]!.error(new Error('broken'));
    expect(listeners[0]!.told).toEqual(['Error: broken']);
    await settled();
    for (const { told } of listeners) expect(told).toEqual(['Error: broken']);
    const next = listen(feed.items());
    await begun(2);
    feed.sources[1]!.next('whole');
    feed.sources[1]!.complete();
    await settled();
    expect(next.told).toEqual(['whole', 'end']);
  });

  it('rows that fail are read anew by the next one', async () => {
    const { feed } = await start();
    feed.row = (run) => (run === 1 ? Promise.reject(new Error('broken')) : Promise.resolve(run));
    await expect(read(feed.rows())).rejects.toThrow('broken');
    expect(await read(feed.rows())).toEqual([2]);
    expect(await read(feed.rows())).toEqual([2]);
  });

  it('one undefined is no result: each asks anew, and once', async () => {
    const { feed, cache } = await start();
    feed.begin = (source) => {
      source.next(undefined);
      source.complete();
    };
    feed.row = () => Promise.resolve(undefined);
    for (const runs of [1, 2]) {
      const { told } = listen(feed.items());
      await settled();
      expect([told, feed.sources.length]).toEqual([[undefined, 'end'], runs]);
      expect(await read(feed.rows())).toEqual([undefined]);
      await settled();
      expect([feed.rowRuns, cache.size]).toEqual([runs, 0]);
    }
  });

  it('stale: the refresh goes to its end, though nobody waits for it', async () => {
    const { feed, cache, begun } = await start();
    const first = listen(feed.items());
    await begun(1);
    feed.sources[0]!.next('old');
    feed.sources[0]!.complete();
    await settled();
    cache.advance('2m');
    const second = listen(feed.items());
    await begun(2);
    await settled();
    const meanwhile = listen(feed.items());
    await settled();
    for (const { told } of [first, second, meanwhile]) expect(told).toEqual(['old', 'end']);
    expect(feed.letGo).toBe(1);
    feed.sources[1]!.next('new');
    feed.sources[1]!.complete();
    await settled();
    const third = listen(feed.items());
    await settled();
    expect([third.told, feed.sources.length]).toEqual([['new', 'end'], 2]);
  });

  it('stale: old rows are given while the new ones are read to their end', async () => {
    const { feed, cache } = await start();
    expect(await read(feed.rows())).toEqual([1]);
    await settled();
    cache.advance('2m');
    const gates: (() => void)[] = [];
    feed.row = async (run) => {
      await new Promise<void>((open) => gates.push(open));
      return run;
    };
    expect(await read(feed.rows())).toEqual([1]);
    await until(() => gates.length === 1);
    expect(await read(feed.rows())).toEqual([1]);
    gates[0]!();
    await settled();
    expect(await read(feed.rows())).toEqual([2]);
    expect([feed.rowRuns, gates.length]).toEqual([2, 1]);
  });

  it('who leaves before the source has begun leaves nothing behind', async () => {
    const { feed, begun } = await start();
    listen(feed.items()).leave();
    await begun(1);
    await settled();
    expect([feed.letGo, feed.sources.length]).toEqual([1, 1]);
  });

  it('when all have left, the source is let go, and asked no more', async () => {
    const { feed, begun } = await start();
    const listeners = [listen(feed.items()), listen(feed.items())];
    await begun(1);
    for (const { leave } of listeners) leave();
    await settled();
    expect([feed.letGo, feed.sources.length]).toEqual([1, 1]);
    expect(listeners.map(({ told }) => told)).toEqual([[], []]);
  });

  it('who stays is served, whoever leaves', async () => {
    const { feed, begun } = await start();
    const [leaves, stays] = [listen(feed.items()), listen(feed.items())];
    await begun(1);
    leaves.leave();
    await settled();
    const source = feed.sources.at(-1)!;
    source.next('for who stays');
    source.complete();
    await settled();
    expect([leaves.told, stays.told]).toEqual([[], ['for who stays', 'end']]);
  });

  it('a source that has an item at once is let go by who wants no other', async () => {
    const { feed } = await start();
    feed.begin = (source) => {
      source.next('first');
    };
    expect(await firstValueFrom(feed.items())).toBe('first');
    await settled();
    expect(feed.letGo).toBe(1);
  });

  it('who comes late is given items as they were', async () => {
    const { feed, begun } = await start();
    listen(feed.items());
    await begun(1);
    const item = { n: 1 };
    feed.sources[0]!.next(item);
    item.n = 2;
    const late = listen(feed.items());
    await settled();
    expect(late.told).toEqual([{ n: 1 }]);
    feed.sources[0]!.complete();
    await settled();
  });
});
