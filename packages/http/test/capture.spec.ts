/**
 * What a handler writes reaches the client exactly as it does without a cache, whatever form of
 * call it uses; and the hit repeats it.
 */
import { afterAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { closeAll, linesOf, scene, serve, type Handler } from './harness.js';

afterAll(closeAll);

const loose = (res: ServerResponse): any => res;

/** Every way that node has of writing a response. */
const FORMS: Record<string, Handler> = {
  'end(string)': (_req, res) => res.end('body'),
  'end(string, encoding)': (_req, res) => res.end('c3a4', 'hex'),
  'end(latin1)': (_req, res) => res.end('ä', 'latin1'),
  'end(Buffer)': (_req, res) => res.end(Buffer.from([1, 2, 3])),
  'end(Uint8Array)': (_req, res) => loose(res).end(new Uint8Array([1, 2, 3])),
  'end(callback)': (_req, res) => res.end(() => {}),
  'end(string, callback)': (_req, res) => res.end('body', () => {}),
  'end(string, encoding, callback)': (_req, res) => res.end('body', 'utf8', () => {}),
  'end()': (_req, res) => res.end(),
  'write and end': (_req, res) => {
    res.write('one ');
    res.write(Buffer.from('two '));
    res.write('dHdv', 'base64');
    res.end(' three');
  },
  'write after an empty write': (_req, res) => {
    res.write('');
    res.end('body');
  },
  'writeHead(status)': (_req, res) => res.writeHead(200).end('body'),
  'writeHead(status, reason)': (_req, res) => res.writeHead(200, 'Fine').end('body'),
  'writeHead(status, object)': (_req, res) =>
    res.writeHead(200, { 'X-A': '1', 'X-B': ['2', '3'], 'Content-Length': 4 }).end('body'),
  'writeHead(status, reason, object)': (_req, res) =>
    res.writeHead(200, 'Fine', { 'X-A': '1' }).end('body'),
  'writeHead(status, undefined, object)': (_req, res) =>
    loose(res).writeHead(200, undefined, { 'X-A': '1' }).end('body'),
  'writeHead(status, flat list)': (_req, res) =>
    res.writeHead(200, ['X-A', '1', 'X-A', '2', 'X-B', '3']).end('body'),
  'writeHead(status, list of pairs)': (_req, res) =>
    loose(res)
      .writeHead(200, [
        ['X-A', '1'],
        ['X-B', '3'],
      ])
      .end('body'),
  'setHeader before writeHead(status, object)': (_req, res) => {
    res.setHeader('X-A', 'old');
    res.setHeader('X-C', ['4', '5']);
    res.writeHead(200, { 'x-a': 'new' }).end('body');
  },
  'setHeader before writeHead(status, flat list)': (_req, res) => {
    res.setHeader('X-A', 'old');
    res.writeHead(200, ['X-A', 'new', 'X-B', '3']).end('body');
  },
  'appendHeader and removeHeader': (_req, res) => {
    res.appendHeader('X-A', '1').appendHeader('X-A', '2').setHeader('X-B', '3');
    res.removeHeader('X-B');
    res.end('body');
  },
  'statusCode and statusMessage': (_req, res) => {
    res.statusCode = 200;
    res.statusMessage = 'Very fine';
    res.end('body');
  },
  'flushHeaders before the body': (_req, res) => {
    res.setHeader('X-A', '1');
    res.flushHeaders();
    res.write('bo');
    res.end('dy');
  },
  'cork and uncork': (_req, res) => {
    res.cork();
    res.write('bo');
    res.write('dy');
    res.uncork();
    res.end();
  },
  'early hints first': (_req, res) => {
    res.writeEarlyHints({ link: '</a>; rel=preload' });
    res.end('body');
  },
  'end twice': (_req, res) => {
    res.on('error', () => {});
    res.end('body');
    res.end('more');
  },
  'write after end': (_req, res) => {
    res.on('error', () => {});
    res.end('body');
    res.write('more');
  },
  'a second writeHead': (_req, res) => {
    res.writeHead(200, { 'X-A': '1' });
    expect(() => res.writeHead(500, { 'X-A': '2' })).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_HEADERS_SENT' }),
    );
    res.end('body');
  },
  'a chunk that is none, then a good one': (_req, res) => {
    expect(() => loose(res).write(5)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => loose(res).end({})).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    res.end('body');
  },
};

