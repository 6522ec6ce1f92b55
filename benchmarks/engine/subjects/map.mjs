/** What a cache written by hand would be, and where the limits lie. */

function plainMap() {
  const map = new Map();
  return {
    get: (key) => map.get(key),
    set: (key, value) => map.set(key, value),
    delete: (key) => map.delete(key),
    incr(key) {
      const next = map.get(key) + 1;
      map.set(key, next);
      return next;
    },
    getMany(keys) {
      const found = new Map();
      for (const key of keys) {
        const value = map.get(key);
        if (value !== undefined) found.set(key, value);
      }
      return found;
    },
  };
}

/** No bound, no expiry, no isolation: nothing can be faster. */
export const map = {
  name: 'Map',
  isolates: false,
  expires: false,
  isFloor: true,
  make: plainMap,
};

/** The same once more: what these two differ by is noise. */
export const again = { ...map, name: 'Map (again)' };

/** How prefix and version are usually done. */
export const concatenated = {
  ...map,
  name: 'Map, concatenated keys',
  only: ['versioned'],
  make({ keyPrefix }) {
    const map = new Map();
    return {
      ...plainMap(),
      getVersioned: (key, version) => map.get(`${keyPrefix}:${version}:${key}`),
      setVersioned: (key, version, value) => map.set(`${keyPrefix}:${version}:${key}`, value),
    };
  },
};

/** How they could be done without building a string. */
export const nested = {
  ...map,
  name: 'Map of Maps',
  only: ['versioned'],
  make({ keyPrefix }) {
    const prefixes = new Map([[keyPrefix, new Map()]]);
    const inner = (version) => {
      const versions = prefixes.get(keyPrefix);
      let map = versions.get(version);
      if (!map) versions.set(version, (map = new Map()));
      return map;
    };
    return {
      ...plainMap(),
      getVersioned: (key, version) => inner(version).get(key),
      setVersioned: (key, version, value) => inner(version).set(key, value),
    };
  },
};

/** Expiry written by hand: an object for each entry, the time looked at for every hit. */
export const withDeadline = {
  name: 'Map and a deadline',
  isolates: false,
  expires: true,
  isFloor: true,
  only: ['mixed-ttl', 'memory', 'mass-expiry'],
  make({ ttlMs }) {
    const map = new Map();
    return {
      get(key) {
        const entry = map.get(key);
        if (entry === undefined) return undefined;
        if (entry.deadline > Date.now()) return entry.value;
        map.delete(key);
        return undefined;
      },
      set: (key, value) => map.set(key, { value, deadline: Date.now() + ttlMs }),
      delete: (key) => map.delete(key),
    };
  },
};
