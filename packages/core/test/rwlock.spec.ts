import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MAX_WRITERS_IN_A_ROW, RWLock } from '../src/rwlock.js';

/** A turn that lasts until it is told to end, and notes when it begins. */
function stage(lock: RWLock) {
  const log: string[] = [];
  const enders = new Map<string, () => void>();
  const start = (kind: 'read' | 'write', name: string, signal?: AbortSignal) =>
    lock[kind](
      () => {
        log.push(name);
        return new Promise<string>((resolve) => enders.set(name, () => resolve(name)));
      },
      { signal },
    );
  const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    enders.get(name)!();
    await settle();
  };
  return { log, start, end, settle };
}

describe('RWLock', () => {
  it('lets readers run beside each other', async () => {
    const { log, start, settle, end } = stage(new RWLock());
    const turns = [start('read', 'r1'), start('read', 'r2')];
    await settle();
    expect(log).toEqual(['r1', 'r2']);
    await end('r1');
    await end('r2');
    expect(await Promise.all(turns)).toEqual(['r1', 'r2']);
  });

  it('lets a writer run alone', async () => {
    const { log, start, settle, end } = stage(new RWLock());
    void start('write', 'w1');
    void start('write', 'w2');
    void start('read', 'r1');
    await settle();
    expect(log).toEqual(['w1']);
    await end('w1');
    expect(log).toEqual(['w1', 'w2']);
    await end('w2');
    expect(log).toEqual(['w1', 'w2', 'r1']);
  });

  it('prefers a waiting writer to readers who come after it', async () => {
    const { log, start, settle, end } = stage(new RWLock());
    void start('read', 'r1');
    void start('write', 'w1');
    void start('read', 'r2');
    await settle();
    expect(log).toEqual(['r1']);
    await end('r1');
    expect(log).toEqual(['r1', 'w1']);
    await end('w1');
    expect(log).toEqual(['r1', 'w1', 'r2']);
  });

  it(`lets waiting readers in, all at once, after ${MAX_WRITERS_IN_A_ROW} writers have passed them`, async () => {
    const { log, start, settle, end } = stage(new RWLock());
    void start('write', 'w0');
    void start('read', 'r1');
    void start('read', 'r2');
    for (let i = 1; i <= MAX_WRITERS_IN_A_ROW + 1; i++) void start('write', `w${i}`);
    await settle();
    for (let i = 0; i <= MAX_WRITERS_IN_A_ROW; i++) await end(`w${i}`);
    expect(log.slice(MAX_WRITERS_IN_A_ROW)).toEqual([`w${MAX_WRITERS_IN_A_ROW}`, 'r1', 'r2']);
    await end('r1');
    expect(log).toHaveLength(MAX_WRITERS_IN_A_ROW + 3);
    await end('r2');
    expect(log.at(-1)).toBe(`w${MAX_WRITERS_IN_A_ROW + 1}`);
  });

  it('passes on what the work returns or throws, and goes on', async () => {
    const lock = new RWLock();
    expect(await lock.read(() => 1)).toBe(1);
    await expect(lock.write(() => Promise.reject(new Error('a')))).rejects.toThrow('a');
    await expect(
      lock.write(() => {
        throw new Error('b');
      }),
    ).rejects.toThrow('b');
    expect(await lock.write(() => Promise.resolve(2))).toBe(2);
  });
});

describe('a signal', () => {
  it('ends the wait with its reason, and the others move up', async () => {
    const { log, start, settle, end } = stage(new RWLock());
    const controller = new AbortController();
    void start('read', 'r1');
    const writer = start('write', 'w1', controller.signal);
    void start('read', 'r2');
    await settle();
    expect(log).toEqual(['r1']);
    controller.abort(new Error('tired'));
    await expect(writer).rejects.toThrow('tired');
    await settle();
    expect(log).toEqual(['r1', 'r2']);
    await end('r1');
    await end('r2');
  });

  it('that has aborted before keeps the work from running', async () => {
    const lock = new RWLock();
    await expect(lock.read(() => 1, { signal: AbortSignal.abort() })).rejects.toThrow(/aborted/);
    expect(await lock.write(() => 2)).toBe(2);
  });

  it('has no effect on a turn that has begun', async () => {
    const { start, settle, end } = stage(new RWLock());
    const controller = new AbortController();
    const turn = start('write', 'w1', controller.signal);
    await settle();
    controller.abort();
    await end('w1');
    expect(await turn).toBe('w1');
  });
});

