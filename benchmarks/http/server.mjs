/** One subject in one scenario, in a process of its own. */
import { answerMessages } from '../harness/children.mjs';
import { cpuMicros } from '../harness/cpu.mjs';
import { scenarios } from './scenarios/index.mjs';
import { subjects } from './subjects/index.mjs';

const settings = JSON.parse(process.argv[2]);
const subject = subjects.get(settings.subject);
const scenario = scenarios.get(settings.scenario);

let runs = 0;
function answer(req) {
  runs++;
  return scenario.answer(req);
}

let server;

answerMessages(async ({ what }) => {
  switch (what) {
    case 'start':
      server = await subject.start(answer, scenario);
      return server.port;
    case 'cpu':
      return (server.cpuMicros ?? cpuMicros)();
    case 'runs':
      return runs;
    case 'held':
      globalThis.gc();
      return heldBytes();
    case 'close':
      return server.close?.();
    default:
      throw new Error(`unknown message '${what}'`);
  }
});

function heldBytes() {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
