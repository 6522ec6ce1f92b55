/** What LocMem's engine set out to reach, each beside the figure that says whether it did. */
import { atLeast, atMost, NotMeasured } from '../harness/targets.mjs';

const LOCMEM = 'locmem/copying';

/** Looks figures up in a results file. */
export class Figures {
  #scenarios;

  constructor(results) {
    this.#scenarios = results.scenarios;
  }

  row(scenario, subject) {
    const row = this.#scenarios[scenario]?.rows.find((candidate) => candidate.subject === subject);
    if (!row) throw new NotMeasured(`${subject} in ${scenario}`);
    return row;
  }

  /** Median over the rounds, as a multiple of the baseline. */
  ratio(scenario, subject = LOCMEM) {
    return this.row(scenario, subject).ratio.median;
  }

  ns(scenario, subject = LOCMEM) {
    return this.row(scenario, subject).ns.median;
  }

  figure(scenario, name, subject = LOCMEM) {
    return this.row(scenario, subject).figures[name];
  }

  /** The fastest of those that are neither ours nor written by hand. */
  bestPeerNs(scenario) {
    const rows = this.#scenarios[scenario]?.rows ?? [];
    const peers = rows.filter(({ subject }) => !/^(map|locmem)\//.test(subject));
    return Math.min(...peers.map(({ ns }) => ns.median));
  }
}

/** @type {import('../harness/targets.mjs').Target[]} */
export const targets = [
  {
    what: 'string hit, 1,000 warm keys',
    goal: '≤ 1.5 × Map',
    measure: (figures) => figures.ratio('warm-hit'),
    isMet: atMost(1.5),
  },
  {
    what: 'string hit, 30,000 fresh key strings',
    goal: '≤ 1.35 × Map',
    measure: (figures) => figures.ratio('fresh-hit'),
    isMet: atMost(1.35),
  },
  {
    what: 'miss',
    goal: '≤ 1.35 × Map',
    measure: (figures) => figures.ratio('miss'),
    isMet: atMost(1.35),
  },
  {
    what: 'version and prefix, 90/10, fresh keys',
    goal: '≤ 0.7 × Map with concatenated keys',
    measure: (figures) => figures.ratio('versioned'),
    isMet: atMost(0.7),
  },
  {
    what: 'ten fields, isolated, hit: catbox-memory takes … times as long',
    goal: '≥ 15',
    measure: (figures) =>
      figures.ns('object-hit-isolated', 'catbox-memory/catboxMemory') /
      figures.ns('object-hit-isolated'),
    isMet: atLeast(15),
  },
  {
    what: 'ten fields, isolated, hit: node-cache takes … times as long',
    goal: '≥ 30',
    measure: (figures) =>
      figures.ns('object-hit-isolated', 'node-cache/cloning') / figures.ns('object-hit-isolated'),
    isMet: atLeast(30),
  },
  {
    what: 'ten fields, isolated, hit',
    goal: '≤ 5 × Map, by reference',
    measure: (figures) => figures.ratio('object-hit-isolated'),
    isMet: atMost(5),
  },
  {
    what: 'mixed 90/10 with expiry, × the fastest peer',
    goal: '< 1',
    measure: (figures) => figures.ns('mixed-ttl') / figures.bestPeerNs('mixed-ttl'),
    isMet: (value) => value < 1,
  },
  {
    what: 'incr',
    goal: '≤ 1.0 × Map by hand',
    measure: (figures) => figures.ratio('incr'),
    isMet: atMost(1),
  },
  {
    what: 'getMany(100)',
    goal: '≤ 1.5 × Map by hand',
    measure: (figures) => figures.ratio('get-many'),
    isMet: atMost(1.5),
  },
  {
    what: 'overwrite',
    goal: '≤ 2.5 × Map',
    measure: (figures) => figures.ratio('overwrite'),
    isMet: atMost(2.5),
  },
  {
    what: 'memory an entry, × lru-cache with ttl',
    goal: '≤ 1',
    measure: (figures) =>
      figures.figure('memory', 'bytes') / figures.figure('memory', 'bytes', 'lru-cache/withTtl'),
    isMet: atMost(1),
  },
  {
    what: 'worst single set at one million entries, ms',
    goal: '≤ 10',
    measure: (figures) => figures.figure('worst-set', 'worstMs'),
    isMet: atMost(10),
  },
  {
    what: 'mass expiry of 300,000 entries: worst stall, ms',
    goal: '≤ 10',
    measure: (figures) => figures.figure('mass-expiry', 'stallMs'),
    isMet: atMost(10),
  },
  {
    what: 'mass expiry of 300,000 entries: memory freed without a touch, %',
    goal: '≥ 90',
    measure: (figures) => figures.figure('mass-expiry', 'freed'),
    isMet: atLeast(90),
  },
  {
    what: '1,000 concurrent callers of getOrSet: loader runs',
    goal: '1',
    measure: (figures) => figures.figure('stampede', 'loads'),
    isMet: atMost(1),
  },
  {
    what: 'getOrSet, hit, × lru-cache fetch',
    goal: '≤ 0.7',
    measure: (figures) => figures.ratio('load-hit'),
    isMet: atMost(0.7),
  },
  {
    what: 'a cache too small, by Zipf, × lru-cache',
    goal: '≤ 1.0',
    measure: (figures) => figures.ratio('zipf-mix'),
    isMet: atMost(1),
  },
];
