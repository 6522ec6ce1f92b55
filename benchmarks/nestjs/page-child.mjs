/** One subject of `pages.mjs`, in a process of its own. */
import { answerMessages } from '../harness/children.mjs';
import { cpuMicros } from '../harness/cpu.mjs';
import { start, subjects } from './pages.mjs';

const { id } = JSON.parse(process.argv[2]);
let server;

answerMessages(async ({ what }) => {
  switch (what) {
    case 'start':
      server = await start(subjects.find((one) => one.id === id));
      return server.port;
    case 'cpu':
      return cpuMicros();
    case 'runs':
      return server.runs();
    default:
      throw new Error(`unknown message '${what}'`);
  }
});
