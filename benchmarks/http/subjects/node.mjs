/** The limit: node:http itself, which knows what it will be asked. */
import { createServer } from 'node:http';
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
];