/** Names that the cache adds or node makes anew. */
const OURS = new Set(['cache-status', 'age', 'date', 'connection', 'keep-alive']);
const FRAMING = new Set([...OURS, 'content-length', 'transfer-encoding']);

function fieldsWithout(rawHeaders: string[], names: Set<string>): string[] {
  const lines: string[] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (!names.has(rawHeaders[i]!.toLowerCase()))
      lines.push(`${rawHeaders[i]!}: ${rawHeaders[i + 1]!}`);
  }
  return lines;
}

describe.each(Object.entries(FORMS))('%s', (_form, handler) => {
  it('goes out as it does without a cache, and comes back as it went', async () => {
    const plain = await serve((req, res) => handler(req, res, 1));
    const cached = await scene(handler, { timeout: 60 });
    const expected = await plain.ask('/');
    const miss = await cached.ask('/');
    const hit = await cached.ask('/');
    expect(miss.status).toBe(expected.status);
    expect(miss.statusMessage).toBe(expected.statusMessage);
    expect(miss.body).toEqual(expected.body);
    expect(fieldsWithout(miss.rawHeaders, OURS)).toEqual(fieldsWithout(expected.rawHeaders, OURS));

    expect(hit.isHit).toBe(true);
    expect(cached.runs()).toBe(1);
    expect(hit.statusMessage).toBe(expected.statusMessage);
    expect(hit.body).toEqual(expected.body);
    expect(fieldsWithout(hit.rawHeaders, FRAMING)).toEqual(
      fieldsWithout(expected.rawHeaders, FRAMING),
    );
  });
});

describe('while an answer is captured', () => {
  it('bytes reach the client as they are written', async () => {
    let proceed = () => {};
    const { open } = await scene(
      (_req, res) => {
        res.write('first');
        proceed = () => res.end('second');
      },
      { timeout: 60 },
    );
    const socket = await open();
    socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    let text = '';
    socket.on('data', (chunk) => (text += String(chunk)));
    while (!text.includes('first')) await once(socket, 'data');
    expect(text).not.toContain('second');
    proceed();
    while (!text.includes('second')) await once(socket, 'data');
    socket.destroy();
  });

  it('write tells of a full buffer, drain of an empty one, and callbacks are called', async () => {
    const told: unknown[] = [];
    const { ask } = await scene(
      (_req, res) => {
        told.push(res.write('x'.repeat(100_000), () => told.push('written')));
        res.once('drain', () => {
          told.push('drain');
          res.end(() => told.push('finished'));
        });
      },
      { timeout: 60 },
    );
    const { body } = await ask('/');
    expect(body.length).toBe(100_000);
    expect(told).toEqual([false, 'drain', 'written', 'finished']);
    expect((await ask('/')).body.length).toBe(100_000);
  });

  it('methods return what they return without a cache', async () => {
    const returned: boolean[] = [];
    const { ask } = await scene(
      (_req, res) => {
        returned.push(res.writeHead(200) === res, res.write('x'), res.end() === res);
      },
      { timeout: 60 },
    );
    await ask('/');
    expect(returned).toEqual([true, true, true]);
  });

  it('an error of writeHead can still be answered, and Cache-Status is there once', async () => {
    const { ask } = await scene(
      (_req, res) => {
        try {
          res.writeHead(1000);
        } catch {
          res.statusCode = 500;
          res.end('sorry');
        }
      },
      { timeout: 60 },
    );
    const answer = await ask('/');
    expect(answer.status).toBe(500);
    expect(answer.cache).toBe('LocMem; fwd=uri-miss; detail=status');
  });

  it('misses go out with no other field than Cache-Status added', async () => {
    const { ask } = await scene((_req, res) => res.end('x'), { timeout: 60 });
    const miss = await ask('/');
    expect(Object.keys(miss.headers).sort()).toEqual([
      'cache-status',
      'connection',
      'content-length',
      'date',
    ]);
  });

  it("the handler's own Cache-Status comes first", async () => {
    const { ask } = await scene(
      (_req, res) => {
        res.setHeader('Cache-Status', 'Upstream; hit');
        res.end('x');
      },
      { timeout: 60 },
    );
    expect((await ask('/')).cache).toBe('Upstream; hit, LocMem; fwd=uri-miss');
    expect((await ask('/')).cache).toBe('Upstream; hit, LocMem; hit; ttl=60');
  });
});

