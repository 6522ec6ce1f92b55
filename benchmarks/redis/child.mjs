/** One cache in one scenario, in a process of its own. */
import { answerMessages } from '../harness/children.mjs';
import { timeLoaded, timeRound, warmUp } from '../harness/timing.mjs';
import { scenarios, selfCheck } from './scenarios.mjs';
import { subjects } from './subjects.mjs';

const settings = JSON.parse(process.argv[2]);
const subject = subjects[settings.subject];
const scenario = scenarios.find(({ id }) => id === settings.scenario);

let task;
let groupSize;

answerMessages(async ({ what, milliseconds }) => {
  switch (what) {
    case 'warm up': {
      const cache = await subject.make(settings.url);
      await selfCheck(cache);
      task = await scenario.prepare(cache);
      groupSize = await warmUp(task, milliseconds);
      return groupSize;
    }
    case 'round':
      return timeRound(task, groupSize, milliseconds);
    case 'loaded round':
      return timeLoaded(task, milliseconds);
    case 'observe':
      return scenario.observe((name) => subject.make(settings.url, name));
    default:
      throw new Error(`unknown message '${what}'`);
  }
});
