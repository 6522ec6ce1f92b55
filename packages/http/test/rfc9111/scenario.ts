/**
 * Acts out one row: a server with the row's cache and handler, a client, a clock. What does not come
 * out as the row says is a sentence; none, and the row is kept.
 */
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freshStoreName, TestClock } from '../harness.js';
import type { Framework, Reply } from './frameworks.js';
import type { DateValue, FieldValue, HandlerAnswer, Row, Step } from './vocabulary.js';

const DEFAULT_ANSWER: HandlerAnswer = { fields: { 'Cache-Control': 'max-age=60' } };

/** Turns of the event loop after which what has not happened is taken not to happen any more. */
const PATIENCE = 400;

/** @returns what came out otherwise than the row says, step by step; nothing when it is kept */
export async function actOut(row: Row, framework: Framework): Promise<string[]> {
  const clock = new TestClock();
  let answer = DEFAULT_ANSWER;
  let runs = 0;
  let finished = 0;
  let arrivals = 0;
  let expectedArrivals = 0;
  let seen: IncomingMessage['headers'];

  const reply = async (req: IncomingMessage): Promise<Reply> => {
    const run = ++runs;
    const now = answer;
    seen = req.headers;
    await turns(() => arrivals >= expectedArrivals);
    clock.advance(now.takes ?? 0);
    setImmediate(() => finished++);
    if (now.manner === 'throws') throw new Error('the handler throws');
    const status = now.status ?? 200;
    return {
      status,
      reason: now.reason,
      fields: Object.entries(now.fields ?? {}).map(([name, value]) => [name, lines(value, clock)]),
      body: status === 204 || status === 304 ? '' : (now.body ?? `#${run}`),
      trailers: now.trailers,
      hints: now.hints,
      processing: now.processing ?? false,
      manner: now.manner,
    };
  };
  const listener = framework({
    options: { ...row.options, cache: freshStoreName(), clock },
    onArrival: () => arrivals++,
    reply,
  });
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const wrong: string[] = [];
  try {
    for (const [index, step] of row.steps.entries()) {
      clock.advance(step.wait ?? 0);
      answer = step.answer ?? answer;
      const runsBefore = runs;
      seen = {};
      const times = step.times ?? 1;
      expectedArrivals = arrivals + times;
      const got = await Promise.all(Array.from({ length: times }, () => ask(port, step, clock)));
      const isRunningOn = step.thenRuns !== undefined;
      const stepRuns = isRunningOn ? undefined : runs - runsBefore;
      if (step.thenRuns !== undefined) {
        const wanted = step.thenRuns;
        await turns(() => runs >= wanted && finished >= wanted);
        // What is finished has yet to be stored.
        for (let i = 0; i < 5; i++) await turn();
        if (runs !== wanted)
          wrong.push(`step ${index + 1}: then ${runs} runs instead of ${wanted}`);
      }
      for (const response of got) {
        const differences = compare(step, response, { runs, stepRuns, seen, clock });
        wrong.push(...differences.map((text) => `step ${index + 1}: ${text}`));
      }
    }
  } finally {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }
  return wrong;
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

async function turns(isOver: () => boolean): Promise<void> {
  for (let i = 0; i < PATIENCE && !isOver(); i++) await turn();
}

// ---- the client --------------------------------------------------------------------------------

interface Got {
  readonly status: number;
  readonly reason: string;
  readonly rawHeaders: readonly string[];
  readonly body: string;
  readonly interim: readonly number[];
  readonly isBroken: boolean;
}

async function ask(port: number, step: Step, clock: TestClock): Promise<Got> {
  const client = request({
    host: '127.0.0.1',
    port,
    path: step.path ?? '/',
    method: step.method ?? 'GET',
    agent: false,
  });
  if (!('Host' in (step.fields ?? {}))) client.setHeader('Host', 'test.example');
  for (const [name, value] of Object.entries(step.fields ?? {})) {
    client.setHeader(name, lines(value, clock));
  }
  const interim: number[] = [];
  client.on('information', ({ statusCode }) => interim.push(statusCode));
  client.end(step.content);
  const [response] = (await once(client, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  let isBroken = false;
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch {
    isBroken = true;
  }
  return {
    status: response.statusCode!,
    reason: response.statusMessage!,
    rawHeaders: response.rawHeaders,
    body: Buffer.concat(chunks).toString(),
    interim,
    isBroken,
  };
}

// ---- fields ------------------------------------------------------------------------------------

function lines(value: FieldValue, clock: TestClock): string | string[] {
  if (typeof value === 'string') return value;
  return isDate(value) ? formatted(value, clock.ms) : [...value];
}

function isDate(value: DateValue | readonly string[]): value is DateValue {
  return !Array.isArray(value);
}

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

function formatted({ at, form }: DateValue, nowMs: number): string {
  const date = new Date(nowMs + at * 1000);
  const imf = date.toUTCString();
  const [, day, month, year, time] = /^\w+, (\d+) (\w+) (\d+) (\S+) GMT$/.exec(imf)!;
  const weekday = DAYS[date.getUTCDay()]!;
  switch (form) {
    case 'imf':
      return imf;
    case 'lower':
      return imf.toLowerCase();
    case 'rfc850':
      return `${weekday}, ${day}-${month}-${year!.slice(2)} ${time} GMT`;
    case 'asctime':
      return `${weekday.slice(0, 3)} ${month} ${day!.replace(/^0/, ' ')} ${time} ${year}`;
    case 'iso':
      return date.toISOString();
    case 'offset':
      return imf.replace('GMT', '+0000');
  }
}

function linesOf(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]!.toLowerCase() === name.toLowerCase(),
  );
}

// ---- the verdict -------------------------------------------------------------------------------

interface Facts {
  readonly runs: number;
  /** Undefined where some of it goes on after the answer. */
  readonly stepRuns: number | undefined;
  readonly seen: IncomingMessage['headers'];
  readonly clock: TestClock;
}

function compare(step: Step, got: Got, { runs, stepRuns, seen, clock }: Facts): string[] {
  const wrong: string[] = [];
  const check = (what: string, isRight: boolean, was: unknown) => {
    if (!isRight) wrong.push(`${what}, but: ${JSON.stringify(was)}`);
  };
  const from = step.from ?? 'handler';
  const cacheStatus = linesOf(got.rawHeaders, 'cache-status').join(', ');
  const isHit = cacheStatus.includes('LocMem; hit');

  const wantedRuns = step.runs ?? (from === 'store' || from === 'cache' ? 0 : 1);
  if (stepRuns !== undefined) {
    check(`the handler runs ${wantedRuns} times`, stepRuns === wantedRuns, stepRuns);
  }
  if (step.times === undefined) {
    check(
      `Cache-Status ${from === 'store' ? 'is' : 'is no'} hit`,
      isHit === (from === 'store'),
      cacheStatus,
    );
  }
  check(`status ${step.status ?? 200}`, got.status === (step.status ?? 200), got.status);
  check(
    `the answer ${step.breaks ? 'breaks off' : 'is whole'}`,
    got.isBroken === (step.breaks ?? false),
    got.body,
  );
  check(
    `interim ${JSON.stringify(step.interim ?? [])}`,
    String(got.interim) === String(step.interim ?? []),
    got.interim,
  );
  check('the body', isBody(step, got, runs), got.body);
  for (const [name, wanted] of Object.entries(step.has ?? {})) {
    const present = linesOf(got.rawHeaders, name);
    check(`${name}: ${describe(wanted)}`, isField(wanted, present, clock), present);
  }
  for (const [name, wanted] of Object.entries(step.handlerSees ?? {})) {
    const value = seen[name.toLowerCase()];
    const present = value === undefined ? [] : [value].flat();
    check(
      `the handler sees ${name}: ${describe(wanted)}`,
      isField(wanted, present, clock),
      present,
    );
  }
  if (step.says) check(`Cache-Status ${step.says}`, step.says.test(cacheStatus), cacheStatus);
  return wrong;
}

function describe(wanted: unknown): string {
  return wanted instanceof RegExp ? String(wanted) : JSON.stringify(wanted);
}

function isBody(step: Step, got: Got, runs: number): boolean {
  if (step.body !== undefined) return got.body === step.body;
  if (step.method === 'HEAD' || step.from === 'cache') return got.body === '';
  if (step.status === 204 || step.status === 304) return got.body === '';
  const body = step.answer?.body;
  if (body !== undefined) return got.body === body;
  const run = Number(/^#(\d+)$/.exec(got.body)?.[1]);
  if (Number.isNaN(run)) return step.from === 'store' || step.from === undefined;
  if (step.times !== undefined || step.thenRuns !== undefined) return true;
  return (step.from ?? 'handler') === 'handler' ? run === runs : run <= runs;
}

function isField(
  wanted: string | RegExp | readonly string[] | DateValue | null,
  present: readonly string[],
  clock: TestClock,
): boolean {
  if (wanted === null) return present.length === 0;
  if (wanted instanceof RegExp) return wanted.test(present.join(', '));
  if (typeof wanted === 'string') return present.join(', ') === wanted;
  if (isDate(wanted)) return present.join(', ') === formatted(wanted, clock.ms);
  return JSON.stringify(present) === JSON.stringify(wanted);
}
