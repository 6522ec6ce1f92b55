import NodeCache from 'node-cache';

function handle({ ttlMs }, useClones) {
  const cache = new NodeCache({ stdTTL: ttlMs / 1000, useClones });
  return {
    get: (key) => cache.get(key),
    set: (key, value) => cache.set(key, value),
    delete: (key) => cache.del(key),
    getMany: (keys) => cache.mget(keys),
  };
}

/** As it comes. */
export const cloning = {
  name: 'node-cache',
  package: 'node-cache',
  isolates: true,
  expires: true,
  make: (options) => handle(options, true),
};

export const sharing = {
  ...cloning,
  name: 'node-cache, useClones: false',
  isolates: false,
  make: (options) => handle(options, false),
};
