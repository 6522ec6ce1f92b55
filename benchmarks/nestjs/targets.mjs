/** What the decorators and pages are to reach, as it was set before they were measured. */
import { atLeast, atMost, NotMeasured } from '../harness/targets.mjs';

const ofMethod = (figures, name) => found(figures.methods, (row) => row.name === name).ns.median;
const ofPage = (figures, id) => found(figures.pages, (row) => row.id === id).perSecond.median;

function found(rows, is) {
  const row = rows?.find(is);
  if (row === undefined) throw new NotMeasured();
  return row;
}

const peers = (figures) =>
  (figures.methods ?? []).filter(
    ({ group, isOurs, name }) => group === 'async' && !isOurs && !name.startsWith('the method'),
  );

export const targets = [
  {
    what: 'LocMem @CachePage, front: true, on Express',
    goal: "≥ 5 × Nest's CacheInterceptor",
    measure: (figures) => ofPage(figures, 'Express/front') / ofPage(figures, 'Express/interceptor'),
    isMet: atLeast(5),
  },
  {
    what: 'LocMem @CachePage, front: true, on Fastify',
    goal: "≥ 2 × Nest's CacheInterceptor",
    measure: (figures) => ofPage(figures, 'Fastify/front') / ofPage(figures, 'Fastify/interceptor'),
    isMet: atLeast(2),
  },
  {
    what: 'LocMem @Cacheable, a hit on ten fields, default key',
    goal: '≤ 2 × LocMemCache.get, the key at hand',
    measure: (figures) =>
      ofMethod(figures, 'LocMem @Cacheable, default key') /
      ofMethod(figures, 'LocMemCache.get, the key at hand'),
    isMet: atMost(2),
  },
  {
    what: 'LocMem @Cacheable, a hit on ten fields, default key',
    goal: '≤ 2 × LocMemCache.get, the key made',
    measure: (figures) =>
      ofMethod(figures, 'LocMem @Cacheable, default key') /
      ofMethod(figures, 'LocMemCache.get, the key made'),
    isMet: atMost(2),
  },
  {
    what: 'LocMem @Cacheable, a hit, × the fastest other decorator package',
    goal: '< 1',
    measure: (figures) => {
      const others = peers(figures).map(({ ns }) => ns.median);
      if (others.length === 0) throw new NotMeasured();
      return ofMethod(figures, 'LocMem @Cacheable') / Math.min(...others);
    },
    isMet: (value) => value < 1,
  },
  ...['ten fields that it makes', 'a field that it hands out'].map((does) => ({
    what: 'LocMem @RequestMemo, a hit',
    goal: `≤ 5 × the method alone, ${does}`,
    measure: (figures) =>
      ofMethod(figures, 'LocMem @RequestMemo') / ofMethod(figures, `the method alone, ${does}`),
    isMet: atMost(5),
  })),
];
