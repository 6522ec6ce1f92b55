/** What fails, the method or the store, in running applications: who is told, what is run again, what is kept. */
import { describe, expect, it } from '@jest/globals';
import type { AsyncCache } from '@locmem/core';
import { createTestCache } from '@locmem/core/testing';
import { Controller, Get, Injectable, Param, ParseIntPipe } from '@nestjs/common';
import { Cacheable, CacheEvict, getCacheToken, LocMemModule } from '../src/index.js';
import { asyncCache } from './async-cache.js';
import { PLATFORMS, serve, until } from './harness.js';

/** As a library may throw it: nothing that can be told from what a store throws. */
const NO_ERROR: unknown = 'no error object';

@Injectable()
class Rates {
  runs = 0;
  readonly gates: (() => void)[] = [];
  async #fails(): Promise<never> {
    const run = ++this.runs;
    await new Promise<void>((open) => this.gates.push(open));
    throw new RangeError(`run ${run}`);
  }
  @Cacheable({ unless: (result) => result === 7 })
  withUnless(): Promise<number> {
    return this.#fails();
  }
  @Cacheable({ key: 'kept', errorTimeout: '10s', tags: ['rates'] })
  async kept(): Promise<number> {
    throw new RangeError(`run ${++this.runs}`);
  }
  @Cacheable({ key: 'release', errorTimeout: '10s', version: (release) => release })
  async inRelease(release: number): Promise<number> {
    throw new RangeError(`run ${++this.runs} of ${release}`);
  }
  @Cacheable({ errorTimeout: '10s' })
  async uncopyable(): Promise<number> {
    throw Object.assign(new RangeError(`run ${++this.runs}`), { retry: () => undefined });
  }
  @Cacheable()
  async text(): Promise<number> {
    this.runs++;
    throw NO_ERROR;
  }
  @Cacheable({ errorTimeout: '10s' })
  async keptText(): Promise<number> {
    this.runs++;
    throw NO_ERROR;
  }
  @Cacheable({ errorTimeout: '10s' })
  async works(): Promise<number> {
    return ++this.runs;
  }
  @Cacheable({ key: 'slow', deadline: '1s' })
  async slow(): Promise<number> {
    await new Promise<void>((open) => this.gates.push(open));
    return ++this.runs;
  }
  @CacheEvict({ tags: ['rates'] })
  async evict(): Promise<void> {}
}

async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn++) await new Promise(setImmediate);
}

const told = (promise: Promise<unknown>) => promise.catch((error: unknown) => String(error));

@Controller()
class Handlers {
  asked = 0;
  constructor(private readonly rates: Rates) {}
  @Get('release/:release') inRelease(@Param('release', ParseIntPipe) release: number) {
    return told(this.rates.inRelease(release));
  }
  @Get('evict') evict() {
    return this.rates.evict();
  }
  @Get(':name') any(
    @Param('name') name: Exclude<keyof Rates, 'runs' | 'gates' | 'inRelease' | 'evict'>,
  ) {
    this.asked++;
    return told(this.rates[name]());
  }
}