describe('an answer that was begun before it came to the cache', () => {
  it('goes on without it', async () => {
    const { ask, runs } = await scene(
      (_req, res) => res.end('rest'),
      { timeout: 60 },
      (_req, res) => {
        res.write('begun, ');
      },
    );
    for (let run = 1; run <= 2; run++) {
      expect((await ask('/')).text).toBe('begun, rest');
      expect(runs()).toBe(run);
    }
  });
});

describe('an outer middleware that rewrites the body', () => {
  /** Replaces end, as minifiers and home-made compressors do. */
  const rewriting =
    (rewrite: (res: ServerResponse, text: string) => string) =>
    (_req: unknown, res: ServerResponse) => {
      const end = res.end.bind(res);
      loose(res).end = (chunk: string) => end(rewrite(res, chunk));
    };

  it('gets the handler’s bytes on a hit, to rewrite them for this visitor', async () => {
    let visitor = 0;
    const { ask, runs } = await scene(
      (_req, res) => res.end('hello'),
      { timeout: 60 },
      rewriting((res, text) => {
        visitor++;
        res.removeHeader('Content-Length');
        return `${text} visitor ${visitor}`;
      }),
    );
    expect((await ask('/')).text).toBe('hello visitor 1');
    expect((await ask('/')).text).toBe('hello visitor 2');
    expect(runs()).toBe(1);
  });

  it('and says so in the head keeps the answer out of the store', async () => {
    const { ask, cache } = await scene(
      (_req, res) => res.end('hello'),
      { timeout: 60 },
      rewriting((res) => {
        res.setHeader('Content-Encoding', 'rot13');
        return 'uryyb';
      }),
    );
    await ask('/');
    expect((await ask('/')).text).toBe('uryyb');
    expect(cache.stats().refusals).toEqual({ transformed: 2 });
  });

  it('writing through write does not count its bytes twice', async () => {
    const { ask } = await scene(
      (_req, res) => res.end('hello'),
      { timeout: 60 },
      (_req, res) => {
        const end = res.end.bind(res);
        loose(res).end = (chunk: string) => {
          res.write(chunk);
          end();
        };
      },
    );
    await ask('/');
    // On a hit it meets the Content-Length of the stored bytes, which are those of the handler.
    const hit = await ask('/');
    expect(hit.isHit).toBe(true);
    expect(hit.text).toBe('hello');
  });

  it('holding everything back until the end is waited for', async () => {
    const { ask, runs } = await scene(
      (_req, res) => {
        res.setHeader('X-A', '1');
        res.write('hel');
        res.end('lo');
      },
      { timeout: 60 },
      (_req, res) => {
        const [write, end] = [res.write.bind(res), res.end.bind(res)];
        const held: string[] = [];
        loose(res).write = (chunk: string) => held.push(chunk) > 0;
        loose(res).end = (chunk?: string | Buffer) => {
          setImmediate(() => {
            for (const part of held) write(part);
            end(chunk);
          });
          return res;
        };
      },
    );
    expect((await ask('/')).text).toBe('hello');
    const hit = await ask('/');
    expect(hit.text).toBe('hello');
    expect(hit.headers['x-a']).toBe('1');
    expect(hit.isHit).toBe(true);
    expect(runs()).toBe(1);
  });
});

describe('repeated lines', () => {
  it('given to writeHead in a list are stored as several', async () => {
    const { ask } = await scene(
      (_req, res) => res.writeHead(200, ['Link', '<a>', 'Link', '<b>']).end(),
      { timeout: 60 },
    );
    await ask('/');
    expect(linesOf(await ask('/'), 'link')).toEqual(['<a>', '<b>']);
  });
});
