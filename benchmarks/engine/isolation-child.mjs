/** One shape, one way, one direction, in a process of its own. */
import { answerMessages } from '../harness/children.mjs';
import { timeRound, warmUp } from '../harness/timing.mjs';
import { SHAPES, WAYS } from './isolation-material.mjs';
import { repeat } from './loops.mjs';
import { freshKeys, shuffled } from './material.mjs';

const COUNT = 100;

const { shape, way, direction } = JSON.parse(process.argv[2]);
const keys = shuffled(freshKeys(COUNT));
const values = keys.map((_, i) => SHAPES[shape].make(i));
const { read, write } = WAYS[way].open();
keys.forEach((key, i) => write(key, values[i]));

const act = direction === 'read' ? (i) => read(keys[i]) : (i) => write(keys[i], values[i]);
const task = { ops: COUNT, run: repeat(COUNT, act, false) };
let groupSize;

answerMessages(async ({ what, milliseconds }) => {
  if (what === 'warm up') return (groupSize = await warmUp(task, milliseconds));
  return timeRound(task, groupSize, milliseconds);
});
