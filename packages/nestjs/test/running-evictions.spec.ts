/** `@CacheEvict` in a running application: what a request has dropped, the next one does not find. */
import { describe, expect, it } from '@jest/globals';
import {
  Controller,
  Delete,
  Get,
  Injectable,
  NotFoundException,
  Param,
  ParseArrayPipe,
  ParseIntPipe,
  Put,
} from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import { Observable } from 'rxjs';
import { Cacheable, CacheEvict, CacheKeyPrefix } from '../src/index.js';
import { PLATFORMS, serveCaches, until } from './harness.js';

@Injectable()
class Cities {
  reads = 0;
  /** Opened by the test: a read that is under way. */
  readonly gates: (() => void)[] = [];
  isSlow = false;

  @Cacheable({ key: (id) => `city:${id}`, tags: (id) => [id < 10 ? 'small' : 'large'] })
  async find(_id: number): Promise<string> {
    const read = ++this.reads;
    if (this.isSlow) await new Promise<void>((open) => this.gates.push(open));
    return `read ${read}`;
  }
  @Cacheable({ cache: 'lists', key: 'list' })
  async list(): Promise<string> {
    return `read ${++this.reads}`;
  }

  @CacheEvict({ key: (id) => `city:${id}` })
  async remove(id: number): Promise<void> {
    if (id === 3) throw new NotFoundException();
  }
  @CacheEvict({ key: (id) => `city:${id}`, when: 'before' })
  async removeAnyway(id: number): Promise<void> {
    if (id === 3) throw new NotFoundException();
  }
  @CacheEvict({ keys: (ids) => ids.map((id) => `city:${id}`) })
  async removeSeveral(_ids: number[]): Promise<void> {}
  @CacheEvict({ tags: (tag) => [tag] })
  async removeTagged(_tag: string): Promise<void> {}
  @CacheEvict({ allEntries: true, condition: (sure) => sure === 'yes' })
  async removeAll(_sure: string): Promise<void> {}
  @CacheEvict({ cache: 'lists', key: 'list' })
  async reorder(): Promise<void> {}
  @CacheEvict({ key: 'city:1' })
  watched(): Observable<string> {
    return new Observable((subscriber) => {
      subscriber.next('removing');
      this.gates.push(() => {
        subscriber.complete();
      });
    });
  }

  @Cacheable({ key: 'notes', keyPrefix: (who) => who, version: (_who, edition) => edition })
  async notes(_who: string, _edition: number): Promise<string> {
    return `read ${++this.reads}`;
  }
  @CacheEvict({ key: 'notes', keyPrefix: (who) => who, version: (_who, edition) => edition })
  async dropNotes(_who: string, _edition: number): Promise<void> {}
}

@Controller()
class Handlers {
  constructor(private readonly cities: Cities) {}
  @Get('cities') list() {
    return this.cities.list();
  }
  @Get('cities/:id') show(@Param('id', ParseIntPipe) id: number) {
    return this.cities.find(id);
  }
  @Delete('cities/:id') remove(@Param('id', ParseIntPipe) id: number) {
    return this.cities.remove(id);
  }
  @Delete('anyway/:id') removeAnyway(@Param('id', ParseIntPipe) id: number) {
    return this.cities.removeAnyway(id);
  }
  @Delete('several/:ids')
  removeSeveral(@Param('ids', new ParseArrayPipe({ items: Number })) ids: number[]) {
    return this.cities.removeSeveral(ids);
  }
  @Delete('tagged/:tag') removeTagged(@Param('tag') tag: string) {
    return this.cities.removeTagged(tag);
  }
  @Delete('all/:sure') removeAll(@Param('sure') sure: string) {
    return this.cities.removeAll(sure);
  }
  @Put('order') reorder() {
    return this.cities.reorder();
  }
  @Delete('watched') watched() {
    return this.cities.watched();
  }
  @Get('notes/:who/:edition')
  notes(@Param('who') who: string, @Param('edition', ParseIntPipe) edition: number) {
    return this.cities.notes(who, edition);
  }
  @Delete('notes/:who/:edition')
  dropNotes(@Param('who') who: string, @Param('edition', ParseIntPipe) edition: number) {
    return this.cities.dropNotes(who, edition);
  }
}