describe('a turn that is asked for wrongly', () => {
  const work = () => 1;
  it.each<[string, unknown, unknown]>([
    ['work', undefined, undefined],
    ['work', 5, {}],
    ['signal', work, { signal: {} }],
    ['signal', work, { signal: { aborted: false, throwIfAborted() {} } }],
    ['timeout', work, { timeout: '5s' }],
    ['options', work, 5],
  ])('is refused, naming %s, and holds nobody up', async (option, badWork, options) => {
    const lock = new RWLock();
    const { start, settle, end } = stage(lock);
    const writer = start('write', 'w1');
    await settle();
    for (const kind of ['read', 'write'] as const) {
      await expect(lock[kind](badWork as () => 1, options as object)).rejects.toMatchObject({
        code: 'ERR_LOCMEM_INVALID_OPTION',
        option,
      });
    }
    await end('w1');
    expect(await writer).toBe('w1');
    expect(await lock.write(() => 2)).toBe(2);
  });
});

describe('taking the lock again from within a turn', () => {
  it.each([
    ['read', 'read'],
    ['read', 'write'],
    ['write', 'read'],
    ['write', 'write'],
  ] as const)('%s in %s is a clear error, and the lock goes on', async (outer, inner) => {
    const lock = new RWLock();
    await expect(lock[outer](() => lock[inner](() => 1))).rejects.toMatchObject({
      code: 'ERR_LOCMEM_LOCK',
      kind: inner,
    });
    expect(await lock.write(() => 2)).toBe(2);
  });

  it('is found across awaits, and through a turn of another lock', async () => {
    const [a, b] = [new RWLock(), new RWLock()];
    const nested = a.write(async () => {
      await Promise.resolve();
      return b.read(() => a.read(() => 1));
    });
    await expect(nested).rejects.toMatchObject({ code: 'ERR_LOCMEM_LOCK' });
  });

  it('is allowed to a task that outlives the turn which started it', async () => {
    const lock = new RWLock();
    let later!: Promise<number>;
    let go!: () => void;
    const gate = new Promise<void>((resolve) => (go = resolve));
    await lock.write(() => {
      later = gate.then(() => lock.read(() => 7));
    });
    go();
    expect(await later).toBe(7);
  });
});

describe('under any schedule', () => {
  it('nobody is let in beside a writer, and nobody is forgotten', async () => {
    const task = fc.record({
      kind: fc.constantFrom('read' as const, 'write' as const),
      awaits: fc.nat(3),
      fails: fc.boolean(),
      aborts: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(task, { minLength: 1, maxLength: 14 }),
        async (s, tasks) => {
          const lock = new RWLock();
          let readers = 0;
          let writers = 0;
          const work = (kind: 'read' | 'write', awaits: number, fails: boolean) => async () => {
            if (kind === 'read') readers++;
            else writers++;
            for (let i = 0; i <= awaits; i++) {
              expect(writers === 0 || (writers === 1 && readers === 0)).toBe(true);
              await s.schedule(Promise.resolve());
            }
            if (kind === 'read') readers--;
            else writers--;
            if (fails) throw new Error('work');
          };
          const runs = tasks.map(async ({ kind, awaits, fails, aborts }) => {
            await s.schedule(Promise.resolve());
            const controller = new AbortController();
            const run = lock[kind](work(kind, awaits, fails), { signal: controller.signal });
            if (aborts) void s.schedule(Promise.resolve()).then(() => controller.abort());
            return run;
          });
          const results = Promise.allSettled(runs);
          await s.waitFor(results);
          for (const result of await results) {
            if (result.status === 'rejected') expect(String(result.reason)).toMatch(/work|aborted/);
          }
          expect(await lock.write(() => 'free')).toBe('free');
        },
      ),
      { numRuns: 300 },
    );
  });
});
