import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './app.js';

export async function ask(url: string, path: string, method = 'GET'): Promise<Answer> {
  const response = await fetch(`${url}/${path}`, { method });
  return (await response.json()) as Answer;
}

/**
 * Asks the workers behind one address, and checks what they answer.
 *
 * @returns what was not as it should be
 */
export async function tour(
  url: string,
  workers: number,
  print: (line: string) => void,
): Promise<string[]> {
  const wrong: string[] = [];
  const check = (claim: string, isSo: boolean) => {
    print(`${isSo ? 'ok  ' : 'FAIL'} ${claim}`);
    if (!isSo) wrong.push(claim);
  };
  const report = (id: string) => ask(url, `report/${id}`);
  const runsOf = (answers: readonly Answer[]) =>
    new Set(answers.map((answer) => `${answer.report?.madeBy} ${answer.report?.run}`)).size;
  const many = (id: string, count = 20) =>
    Promise.all(Array.from({ length: count }, () => report(id)));
  /** Until both workers have heard: messages of Redis take no time, and some. */
  const settled = async (isSo: (answers: readonly Answer[]) => boolean) => {
    for (let tries = 0; tries < 50; tries++) {
      const answers = await many('a', 6);
      if (isSo(answers)) return true;
      await sleep(20);
    }
    return false;
  };

  const crowd = await many('a');
  const pids = new Set(crowd.map(({ pid }) => pid));
  check(`${crowd.length} requests went to ${workers} workers`, pids.size === workers);
  check('and made one report between them', runsOf(crowd) === 1);

  await ask(url, 'purge/report:a', 'POST');
  const purged = await many('a');
  check('after a purge in one worker, both have a new one', runsOf([crowd[0]!, ...purged]) === 2);

  await ask(url, 'version', 'POST');
  const version = (crowd[0]?.version ?? 1) + 1;
  const isNew = (answers: readonly Answer[]) =>
    answers.every((answer) => answer.version === version) &&
    runsOf(answers) === 1 &&
    runsOf([purged[0]!, ...answers]) === 2;
  check('after a new version number, both have another', await settled(isNew));
  return wrong;
}