describe.each(PLATFORMS)('@CacheEvict in an application on %s', (platform) => {
  const start = async () => {
    const metadata = { controllers: [Handlers], providers: [Cities] };
    const served = await serveCaches(platform, metadata, ['default', 'lists']);
    const cities = served.app.get(Cities);
    /** Which of these cities have to be read anew. */
    const anew = async (...ids: number[]) => {
      const found = [];
      for (const id of ids) {
        const before = cities.reads;
        await served.tell(`/cities/${id}`);
        if (cities.reads > before) found.push(id);
      }
      return found;
    };
    await anew(1, 2, 3, 10);
    return { ...served, cities, anew };
  };

  it.each([
    ['key', '/cities/1', [1]],
    ['key, when the method fails: nothing', '/cities/3', []],
    ["when: 'before'", '/anyway/1', [1]],
    ["when: 'before', and the method fails", '/anyway/3', [3]],
    ['keys', '/several/1,10', [1, 10]],
    ['tags', '/tagged/small', [1, 2, 3]],
    ['allEntries, where the condition holds', '/all/yes', [1, 2, 3, 10]],
    ['allEntries, where it does not', '/all/no', []],
    ['another cache: nothing of this one', '/order', []],
  ])('%s', async (_what, path, dropped) => {
    const { ask, anew } = await start();
    expect(await anew(1, 2, 3, 10)).toEqual([]);
    const method = path === '/order' ? 'PUT' : 'DELETE';
    expect((await ask(path, { method })).status).toBe(path.endsWith('/3') ? 404 : 200);
    expect(await anew(1, 2, 3, 10)).toEqual(dropped);
  });

  it('cache', async () => {
    const { tell } = await start();
    expect(await tell('/cities', '/cities')).toEqual(['read 5', 'read 5']);
    await tell('DELETE /all/yes');
    expect(await tell('/cities')).toEqual(['read 5']);
    await tell('PUT /order');
    expect(await tell('/cities')).toEqual(['read 6']);
  });

  it('keyPrefix and version, out of the arguments', async () => {
    const { tell } = await start();
    const all = ['/notes/ada/1', '/notes/ada/2', '/notes/bob/1'];
    expect(await tell(...all, ...all)).toEqual([
      ...['read 5', 'read 6', 'read 7'],
      ...['read 5', 'read 6', 'read 7'],
    ]);
    await tell('DELETE /notes/ada/2');
    expect(await tell(...all)).toEqual(['read 5', 'read 8', 'read 7']);
  });

  it('an Observable evicts when it is complete, and before its request is answered', async () => {
    const { tell, anew, cities } = await start();
    const removing = tell('DELETE /watched');
    await until(() => cities.gates.length === 1);
    expect(await anew(1)).toEqual([]);
    cities.gates[0]!();
    expect(await removing).toEqual(['removing']);
    expect(await anew(1)).toEqual([1]);
  });

  it('what another request reads meanwhile is not kept', async () => {
    const { tell, anew, cities } = await start();
    cities.isSlow = true;
    const reading = tell('/cities/4');
    await until(() => cities.gates.length === 1);
    await tell('DELETE /cities/4');
    cities.gates[0]!();
    expect(await reading).toEqual(['read 5']);
    cities.isSlow = false;
    expect(await anew(4)).toEqual([4]);
  });
});

describe.each(PLATFORMS)('@CacheEvict under the prefix of a request on %s', (platform) => {
  @Injectable()
  class Prices {
    reads = 0;
    @Cacheable()
    async list(): Promise<string> {
      return `read ${++this.reads}`;
    }
    @CacheEvict({ allEntries: true })
    async change(): Promise<void> {}

    @Cacheable({ keyPrefix: 'net' })
    async net(): Promise<string> {
      return `read ${++this.reads}`;
    }
    @CacheEvict({ keyPrefix: 'net', allEntries: true })
    async changeNet(): Promise<void> {}
  }
  const tenantOf = (context: ExecutionContext) =>
    context.switchToHttp().getRequest<{ headers: Record<string, string> }>().headers['x-tenant']!;

  @CacheKeyPrefix(tenantOf)
  @Controller('prices')
  class Shop {
    constructor(private readonly prices: Prices) {}
    @Get() list() {
      return this.prices.list();
    }
    @Put() change() {
      return this.prices.change();
    }
    @Get('net') net() {
      return this.prices.net();
    }
    @Put('net') changeNet() {
      return this.prices.changeNet();
    }
  }

  it("allEntries empties what is the request's own, and nothing of another tenant", async () => {
    const { ask } = await serveCaches(platform, { controllers: [Shop], providers: [Prices] });
    const as = async (tenant: string, method = 'GET') =>
      (await ask('/prices', { method, headers: { 'x-tenant': tenant } })).text;
    expect([await as('acme'), await as('other')]).toEqual(['read 1', 'read 2']);
    await as('acme', 'PUT');
    expect([await as('acme'), await as('other')]).toEqual(['read 3', 'read 2']);
  });

  it('and with a prefix of the method in it, what that has written; without, both', async () => {
    const { ask } = await serveCaches(platform, { controllers: [Shop], providers: [Prices] });
    const as = async (tenant: string, path: string, method = 'GET') =>
      (await ask(`/prices${path}`, { method, headers: { 'x-tenant': tenant } })).text;
    const all = async () => [
      ...[await as('acme', ''), await as('acme', '/net')],
      ...[await as('other', ''), await as('other', '/net')],
    ];
    expect(await all()).toEqual(['read 1', 'read 2', 'read 3', 'read 4']);
    await as('acme', '/net', 'PUT');
    expect(await all()).toEqual(['read 1', 'read 5', 'read 3', 'read 4']);
    await as('acme', '', 'PUT');
    expect(await all()).toEqual(['read 6', 'read 7', 'read 3', 'read 4']);
  });
});
