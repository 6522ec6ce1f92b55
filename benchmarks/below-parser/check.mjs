/**
 * Tries to smuggle something past the experiment. The same bytes go to a server with it and to one
 * without: the same bytes must come back, and the handler must see the same requests.
 *
 *     node benchmarks/below-parser/check.mjs [--quick] [--seed 1]
 *
 * Needs the built packages (`pnpm build`). Exits with 1 when anything differs.
 */
import assert from 'node:assert/strict';
import { Buffer } from 'node:buffer';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { attacks, innocents } from './attacks.mjs';
import { conversations } from './conversations.mjs';
import { aConversation, aRequest } from './made-up.mjs';
import { parsedByNode } from './parsed-by-node.mjs';
import { Recogniser } from './recogniser.mjs';
import { clock, close, open, talk } from './sides.mjs';
import { situations } from './situations.mjs';

const { values: args } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, seed: { type: 'string' } },
});
const seed = Number(args.seed ?? Date.now() % 2 ** 31);
console.log(`seed ${seed}`);

// ---- what is recognised -------------------------------------------------------------------------

let recognised = 0;
/** One that remembers fields, as in use. */
const recogniser = new Recogniser();

/** Of whatever is recognised, Node must make the same one request, and keep nothing of it. */
async function compareWithParser(text) {
  const bytes = Buffer.from(text, 'latin1');
  const target = recogniser.targetOf(bytes);
  assert.equal(new Recogniser().targetOf(bytes), target, 'memory changes what is recognised');
  if (target === undefined) return;
  recognised++;
  const whole = {
    method: 'GET',
    httpVersion: '1.1',
    bodyBytes: 0,
    hasEnded: true,
    keepsAlive: true,
  };
  assert.deepEqual(await parsedByNode(bytes), [
    { ...whole, url: target, rawHeaders: recogniser.fields.raw },
    { ...whole, url: '/next', rawHeaders: ['Host', 'next'] },
  ]);
}

for (const text of innocents) await compareWithParser(text);
assert.equal(recognised, innocents.length);
for (const text of attacks) {
  const isTaken = new Recogniser().targetOf(Buffer.from(text, 'latin1')) !== undefined;
  assert.ok(!isTaken, `recognised: ${JSON.stringify(text)}`);
}
const numRuns = args.quick ? 2_000 : 60_000;
await fc.assert(fc.asyncProperty(aRequest, compareWithParser), { numRuns, seed });
// A recogniser that recognises nothing would pass.
assert.ok(recognised > numRuns / 50, `only ${recognised} of ${numRuns} were recognised`);
console.log(`${attacks.length} attacks not recognised; ${numRuns} requests made up, of which`);
console.log(`${recognised} are recognised, and are one request to Node's parser, too`);

// ---- conversations ------------------------------------------------------------------------------

/** The last words of Node to who does not speak HTTP. */
const BAD_REQUEST = 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n';
const likeListened = new Set();

/**
 * One difference there is, and it is not ours: once anybody listens for data, Node parses a chunk
 * without letting ticks run in between. Then nonsense that comes in one chunk with a body, behind an
 * answer not yet finished, is no longer told that it is a bad request before it is thrown out.
 */
async function compare([plain, below, listened], conversation) {
  const [expected, actual] = await Promise.all([
    talk(plain, conversation),
    talk(below, conversation),
  ]);
  const { name = JSON.stringify(conversation) } = conversation;
  if (actual.received !== undefined && actual.received + BAD_REQUEST === expected.received) {
    assert.deepEqual(actual, await talk(listened, conversation), name);
    likeListened.add(name);
  } else assert.deepEqual(actual, expected, name);
}

const listen = (server) => server.on('connection', (socket) => socket.on('data', () => {}));

const pairOf = async (setup = {}) => [
  await open(false, setup),
  await open(true, setup),
  await open(false, { ...setup, change: (server) => listen(server) && setup.change?.(server) }),
];
const end = (pair) => pair.forEach(close);

const pair = await pairOf();
/** One in so many, and all the plain ones. */
const oneIn = (count, all) => all.filter(({ isPlain }, i) => isPlain || i % count === 0);
const some = args.quick ? oneIn(10, conversations) : conversations;
for (const conversation of some) await compare(pair, conversation);
const answered = pair[1].told.answered;
assert.ok(answered > some.length / 2, `only ${answered} were answered below`);
console.log(`${some.length} conversations alike, ${answered} hits answered below the parser`);

const numTalks = args.quick ? 100 : 3_000;
const before = pair[1].told.answered;
await fc.assert(
  fc.asyncProperty(aConversation, (conversation) => compare(pair, conversation)),
  { numRuns: numTalks, seed },
);
const inTalks = pair[1].told.answered - before;
assert.ok(inTalks > numTalks / 10, `only ${inTalks} were answered below`);
console.log(`${numTalks} conversations made up alike, ${inTalks} hits answered below`);
end(pair);

// ---- servers set up otherwise -------------------------------------------------------------------

const setups = {
  'keepAliveTimeout 0': { options: { keepAliveTimeout: 0 } },
  'keepAliveTimeout 72.5 s': { options: { keepAliveTimeout: 72_500 } },
  'a timeout of the server': { change: (server) => server.setTimeout(30_000) },
  maxRequestsPerSocket: { change: (server) => (server.maxRequestsPerSocket = 3) },
  maxHeadersCount: { change: (server) => (server.maxHeadersCount = 1) },
  maxHeaderSize: { options: { maxHeaderSize: 60 } },
  'no Host required': { options: { requireHostHeader: false } },
  'the lenient parser': { options: { insecureHTTPParser: true } },
  'fields joined': { options: { joinDuplicateHeaders: true } },
  'half-open connections': { change: (server) => (server.httpAllowHalfOpen = true) },
  'no Cache-Status': { cacheOptions: { cacheStatus: false } },
  'a prefix for each visitor': {
    cacheOptions: { keyPrefix: (req) => req.headers['user-agent'] ?? '' },
  },
  'a key without the query': { cacheOptions: { ignoreQuery: ['x'] } },
  'directives of requests ignored': { cacheOptions: { requestDirectives: 'ignore' } },
};
const fewer = some.filter(({ name }) => !/cut at|byte by byte/.test(name));
let inSetups = 0;
for (const [name, setup] of Object.entries(setups)) {
  const other = await pairOf(setup);
  for (const conversation of oneIn(args.quick ? 10 : 3, fewer)) {
    await compare(other, { ...conversation, name: `${name}: ${conversation.name}` });
  }
  inSetups += other[1].told.answered;
  end(other);
}
console.log(`${Object.keys(setups).length} servers set up otherwise alike, ${inSetups} below`);

// ---- what bytes alone do not show ---------------------------------------------------------------

for (const [name, situation] of Object.entries(situations)) {
  const both = await pairOf(situation.setup);
  const [expected, actual] = [await situation.act(both[0]), await situation.act(both[1])];
  assert.deepEqual(actual, expected, name);
  end(both);
  clock.nowMs += 1;
  console.log(`alike: ${name}`);
}

console.log(
  `${likeListened.size} times the last 400 was missing, as whenever somebody listens for data:`,
);
for (const name of likeListened) console.log(`  ${name.slice(0, 100)}`);
