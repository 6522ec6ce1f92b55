import { outcomeOf, type Outcome } from './cache-status.js';
import { Client, type Reply, type RequestOptions } from './client.js';
import { formatBytes, formatMs, median, table } from './table.js';

export interface TourOptions {
  port: number;
  print: (line: string) => void;
  /** Runs something without a line for each request: measuring repeats the same one often. */
  quietly: <T>(work: () => Promise<T>) => Promise<T>;
  /** Waits until what was answered is stored: with a store elsewhere, a moment after the answer. */
  stored?: (() => Promise<void>) | undefined;
}

const BERLIN = '/api/cities/2950159';
const ISTANBUL = '/api/nearest?lat=41.01&lon=28.98';

const ENDPOINTS = [
  '/',
  '/api/countries',
  ISTANBUL,
  '/api/pairs?km=25&min=300000',
  '/api/search?q=san+jose',
  BERLIN,
];

const MISSES_MEASURED = 3;
const HITS_MEASURED = 25;

/** A walk through the application over a real socket. Says what it expects, and what it found. */
export class Tour {
  readonly #client: Client;
  readonly #print: (line: string) => void;
  readonly #quietly: TourOptions['quietly'];
  readonly #stored: () => Promise<void>;
  readonly #wrong: string[] = [];

  constructor({ port, print, quietly, stored }: TourOptions) {
    this.#client = new Client(port);
    this.#print = print;
    this.#quietly = quietly;
    this.#stored = stored ?? (() => Promise.resolve());
  }

  /** @returns what was not as expected; nothing, when all is well */
  async run(): Promise<readonly string[]> {
    try {
      await this.#missThenHit();
      await this.#tenantsAreApart();
      await this.#writePurges();
      await this.#versionEmptiesOneTenant();
      await this.#measure();
    } finally {
      this.#client.close();
    }
    return this.#wrong;
  }

  async #missThenHit(): Promise<void> {
    this.#title('Every endpoint twice: the first request asks the database, the second does not');
    for (const path of ENDPOINTS) {
      const miss = await this.#get('world', path, 'MISS');
      const hit = await this.#get('world', path, 'HIT');
      this.#check(`${path}: the hit has the bytes of the miss`, miss.body.equals(hit.body));
    }
  }

  async #tenantsAreApart(): Promise<void> {
    this.#title('The same URL for another tenant: another namespace, another answer');
    const world = await this.#get('world', ISTANBUL, 'HIT');
    const europe = await this.#get('europe', ISTANBUL, 'MISS');
    const europeAgain = await this.#get('europe', ISTANBUL, 'HIT');
    this.#check('europe gets an answer of its own', !europe.body.equals(world.body));
    this.#check('and gets it again', europeAgain.body.equals(europe.body));
  }

  async #writePurges(): Promise<void> {
    this.#title('A write, as europe: Berlin and the totals are computed anew, for every tenant');
    const before = await this.#population('world', 'HIT');
    await this.#get('europe', BERLIN, 'MISS');
    await this.#post('europe', BERLIN, { population: before + 1 });
    for (const tenant of ['world', 'europe']) {
      const after = await this.#population(tenant, 'MISS');
      this.#check(`${tenant} sees the corrected population`, after === before + 1);
    }
    await this.#get('world', '/api/countries', 'MISS');
    await this.#get('world', ISTANBUL, 'HIT');
    await this.#quietly(() => this.#post('europe', BERLIN, { population: before }));
  }

  async #versionEmptiesOneTenant(): Promise<void> {
    this.#title('A new version for europe: its answers are gone, those of world are not');
    await this.#post('europe', '/admin/version');
    await this.#get('europe', ISTANBUL, 'MISS');
    await this.#get('world', ISTANBUL, 'HIT');
  }

  async #measure(): Promise<void> {
    this.#title(
      `Miss against hit, as world: medians of ${MISSES_MEASURED} misses and ${HITS_MEASURED} hits, ` +
        'seen by the client',
    );
    const rows: string[][] = [];
    for (const path of ENDPOINTS) rows.push(await this.#quietly(() => this.#measureOne(path)));
    this.#print(
      table(
        [
          { title: 'Request' },
          { title: 'Body', align: 'right' },
          { title: 'Miss, ms', align: 'right' },
          { title: 'Hit, ms', align: 'right' },
          { title: 'Miss / hit', align: 'right' },
        ],
        rows,
      ),
    );
  }

  async #measureOne(path: string): Promise<string[]> {
    const misses: number[] = [];
    for (let round = 0; round < MISSES_MEASURED; round++) {
      await this.#post('world', '/admin/version');
      misses.push((await this.#get('world', path, 'MISS')).ms);
    }
    const hits: number[] = [];
    let bytes = 0;
    for (let round = 0; round < HITS_MEASURED; round++) {
      const { ms, body } = await this.#get('world', path, 'HIT');
      hits.push(ms);
      bytes = body.length;
    }
    const [miss, hit] = [median(misses), median(hits)];
    return [
      path,
      formatBytes(bytes),
      formatMs(miss),
      formatMs(hit),
      `${(miss / hit).toFixed(0)} x`,
    ];
  }

  async #population(tenant: string, expected: Outcome): Promise<number> {
    const { body } = await this.#get(tenant, BERLIN, expected);
    return (JSON.parse(body.toString()) as { population: number }).population;
  }

  async #get(tenant: string, path: string, expected: Outcome): Promise<Reply> {
    const reply = await this.#send(path, { tenant });
    const outcome = outcomeOf(reply.cacheStatus);
    this.#check(
      `GET ${path} as ${tenant} is a ${expected}: it was a ${outcome}`,
      outcome === expected,
    );
    if (outcome !== 'HIT') await this.#stored();
    return reply;
  }

  async #post(tenant: string, path: string, body?: unknown): Promise<Reply> {
    return this.#send(path, { tenant, method: 'POST', ...(body !== undefined && { body }) });
  }

  async #send(path: string, options: RequestOptions): Promise<Reply> {
    const reply = await this.#client.send(path, options);
    this.#check(`${path} answers 200: it answered ${reply.status}`, reply.status === 200);
    return reply;
  }

  #check(claim: string, holds: boolean): void {
    if (holds) return;
    this.#wrong.push(claim);
    this.#print(`  WRONG: expected that ${claim}`);
  }

  #title(text: string): void {
    this.#print(`\n${text}`);
  }
}
