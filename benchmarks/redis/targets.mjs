/** What was set out to be reached; ratios of medians of one run, where nothing else is said. */
import { atLeast, atMost, NotMeasured } from '../harness/targets.mjs';

function rowsOf({ scenarios }, scenario) {
  const rows = scenarios[scenario]?.rows ?? [];
  return (id) => {
    const row = rows.find(({ subject }) => subject === id);
    if (!row) throw new NotMeasured(`${scenario}: ${id}`);
    return row;
  };
}

/** By CPU time. */
function ratio(scenario, subject, to) {
  return (results) => {
    const row = rowsOf(results, scenario);
    return row(subject).ns.median / row(to).ns.median;
  };
}

/** The median of the ratios of each round to the same client without us. */
function toBare(scenario, subject, figure) {
  return (results) => {
    const { toBare } = rowsOf(results, scenario)(subject);
    if (!toBare) throw new NotMeasured(`${scenario}: ${subject} beside its client`);
    return toBare[figure].median;
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
      ['ioredis', 'redisCacheIoredis'],
      ['node-redis', 'redisCacheNodeRedis'],
    ].flatMap(([client, cached]) => [
      {
        what: `RedisCache, ${call}, ${client}: CPU time`,
        goal: '≤ 1.1 × the bare client',
        measure: toBare(call, cached, 'ns'),
        isMet: atMost(1.1),
      },
      {
        what: `RedisCache, ${call}, ${client}: calls a second`,
        goal: '≥ 0.9 × the bare client',
        measure: toBare(call, cached, 'perSecond'),
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
    measure: (results) => rowsOf(results, 'herd')('tieredCache').figures.runs,
    isMet: atMost(1),
  },
];
