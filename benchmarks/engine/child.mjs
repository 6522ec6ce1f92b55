/** One cache in one scenario, in a process of its own. */
import { answerMessages } from '../harness/children.mjs';
import { timeRound, warmUp } from '../harness/timing.mjs';
import { scenarios } from './scenarios/index.mjs';
import { selfCheck } from './self-check.mjs';
import { subject as load } from './subjects/index.mjs';

/** Longer than any run, so that nothing expires that is not meant to; LocMem's default. */
const TTL_MS = 300_000;

const settings = JSON.parse(process.argv[2]);
const subject = await load(settings.subject);
const scenario = scenarios.get(settings.scenario);

function setUp() {
  const { capacity, ttlMs = TTL_MS } = scenario;
  const open = () => subject.make({ capacity, ttlMs, keyPrefix: 'p' });
  return { open, subject, scale: settings.scale };
}

let task;
let groupSize;

answerMessages(async ({ what, milliseconds }) => {
  switch (what) {
    case 'check':
      return selfCheck(subject);
    case 'warm up':
      task = await scenario.prepare(setUp());
      groupSize = await warmUp(task, milliseconds);
      return groupSize;
    case 'round':
      return timeRound(task, groupSize, milliseconds);
    case 'observe':
      return scenario.observe(setUp());
    default:
      throw new Error(`unknown message '${what}'`);
  }
});
