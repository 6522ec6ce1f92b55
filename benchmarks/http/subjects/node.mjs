/** The limit: node:http itself, which knows what it will be asked. */
import { createServer, IncomingMessage, ServerResponse } from 'node:http';
import { listening } from './listening.mjs';

/** As fast as node writes an answer that is there. */
export function write(res, { status, head, body }) {
  res.writeHead(status, head);
  if (status === 304) res.end();
  else res.end(body);
}

/** A listener for node:http. */
export function listener(answer, { handlerMs }) {
  if (handlerMs === undefined) return (req, res) => write(res, answer(req));
  return (req, res) => {
    setTimeout(() => write(res, answer(req)), handlerMs);
  };
}

const start = (answer, scenario) => listening(createServer(listener(answer, scenario)));

/** What a hit of LocMem carries besides. */
const FIELDS_OF_A_HIT = {
  Date: new Date().toUTCString(),
  Age: '0',
  'Cache-Status': 'LocMem; hit; ttl=3600',
};

function startWithFields(answer, scenario) {
  const one = answer({ url: '/page', headers: {} });
  const dressed = { ...one, head: { ...one.head, ...FIELDS_OF_A_HIT } };
  return start((req) => {
    answer(req); // counted as everybody's
    return dressed;
  }, scenario);
}

/** Requests whose prototypes are replaced, as Express does it with all that reach it. */
const REPROTOTYPED = 200;

/** What is left of node's speed in a process in which Express has ever handled anything. */
function startAfterExpress(answer, scenario) {
  const ofRequests = Object.create(IncomingMessage.prototype);
  const ofResponses = Object.create(ServerResponse.prototype);
  const inside = listener(answer, scenario);
  let requests = 0;
  return listening(
    createServer((req, res) => {
      if (requests++ < REPROTOTYPED) {
        Object.setPrototypeOf(req, ofRequests);
        Object.setPrototypeOf(res, ofResponses);
      }
      inside(req, res);
    }),
  );
}

export const subjects = [
  { id: 'node/constant', name: 'node:http', caches: false, start },
  { id: 'node/again', name: 'node:http (again)', caches: false, start },
  {
    id: 'node/fields',
    name: 'node:http, the fields of a hit',
    caches: false,
    scenarios: ['hot'],
    start: startWithFields,
  },
  {
    id: 'node/after-express',
    name: 'node:http, where Express has run',
    caches: false,
    scenarios: ['hot', 'zipf', 'gzip'],
    start: startAfterExpress,
  },
];
