/** Many ask at once for what is not there. */
import { spreadOf } from '../../harness/spread.mjs';
import { Crowd, requestBytes } from '../load.mjs';
import { page } from '../material.mjs';

const CROWD = 200;
const TIMES = 5;
/** Crowds before those: until then, half of the wait is for the compiler. */
const WARMING_TIMES = 30;
const HANDLER_MS = 100;
const body = page(1_000);

export const stampede = {
  id: 'stampede',
  group: 'Behaviour',
  title: `${CROWD} requests at once for a URL that is not stored`,
  note: `The handler waits for ${HANDLER_MS} ms. ${TIMES} crowds, one after another, each for another URL, after ${WARMING_TIMES} more to warm up; the most runs, and the median of the longest waits.`,
  answer: () => body,
  handlerMs: HANDLER_MS,
  columns: { runs: 'handler runs', slowest: 'longest wait, × the handler’s time' },

  async observe({ port, runs }) {
    const crowd = await Crowd.open(port, CROWD);
    const most = [];
    const slowest = [];
    try {
      for (let time = 0; time < WARMING_TIMES; time++) {
        await crowd.stampede(requestBytes(`/warm/${time}`));
      }
      for (let time = 0; time < TIMES; time++) {
        const before = await runs();
        const waits = await crowd.stampede(requestBytes(`/page/${time}`));
        most.push((await runs()) - before);
        slowest.push(Math.max(...waits.map(({ ms }) => ms)) / HANDLER_MS);
      }
    } finally {
      crowd.close();
    }
    return { runs: Math.max(...most), slowest: spreadOf(slowest).median };
  },
};
