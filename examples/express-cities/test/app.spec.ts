import type { Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import request from 'supertest';
import { createApp } from '../src/app.js';
import { outcomeOf } from '../src/cache-status.js';
import { close, listen } from '../src/listen.js';
import { Cities } from '../src/queries.js';
import { BERLIN, ISTANBUL, smallWorld, TOKYO, type SmallWorld } from './small-world.js';

const NEAR_ISTANBUL = '/api/nearest?lat=41.01&lon=28.98';

let database: SmallWorld;
let server: Server;
let lines: string[];

beforeAll(async () => {
  database = await smallWorld();
}, 30_000);

afterAll(() => database.close());

beforeEach(async () => {
  lines = [];
  await stop();
  const app = createApp(new Cities(database), (line) => lines.push(line));
  ({ server } = await listen(app, 0));
  // Another application, but the same store: response caches of one process share one.
  await request(server).post('/admin/clear').expect(204);
  lines.length = 0;
});

afterAll(() => stop());

async function stop(): Promise<void> {
  if ((server as Server | undefined)?.listening) await close(server);
}

function get(path: string, tenant = 'world') {
  return request(server).get(path).set('X-Tenant', tenant).buffer(true).parse(bytes);
}

function post(path: string, body: object, tenant = 'world') {
  return request(server).post(path).set('X-Tenant', tenant).send(body);
}

/** Bodies as they came, so that they can be compared byte for byte. */
function bytes(res: request.Response, done: (error: Error | null, body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  // Where superagent hands over a parser, its Response is still Node's stream.
  const stream = res as unknown as NodeJS.ReadableStream;
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  stream.on('end', () => {
    done(null, Buffer.concat(chunks));
  });
}

function outcome(response: { headers: Record<string, string> }) {
  return outcomeOf(response.headers['cache-status']);
}

async function json(path: string, tenant?: string) {
  const { body } = await get(path, tenant).expect(200);
  return JSON.parse((body as Buffer).toString());
}

describe('the endpoints', () => {
  it('/api/countries: totals, largest city and place, the most people first', async () => {
    const countries = await json('/api/countries');
    const germany = countries.find((country: { code: string }) => country.code === 'DE');
    expect(countries[0].code).toBe('CN');
    expect(germany).toMatchObject({ name: 'Germany', continent: 'EU', largestCity: 'Berlin' });
    expect(germany.cities).toBeGreaterThan(10);
    expect(germany.placeOnContinent).toBeGreaterThanOrEqual(1);
    expect(germany.topTenShare).toBeLessThan(1);
  });

  it('/api/nearest: the distance to every city, the shortest first', async () => {
    const cities = await json(`${NEAR_ISTANBUL}&limit=5`);
    expect(cities).toHaveLength(5);
    expect(cities[0]).toMatchObject({ id: ISTANBUL, name: 'Istanbul', country: 'Türkiye' });
    expect(cities[0].km).toBeCloseTo(2.6, 1);
    const distances = cities.map((city: { km: number }) => city.km);
    expect(distances).toEqual(distances.toSorted((a: number, b: number) => a - b));
  });

  it('/api/pairs: large cities close to each other', async () => {
    const pairs = await json('/api/pairs?km=20&min=500000');
    expect(pairs.length).toBeGreaterThan(3);
    expect(pairs.every((pair: { km: number }) => pair.km <= 20)).toBe(true);
  });

  it('/api/search: words of city and country, accents aside', async () => {
    expect(await json('/api/search?q=zurich')).toMatchObject([{ name: 'Zürich' }]);
    const found = await json('/api/search?q=berlin+germany');
    expect(found).toMatchObject([{ id: BERLIN, country: 'Germany' }]);
  });

  it('/api/search takes quotes and SQL for what they are: words', async () => {
    expect(await json(`/api/search?q=${encodeURIComponent("'; drop table cities; --")}`)).toEqual(
      [],
    );
    expect(await json('/api/search?q=berlin')).not.toEqual([]);
  });

  it('/api/cities/:id: one city and its nearest larger one', async () => {
    expect(await json(`/api/cities/${BERLIN}`)).toMatchObject({
      name: 'Berlin',
      placeInCountry: 1,
      nearestLargerCity: { name: 'London' },
    });
  });

  it('/: a page with the largest countries and the attribution', async () => {
    const response = await get('/').expect(200).expect('Content-Type', /html/);
    const page = (response.body as Buffer).toString();
    expect(page).toContain('<td>China</td>');
    expect(page).toContain('GeoNames');
    expect(page).not.toMatch(/(src|href)="https?:/);
  });
});

describe('what cannot be answered', () => {
  it.each([
    ['/api/nearest?lat=41', 400, /^lon is missing/],
    [
      '/api/nearest?lat=north&lon=2',
      400,
      /^lat must be a number from -90 to 90: received "north"$/,
    ],
    ['/api/nearest?lat=91&lon=2', 400, /^lat must be/],
    ['/api/nearest?lat=1&lat=2&lon=2', 400, /^lat must be given once$/],
    ['/api/nearest?lat=1&lon=2&limit=1.5', 400, /^limit must be a whole number/],
    ['/api/pairs?min=5', 400, /^min must be a number from 200000/],
    ['/api/search', 400, /^q must be a text of 1 to 100 characters: received 0$/],
    ['/api/cities/berlin', 400, /^id must be/],
    ['/api/cities/99999999999', 400, /^id must be/],
    ['/api/cities/1', 404, /^no city 1$/],
  ])('%s is answered %i, and that is not cached', async (path, status, message) => {
    for (let time = 0; time < 2; time++) {
      const response = await get(path).expect(status);
      expect(JSON.parse((response.body as Buffer).toString()).error).toMatch(message);
      expect(outcome(response)).not.toBe('HIT');
    }
  });

  it.each([[{}], [{ population: '12' }], [{ population: -1 }], [{ population: 1.5 }]])(
    'a population of %j is refused',
    async (body) => {
      const response = await post(`/api/cities/${BERLIN}`, body).expect(400);
      expect(response.body.error).toMatch(/whole number/);
    },
  );

  it('a body that is no JSON is refused', async () => {
    await request(server)
      .post(`/api/cities/${BERLIN}`)
      .set('Content-Type', 'application/json')
      .send('{')
      .expect(400);
  });

  it('an unknown tenant gets 404, from the header and from the host', async () => {
    const response = await request(server)
      .get('/api/countries')
      .set('X-Tenant', 'mars')
      .expect(404);
    expect(response.body.error).toBe('unknown tenant "mars"; there are: world, europe, asia');
    await request(server).get('/api/countries').set('Host', 'mars.localhost').expect(404);
  });
});

describe('a hit', () => {
  it.each(['/', '/api/countries', NEAR_ISTANBUL, '/api/pairs', '/api/search?q=san'])(
    '%s: same bytes, same type, and the database is not asked',
    async (path) => {
      const miss = await get(path).expect(200);
      const asked = database.asked;
      const hit = await get(path).expect(200);
      expect([outcome(miss), outcome(hit)]).toEqual(['MISS', 'HIT']);
      expect((hit.body as Buffer).equals(miss.body as Buffer)).toBe(true);
      expect(hit.headers['content-type']).toBe(miss.headers['content-type']);
      expect(database.asked).toBe(asked);
    },
  );

  it('comes after a forced reload of the page, too; in the API the client has its way', async () => {
    for (const [path, expected] of [
      ['/', 'HIT'],
      ['/api/countries', 'MISS'],
    ] as const) {
      await get(path);
      expect(outcome(await get(path).set('Cache-Control', 'no-cache'))).toBe(expected);
    }
  });

  it('is one line in the log, as the miss is', async () => {
    await get('/api/countries', 'europe');
    await get('/api/countries', 'europe');
    expect(lines).toEqual([
      expect.stringMatching(/^GET +\/api\/countries +europe +MISS +200 +[\d.]+ ms$/),
      expect.stringMatching(/^GET +\/api\/countries +europe +HIT +200 +[\d.]+ ms$/),
    ]);
  });
});

describe('tenants', () => {
  it('never mix: one URL, three answers, whoever asks first', async () => {
    const first = async (tenant: string) =>
      (await json(`${NEAR_ISTANBUL}&limit=1`, tenant))[0].country;
    for (let time = 0; time < 2; time++) {
      expect(await first('europe')).not.toBe('Türkiye');
      expect(await first('world')).toBe('Türkiye');
      expect(await first('asia')).toBe('Türkiye');
    }
  });

  it('have a key each: the other tenant is no variant of the same resource', async () => {
    await get(NEAR_ISTANBUL, 'world');
    const europe = await get(NEAR_ISTANBUL, 'europe');
    expect(europe.headers['cache-status']).toContain('fwd=uri-miss'); // not vary-miss
  });

  it('see only their own continent', async () => {
    const continents = async (tenant: string) =>
      new Set(
        (await json('/api/countries', tenant)).map((c: { continent: string }) => c.continent),
      );
    expect(await continents('europe')).toEqual(new Set(['EU']));
    expect(await continents('asia')).toEqual(new Set(['AS']));
    expect((await continents('world')).size).toBeGreaterThan(4);
  });

  it('are the same by host name as by header', async () => {
    const byHost = await request(server).get('/api/countries').set('Host', 'europe.localhost:3000');
    expect(byHost.body).toEqual(await json('/api/countries', 'europe'));
  });

  it('may not write what they do not see', async () => {
    await post(`/api/cities/${TOKYO}`, { population: 1 }, 'europe').expect(404);
    expect((await json(`/api/cities/${TOKYO}`)).population).toBeGreaterThan(1);
  });
});

describe('a write', () => {
  const correct = (population: number) =>
    post(`/api/cities/${BERLIN}`, { population }, 'europe').expect(200);

  it.each(['/', '/api/countries', `/api/cities/${BERLIN}`])(
    'purges %s, for every tenant',
    async (path) => {
      for (const tenant of ['world', 'europe']) await get(path, tenant);
      await correct(3_500_000);
      for (const tenant of ['world', 'europe']) {
        expect(outcome(await get(path, tenant))).toBe('MISS');
        expect(outcome(await get(path, tenant))).toBe('HIT');
      }
    },
  );

  it('leaves alone what it did not make untrue', async () => {
    await get(NEAR_ISTANBUL);
    await get(`/api/cities/${TOKYO}`);
    await correct(3_600_000);
    expect(outcome(await get(NEAR_ISTANBUL))).toBe('HIT');
    expect(outcome(await get(`/api/cities/${TOKYO}`))).toBe('HIT');
  });

  it('is seen by the next reader', async () => {
    await json(`/api/cities/${BERLIN}`);
    const response = await correct(3_700_000);
    expect(response.body.population).toBe(3_700_000);
    expect(await json(`/api/cities/${BERLIN}`)).toMatchObject({ population: 3_700_000 });
  });
});

describe('/admin/clear', () => {
  it('empties all tenants', async () => {
    for (const tenant of ['world', 'europe']) await get('/api/countries', tenant);
    await post('/admin/clear', {}).expect(204);
    for (const tenant of ['world', 'europe']) {
      expect(outcome(await get('/api/countries', tenant))).toBe('MISS');
    }
  });
});

describe('a new version', () => {
  it('empties one tenant and no other', async () => {
    for (const tenant of ['world', 'europe', 'asia']) {
      await get('/', tenant);
      await get('/api/countries', tenant);
    }
    const response = await post('/admin/version', {}, 'europe').expect(200);
    expect(response.body).toEqual({ tenant: 'europe', version: 2 });
    for (const path of ['/', '/api/countries']) {
      expect(outcome(await get(path, 'europe'))).toBe('MISS');
      expect(outcome(await get(path, 'world'))).toBe('HIT');
      expect(outcome(await get(path, 'asia'))).toBe('HIT');
    }
  });
});
