/** Real processes: the built example, run as it would be, against a real server. */
import { afterAll, afterEach, beforeAll, expect, it } from '@jest/globals';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describeWithServer, TestServer } from '../../../packages/redis/test/support/server.js';
import { ask } from '../src/tour.js';

const dist = (file: string) => fileURLToPath(new URL(`../dist/${file}`, import.meta.url));

describeWithServer('several processes', () => {
  let redis: TestServer;
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    redis = await TestServer.start();
  });

  afterEach(async () => {
    const ended = running.splice(0).map(async (child) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    });
    await Promise.all(ended);
  });

  afterAll(() => redis.stop());

  function run(file: string, env: Record<string, string> = {}): ChildProcess {
    const child = spawn(process.execPath, [dist(file)], {
      env: { ...process.env, REDIS_URL: redis.url, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    running.push(child);
    return child;
  }

  /** A process of its own. @returns its address */
  async function start(keyPrefix = ''): Promise<string> {
    const child = run('server.js', { PORT: '0', KEY_PREFIX: keyPrefix });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    return `http://127.0.0.1:${/listening on (\d+)/.exec(String(line))![1]}`;
  }

  const reportOf = async (url: string, id: string) => (await ask(url, `report/${id}`)).report;

  /** Asks until it is so: what one process does reaches the other by a message. */
  async function eventually(isSo: () => Promise<boolean>): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      if (await isSo()) return;
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    throw new Error(`never came true: ${String(isSo)}`);
  }

  it('two workers of node:cluster share their loads, purges and versions', async () => {
    const child = run('main.js');
    let output = '';
    child.stdout!.on('data', (data: Buffer) => (output += String(data)));
    const [code] = (await once(child, 'exit')) as [number];
    expect(output.split('\n').filter((line) => line.startsWith('FAIL'))).toEqual([]);
    expect(output.match(/^ok/gm)).toHaveLength(4);
    expect(code).toBe(0);
  }, 20_000);

  it('of two processes that are asked at once, one loads', async () => {
    const urls = await Promise.all([start('herd'), start('herd')]);
    const asked = Array.from({ length: 20 }, (_, i) => reportOf(urls[i % 2]!, 'r'));
    const made = new Set((await Promise.all(asked)).map((report) => JSON.stringify(report)));
    expect(made.size).toBe(1);
    const runs = await Promise.all(urls.map(async (url) => (await ask(url, 'runs')).runs!));
    expect(runs.sort()).toEqual([0, 1]);
  }, 20_000);

  it('a process that dies while it loads holds up the others for no longer than its lease', async () => {
    const [dying, waiting] = await Promise.all([start('death'), start('death')]);
    const lost = reportOf(dying, 'r').catch(() => 'lost');
    await eventually(async () => (await redis.command('KEYS', '*:lease')) !== '*0\r\n');
    const asked = reportOf(waiting, 'r');
    running[0]!.kill('SIGKILL');
    expect(await lost).toBe('lost');
    // The end of the lease, brought about rather than waited for.
    const lease = (await redis.command('KEYS', '*:lease')).split('\r\n')[2]!;
    await redis.command('PEXPIRE', lease, '1');
    expect(await asked).toMatchObject({ id: 'r', run: 1 });
  }, 20_000);

  it('a tag purged in one is gone from the memory of the other', async () => {
    const [here, there] = await Promise.all([start('tags'), start('tags')]);
    const first = await reportOf(there, 'r');
    await eventually(
      async () => JSON.stringify(await reportOf(there, 'r')) === JSON.stringify(first),
    );
    await ask(here, 'purge/reports', 'POST');
    await eventually(
      async () => JSON.stringify(await reportOf(there, 'r')) !== JSON.stringify(first),
    );
    expect(await reportOf(here, 'r')).toEqual(await reportOf(there, 'r'));
  }, 20_000);

  it('a new version number in one is that of the other', async () => {
    const [here, there] = await Promise.all([start('version'), start('version')]);
    const before = await ask(there, 'report/r');
    const { version } = await ask(here, 'version', 'POST');
    await eventually(async () => (await ask(there, 'report/r')).version === version);
    expect((await ask(there, 'report/r')).report).not.toEqual(before.report);
  }, 20_000);

  it('two releases with prefixes of their own do not meet, and the old one is cleared alone', async () => {
    const [old, next] = await Promise.all([start('release-7'), start('release-8')]);
    const [ofOld, ofNext] = [await reportOf(old, 'r'), await reportOf(next, 'r')];
    expect(ofOld).not.toEqual(ofNext);
    await ask(next, 'clear/release-7', 'POST');
    expect(await redis.command('KEYS', 'locmem:reports:{release-7:*}')).toBe('*0\r\n');
    expect(await reportOf(next, 'r')).toEqual(ofNext);
    await eventually(async () => (await reportOf(old, 'r'))?.run !== ofOld?.run);
  }, 20_000);
});
