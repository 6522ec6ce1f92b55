/**
 * Before a server is loaded it must do what its figures will claim: a cache that runs the handler, or
 * that sends gzip to who did not ask for it, is not one to compare with.
 */
import { Buffer } from 'node:buffer';
import { request } from 'node:http';
import { gunzipSync } from 'node:zlib';

/**
 * @param {object} server `port` and `runs()`
 * @returns {Promise<string | undefined>} what it does not do
 */
export async function shortcomingOf({ port, runs }, subject, scenario) {
  if (scenario.observe) return undefined;
  if (scenario.isMiss) return missShortcoming({ port, runs }, subject, scenario);
  const headers = { ...(scenario.encoding && { 'Accept-Encoding': scenario.encoding }) };
  const path = scenario.checkedPath ?? '/page';
  const expected = scenario.answer({ url: path, headers: {} });

  const first = await ask(port, path, headers);
  if (first.status !== expected.status) return `answers with ${first.status}`;
  // A store may need a moment.
  await ask(port, path, headers);
  const before = await runs();
  const second = await ask(port, path, headers);
  if (subject.caches && (await runs()) !== before) return 'runs the handler again';
  if (!decoded(second).equals(expected.body)) return 'answers with other bytes';
  if (scenario.encoding) {
    if (second.headers['content-encoding'] !== scenario.encoding) return 'gives up the encoding';
    const plain = await ask(port, path, {});
    const { 'content-encoding': encoding = 'identity' } = plain.headers;
    if (encoding !== 'identity' || !plain.body.equals(expected.body)) {
      return `sends ${scenario.encoding} to who did not ask for it`;
    }
  }
  if (scenario.status === 304) {
    const conditional = await ask(port, path, { 'If-None-Match': expected.fields.ETag });
    if (conditional.status !== 304) return `answers If-None-Match with ${conditional.status}`;
    if (subject.caches && (await runs()) !== before) return 'asks the handler for a 304';
  }
  return undefined;
}

async function missShortcoming({ port, runs }, subject, scenario) {
  const { body } = scenario.answer({ url: '/page', headers: {} });
  const first = await ask(port, '/page/check', {});
  const before = await runs();
  const second = await ask(port, '/page/check', {});
  if (!first.body.equals(body) || !second.body.equals(body)) return 'answers with other bytes';
  if (subject.caches && (await runs()) !== before) return 'runs the handler again';
  return undefined;
}

function decoded({ headers, body }) {
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}

function ask(port, path, headers) {
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, path, headers, agent: false };
    const client = request(options, async (response) => {
      const chunks = await response.toArray();
      const body = Buffer.concat(chunks);
      resolve({ status: response.statusCode, headers: response.headers, body });
    });
    client.on('error', reject).end();
  });
}
