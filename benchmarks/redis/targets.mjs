/** What was set out to be reached; ratios of medians of one run, where nothing else is said. */
import { atLeast, atMost, NotMeasured } from '../harness/targets.mjs';

const medianNs = ({ ns }) => ns.median;
const medianRate = ({ perSecond }) => perSecond.median;

function ratio(scenario, subject, to, figure = medianNs) {
  return ({ scenarios }) => {
    const rows = scenarios[scenario]?.rows ?? [];
    const of = (id) => {
      const found = rows.find((row) => row.subject === id);
      return found && figure(found);
    };
    if (!of(subject) || !of(to)) throw new NotMeasured(`${scenario}: ${subject}, ${to}`);
    return of(subject) / of(to);
  };
}

function againstFastest(scenario, subject, peers) {
  return (results) => Math.max(...peers.map((peer) => ratio(scenario, subject, peer)(results)));
}

const below = (bound) => (value) => value < bound;
const REMOTE_PEERS = ['cacheableRemote', 'cacheManagerRemote'];
const TIERED_PEERS = ['bentoTiered', 'cacheableTiered', 'cacheManagerTiered'];

export const targets = [
  ...['get', 'set'].flatMap((call) =>
    [
      ['ioredis', 'redisCacheIoredis', 'bareIoredis'],
      ['node-redis', 'redisCacheNodeRedis', 'bareNodeRedis'],
    ].flatMap(([client, cached, bare]) => [
      {
        what: `RedisCache, ${call}, ${client}: CPU time`,
        goal: '≤ 1.1 × the bare client',
        measure: ratio(call, cached, bare),
        isMet: atMost(1.1),
      },
      {
        what: `RedisCache, ${call}, ${client}: calls a second`,
        goal: '≥ 0.9 × the bare client',
        measure: ratio(call, cached, bare, medianRate),
        isMet: atLeast(0.9),
      },
    ]),
  ),
  ...['tieredGet', 'tieredLoad'].map((call) => ({
    what: `TieredCache, ${call === 'tieredGet' ? 'get' : 'getOrSet'}, hit in front`,
    goal: '≤ 1.5 × LocMem',
    measure: ratio(call, 'tieredCache', 'locMem'),
    isMet: atMost(1.5),
  })),
  ...['get', 'set'].map((call) => ({
    what: `RedisCache, ${call}, × the fastest peer`,
    goal: '< 1',
    measure: againstFastest(call, 'redisCacheIoredis', [...REMOTE_PEERS, 'bentoRemote']),
    isMet: below(1),
  })),
  {
    what: 'RedisCache, getMany, × the fastest peer',
    goal: '< 1',
    measure: againstFastest('getMany', 'redisCacheIoredis', REMOTE_PEERS),
    isMet: below(1),
  },
  ...['tieredGet', 'tieredLoad'].map((call) => ({
    what: `TieredCache, ${call === 'tieredGet' ? 'get' : 'getOrSet'}, × the fastest peer`,
    goal: '< 1',
    measure: againstFastest(call, 'tieredCache', TIERED_PEERS),
    isMet: below(1),
  })),
  {
    what: 'a herd over ten processes: loader runs',
    goal: '1',
    measure: ({ scenarios }) => {
      const row = scenarios.herd?.rows.find(({ subject }) => subject === 'tieredCache');
      if (!row) throw new NotMeasured('herd');
      return row.figures.runs;
    },
    isMet: atMost(1),
  },
];
