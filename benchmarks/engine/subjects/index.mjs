/**
 * The caches that are measured. Each file exports one or more subjects:
 *
 * @typedef {object} Subject
 * @property {string} name what tables call it
 * @property {string} [package] the npm package; none for what is written by hand here
 * @property {boolean | 'readers'} isolates nobody shares an object with the cache, or only readers do
 *   not; checked before anything is timed
 * @property {boolean} expires entries have a deadline; checked, too
 * @property {boolean} [isBounded] holds no more than `capacity` entries (or a fixed multiple of it)
 * @property {boolean} [isAsync] answers with promises
 * @property {boolean} [isFloor] written by hand to show a limit: not a cache anybody could use
 * @property {string[]} [only] the scenarios it was written for; all by default
 * @property {(options: { capacity: number, ttlMs: number, keyPrefix?: string }) => Handle} make
 *
 * @typedef {object} Handle a cache in use; a miss is undefined or null
 * @property {(key: string) => unknown} get
 * @property {(key: string, value: unknown) => unknown} set
 * @property {(key: string) => unknown} [delete]
 * @property {(key: string) => unknown} [incr] adds one to a number that is there
 * @property {(keys: string[]) => unknown} [getMany]
 * @property {(key: string, version: number) => unknown} [getVersioned] under the prefix of the cache
 * @property {(key: string, version: number, value: unknown) => unknown} [setVersioned]
 * @property {(key: string, loader: () => Promise<unknown>) => unknown} [load] the value, loaded when it
 *   is missing
 */

/** The order is that of the tables before they are sorted, and of the rounds. */
const FILES = [
  ['map', 'map', 'again', 'concatenated', 'nested', 'withDeadline'],
  ['lru-cache', 'lruCache', 'withTtl'],
  ['tiny-lru', 'tinyLru', 'withTtl'],
  ['quick-lru', 'quickLru', 'withTtl'],
  ['lru.min', 'lruMin'],
  ['mnemonist', 'lruCache', 'lruMap'],
  ['ttlcache', 'ttlCache'],
  ['node-cache', 'cloning', 'sharing'],
  ['keyv', 'keyv'],
  ['cache-manager', 'cacheManager'],
  ['cacheable', 'cacheable', 'memory'],
  ['catbox-memory', 'catboxMemory'],
  ['bentocache', 'bentocache'],
  ['locmem', 'copying', 'full', 'freezing', 'sharing', 'perVersion'],
];

/** @returns {Promise<Map<string, Subject>>} by id */
export async function allSubjects() {
  const subjects = new Map();
  for (const [file, ...names] of FILES) {
    for (const name of names) subjects.set(`${file}/${name}`, await subject(`${file}/${name}`));
  }
  return subjects;
}

/** Only what is asked for is loaded: a child process knows no cache but its own. */
export async function subject(id) {
  const [file, name] = id.split('/');
  const found = (await import(`./${file}.mjs`))[name];
  if (!found) throw new Error(`no subject '${id}'`);
  return { id, ...found };
}
