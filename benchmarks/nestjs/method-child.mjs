/** One subject of `methods.mjs`, in a process of its own. */
import assert from 'node:assert/strict';
import { answerMessages } from '../harness/children.mjs';
import { timeRound, warmUp } from '../harness/timing.mjs';
import { city, subjects } from './methods.mjs';

const { name } = JSON.parse(process.argv[2]);
const subject = subjects.find((one) => one.name === name);
const IDS = 100;

let task;
let groupSize;
/** Somebody reads what a call returns: otherwise a compiler need not make it. */
export let result;

answerMessages(async ({ what, milliseconds }) => {
  switch (what) {
    case 'warm':
      task = await taskOf(await subject.make());
      groupSize = await warmUp(task, milliseconds);
      return undefined;
    case 'round':
      return timeRound(task, groupSize, milliseconds);
    default:
      throw new Error(`unknown message '${what}'`);
  }
});

async function taskOf({ call, runs, inRequest }) {
  const isAsync = subject.group === 'async';
  if (subject.group !== 'request') {
    for (let id = 0; id < IDS; id++) await call(id);
    const before = runs();
    for (let id = 0; id < IDS; id++) assert.deepEqual(await call(id), city(id));
    assert.equal(runs(), before, 'a hit must not run the method');
  }
  const loop = () => {
    for (let id = 0; id < IDS; id++) result = call(id);
  };
  const asyncLoop = async () => {
    for (let id = 0; id < IDS; id++) await call(id);
  };
  const run = isAsync ? asyncLoop : inRequest ? () => inRequest(loop) : loop;
  return { ops: IDS, isAsync, run };
}