describe.each(PLATFORMS)('on %s', (platform) => {
  const start = async (cache: AsyncCache | ReturnType<typeof createTestCache>) => {
    const { app, ask } = await serve(
      platform,
      { imports: [LocMemModule.register()], controllers: [Handlers], providers: [Rates] },
      { override: (builder) => builder.overrideProvider(getCacheToken()).useValue(cache) },
    );
    const tell = async (...paths: string[]) => {
      const texts = [];
      for (const path of paths) texts.push((await ask(path)).text);
      return texts;
    };
    return { tell, rates: app.get(Rates), handlers: app.get(Handlers) };
  };

  describe.each([
    ['a cache that answers at once', () => createTestCache()],
    ['a cache that answers with promises', () => asyncCache()],
  ] as const)('with %s', (_which, cacheFor) => {
    it('a method that fails has run once for all who wait for it', async () => {
      const { tell, rates, handlers } = await start(cacheFor());
      const asking = [tell('/withUnless'), tell('/withUnless'), tell('/withUnless')];
      await until(() => handlers.asked === 3 && rates.gates.length > 0);
      await turns(3); // the store hears of the last one
      rates.gates[0]!();
      const expected = ['RangeError: run 1'];
      expect(await Promise.all(asking)).toEqual([expected, expected, expected]);
      expect(rates.runs).toBe(1);
    });

    it('an error that is kept is thrown to all who ask at the same time', async () => {
      const { tell, rates } = await start(cacheFor());
      await tell('/kept');
      const together = await Promise.all([tell('/kept'), tell('/kept'), tell('/kept')]);
      expect(together.flat()).toEqual(Array<string>(3).fill('RangeError: run 1'));
      expect(rates.runs).toBe(1);
    });

    it('an error that is kept goes with its tags', async () => {
      const { tell } = await start(cacheFor());
      expect(await tell('/kept', '/kept', '/evict', '/kept')).toEqual([
        ...['RangeError: run 1', 'RangeError: run 1', '', 'RangeError: run 2'],
      ]);
    });

    it('an error that is kept is one of its version', async () => {
      const { tell } = await start(cacheFor());
      const paths = ['/release/2', '/release/3', '/release/2', '/release/3', '/release/1'];
      expect(await tell(...paths)).toEqual([
        ...['RangeError: run 1 of 2', 'RangeError: run 2 of 3', 'RangeError: run 1 of 2'],
        ...['RangeError: run 2 of 3', 'RangeError: run 3 of 1'],
      ]);
    });

    it('an error that cannot be kept is thrown, and the method runs again', async () => {
      const { tell } = await start(cacheFor());
      expect(await tell('/uncopyable', '/uncopyable')).toEqual([
        ...['RangeError: run 1', 'RangeError: run 2'],
      ]);
    });

    it('what is thrown need not be an error: the method runs once for each call', async () => {
      const { tell, rates } = await start(cacheFor());
      expect(await tell('/text', '/text')).toEqual([NO_ERROR, NO_ERROR]);
      expect(rates.runs).toBe(2);
      expect(await tell('/keptText', '/keptText')).toEqual([NO_ERROR, NO_ERROR]);
      expect(rates.runs).toBe(3);
    });
  });

  it('who waits for the call of another is told of the deadline, and does not run it again', async () => {
    const cache = createTestCache();
    const { tell, rates, handlers } = await start(cache);
    const asking = [tell('/slow'), tell('/slow')];
    await until(() => handlers.asked === 2 && rates.gates.length > 0);
    cache.advance('1s');
    const [one, other] = await Promise.all(asking);
    expect(one![0]).toMatch(/^DeadlineError/);
    expect(other).toEqual(one);
    expect(rates.gates).toHaveLength(1);
  });

  /** A store that has lost what it needs for one of its methods. */
  const without = (lost: 'get' | 'set') => {
    const whole = asyncCache();
    const reason = Object.assign(new Error('connection lost'), { code: 'ECONNRESET' });
    return new Proxy(whole, {
      get: (_target, name) =>
        name === lost ? () => Promise.reject(reason) : Reflect.get(whole, name),
    });
  };

  it('a store that cannot say whether there is an error does not cost the result', async () => {
    const { tell } = await start(without('get'));
    expect(await tell('/works', '/works')).toEqual(['1', '1']);
  });

  it('a store that cannot keep an error does not hide it, and ends no process', async () => {
    const unhandled: unknown[] = [];
    const note = (reason: unknown) => unhandled.push(reason);
    process.on('unhandledRejection', note);
    try {
      const { tell } = await start(without('set'));
      expect(await tell('/kept', '/kept')).toEqual(['RangeError: run 1', 'RangeError: run 2']);
      await new Promise(setImmediate);
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});
