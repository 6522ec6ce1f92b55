/**
 * What must compile, and what must not: checked by `npm run types`, never run. A line under
 * `@ts-expect-error` that compiled would be the error.
 */
import type { Observable } from 'rxjs';
import {
  Cacheable,
  CacheEvict,
  CachePut,
  Caching,
  LocMemModule,
  RequestMemo,
} from '../src/index.js';

interface City {
  readonly id: number;
  readonly name: string;
}

declare const city: City;
declare const cities: Observable<City>;

/** Parameters come from the method: none is annotated here. */
export class Right {
  @Cacheable()
  bare(): City {
    return city;
  }
  @Cacheable({ key: (id) => `city:${id.toFixed()}`, tags: (id, locale) => [locale ?? `${id}`] })
  async find(id: number, locale?: string): Promise<City | null> {
    return id > 0 && locale ? city : null;
  }
  @Cacheable({ key: ({ text, page = 1 }) => ['search', text.trim(), page.toFixed()] })
  search(query: { text: string; page?: number }): City[] {
    return query.text === '' ? [] : [city];
  }
  @Cacheable({ unless: (found, id) => found?.name === '' || id.toFixed() === '7' })
  async unlessFound(id: number): Promise<City | undefined> {
    return id > 0 ? city : undefined;
  }
  @Cacheable({ unless: (items) => items.length === 0 || items[0]!.name === '' })
  stream(_id: number): Observable<City> {
    return cities;
  }
  @Cacheable({
    timeout: (id) => (id > 5 ? '5m' : 30),
    version: (id) => id,
    keyPrefix: (id) => id.toFixed(),
    condition: (id) => id > 0,
  })
  perCall(id: number): City {
    return { ...city, id };
  }
  @CachePut({ resultKey: (saved, draft) => ['city', saved.id, draft.name] })
  async save(draft: Omit<City, 'id'>): Promise<City> {
    return { id: 1, ...draft };
  }
  @CacheEvict({ keys: (ids) => ids.map((id) => ['city', id.toFixed()]) })
  remove(ids: number[]): void {
    ids.sort();
  }
  @Caching([
    CachePut({ key: (saved) => saved.name.trim() }),
    CacheEvict({ tags: (saved) => [saved.name.trim()], when: 'before' }),
  ])
  several(saved: City): City {
    return saved;
  }
  @RequestMemo({ key: (query) => query.text.trim() })
  memo(query: { text: string }): string {
    return query.text;
  }
  @Cacheable({ key: (value) => value.trim() })
  generic<T extends string>(value: T): T {
    return value;
  }
}

/** A parameter of another type, with another name, or that there is not. */
export class Wrong {
  // @ts-expect-error: a number has no trim
  @Cacheable({ key: (id) => id.trim() })
  type(id: number): number {
    return id;
  }
  // @ts-expect-error: annotated as what it is not
  @Cacheable({ key: (id: string) => id })
  annotation(id: number): number {
    return id;
  }
  // @ts-expect-error: the parameter has no property of this name
  @Cacheable({ key: ({ txt }) => txt })
  name(query: { text: string }): string {
    return query.text;
  }
  // @ts-expect-error: there is no second parameter
  @Cacheable({ key: (id, locale) => `${id} ${locale}` })
  count(id: number): number {
    return id;
  }
  // @ts-expect-error: optional means perhaps undefined
  @Cacheable({ key: (locale) => locale.trim() })
  optional(locale?: string): string | undefined {
    return locale;
  }
  // @ts-expect-error: a key is a string or a list
  @Cacheable({ key: (id) => id })
  key(id: number): number {
    return id;
  }
  // @ts-expect-error: the result has no such property
  @Cacheable({ unless: (found) => found.title === '' })
  async result(id: number): Promise<City> {
    return { ...city, id };
  }
  // @ts-expect-error: '5 minuts' is no time
  @Cacheable({ timeout: '5 minuts' })
  timeout(): City {
    return city;
  }
  // @ts-expect-error: there is no option of this name
  @Cacheable({ ttl: 5 })
  option(): City {
    return city;
  }
  // @ts-expect-error: tags are strings
  @Cacheable({ tags: (id) => [id] })
  tags(id: number): number {
    return id;
  }
  // @ts-expect-error: the result has no such property
  @CachePut({ resultKey: (saved) => saved.title })
  put(): City {
    return city;
  }
  // @ts-expect-error: a number has no trim
  @CacheEvict({ tags: (id) => [id.trim()] })
  evict(id: number): number {
    return id;
  }
  // @ts-expect-error: before or after, there is no third moment
  @CacheEvict({ allEntries: true, when: 'during' })
  when(): void {}
  // @ts-expect-error: a number has no trim
  @Caching([CacheEvict({ key: (id) => id.trim() })])
  several(id: number): number {
    return id;
  }
  // @ts-expect-error: a number has no trim
  @RequestMemo({ key: (id) => id.trim() })
  memo(id: number): number {
    return id;
  }
}

LocMemModule.register({ caches: { a: { timeout: '5m' } } });
// @ts-expect-error: '5 minuts' is no time
LocMemModule.register({ caches: { a: { timeout: '5 minuts' } } });
// @ts-expect-error: the factory returns no options
LocMemModule.registerAsync({ useFactory: () => 5 });
