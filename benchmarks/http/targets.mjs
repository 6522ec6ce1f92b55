/** What LocMem's response cache set out to reach, each beside the figure that says whether it did. */
import { spreadOf } from '../harness/spread.mjs';
import { atLeast, atMost, NotMeasured } from '../harness/targets.mjs';

/** Takes part whatever is chosen, and is timed before and after every other: all are multiples of it. */
export const BASELINE = 'node/constant';

/** Looks figures up in a results file. */
export class Figures {
  #results;

  constructor(results) {
    this.#results = results;
  }

  #row(scenario, subject) {
    const { rows = [] } = this.#results.scenarios[scenario] ?? {};
    const row = rows.find((candidate) => candidate.subject === subject);
    if (!row) throw new NotMeasured(`${subject} in ${scenario}`);
    return row;
  }

  /** Requests per CPU-second of one as a multiple of another's: the median over the rounds. */
  ratio(scenario, subject, base) {
    const own = this.#row(scenario, subject).relative;
    // What is timed before and after each is the baseline already.
    const others = base === BASELINE ? own.map(() => 1) : this.#row(scenario, base).relative;
    return spreadOf(own.map((relative, round) => others[round] / relative)).median;
  }

  /**
   * CPU microseconds that a cache adds to the application without it: the median over the rounds, at
   * the pace of the round in which the baseline was fastest.
   */
  added(scenario, subject) {
    const own = this.#row(scenario, subject).relative;
    const base = this.#row(scenario, this.uncached(subject)).relative;
    const extra = spreadOf(own.map((relative, round) => relative - base[round])).median;
    return extra * this.#row(scenario, BASELINE).fastestUs;
  }

  figure(scenario, subject, name) {
    return this.#row(scenario, subject).figures[name];
  }

  uncached(subject) {
    const { uncached } = this.#results.subjects[subject] ?? {};
    if (!uncached) throw new NotMeasured(`${subject} without its cache`);
    return uncached;
  }
}

const FRONTS = [
  ['front/node', 'front around a raw listener'],
  ['front/express5', 'front around an Express app'],
  ['front/koa3', 'front around a Koa app'],
];
const MIDDLEWARES = [
  ['locmem/express5', 'Express 5'],
  ['locmem/express4', 'Express 4'],
  ['locmem/koa3', 'Koa 3'],
  ['locmem/koa2', 'Koa 2'],
];

function hit(what, subject, base, baseName, bound) {
  return {
    what,
    goal: `≥ ${bound} × ${baseName}`,
    measure: (figures) => figures.ratio('hot', subject, base),
    isMet: atLeast(bound),
  };
}

function observed(scenario, what, name, bound, subject) {
  return {
    what,
    goal: `≤ ${bound}`,
    measure: (figures) => figures.figure(scenario, subject, name),
    isMet: atMost(bound),
  };
}

/** @type {import('../harness/targets.mjs').Target[]} */
export const targets = [
  ...FRONTS.map(([id, what]) => hit(what, id, BASELINE, 'node:http', 0.88)),
  ...FRONTS.flatMap(([id, what]) => [
    hit(what, id, 'express5/end', 'Express 5', 4),
    hit(what, id, 'koa3/body', 'Koa 3', 1.25),
  ]),
  hit('Express 5, mounted first', 'locmem/express5', 'express5/end', 'Express 5, res.end', 1.2),
  hit('Express 5, mounted first', 'locmem/express5', 'express5/send', 'Express 5, res.send', 1.2),
  hit('Koa 3, mounted first', 'locmem/koa3', 'koa3/body', 'Koa 3', 0.95),
  hit('Koa 3, mounted first', 'locmem/koa3', 'koa-cash/koa3', 'koa-cash', 1.2),
  ...[
    ['not-modified', '304'],
    ['zipf', 'Zipf over 10,000 URLs'],
    ['gzip', 'gzip variant'],
    ['20kb', '20 kB'],
    ['200kb', '200 kB'],
  ].map(([scenario, what]) => ({
    what: `${what}, the slowest front`,
    goal: '≥ 0.85 × node:http doing the same',
    measure: (figures) => Math.min(...FRONTS.map(([id]) => figures.ratio(scenario, id, BASELINE))),
    isMet: atLeast(0.85),
  })),
  ...MIDDLEWARES.flatMap(([id, what]) => [
    {
      what: `miss, ${what}: CPU µs added`,
      goal: '≤ 30',
      measure: (figures) => figures.added('miss', id),
      isMet: atMost(30),
    },
    {
      what: `miss, ${what}`,
      goal: '≥ 0.80 × uncached',
      measure: (figures) => figures.ratio('miss', id, figures.uncached(id)),
      isMet: atLeast(0.8),
    },
  ]),
  ...MIDDLEWARES.filter(([id]) => !/[24]$/.test(id)).flatMap(([id, what]) => [
    observed('stale-while-revalidate', `over the edge, ${what}: waiters`, 'waiters', 0, id),
    observed('stale-while-revalidate', `over the edge, ${what}: handler runs`, 'runs', 1, id),
    observed('stampede', `stampede of 200, ${what}: handler runs`, 'runs', 1, id),
    observed('stampede', `stampede of 200, ${what}: longest wait, × handler`, 'slowest', 1.2, id),
  ]),
];
