import { Engine } from '@hapi/catbox-memory';

const SEGMENT = 'bench';

/** The engine alone, which answers at once; what catbox puts around it is left out in its favour. */
export const catboxMemory = {
  name: 'catbox-memory',
  package: '@hapi/catbox-memory',
  isolates: true,
  expires: true,
  make({ ttlMs }) {
    const engine = new Engine({ maxByteSize: 4 * 2 ** 30 });
    engine.start();
    return {
      get: (id) => engine.get({ segment: SEGMENT, id })?.item,
      set: (id, value) => engine.set({ segment: SEGMENT, id }, value, ttlMs),
      delete: (id) => engine.drop({ segment: SEGMENT, id }),
    };
  },
};
