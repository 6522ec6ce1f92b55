import { cc, isNotStored, isStored, plain } from '../vocabulary.js';
import type { Row, Section } from '../vocabulary.js';

const FRESH = cc('max-age=60');

const notForGet = (method: string): Row => ({
  id: `method-${method.toLowerCase()}-not-stored`,
  level: 'MUST NOT',
  sentence: `The answer to ${method} is not stored and given to GET.`,
  steps: [{ method, answer: FRESH }, {}],
});

const finalStatus = (status: number): Row => ({
  id: `status-${status}`,
  level: 'MAY',
  sentence: `An answer with the final status ${status} is stored where it states its freshness.`,
  steps: isStored({ ...FRESH, status }, { status }),
});

const refused = (id: string, what: string, value: string | string[]): Row => ({
  id,
  level: 'MUST NOT',
  sentence: `${what} is not stored.`,
  steps: isNotStored(cc(value)),
});

const dropped = (id: string, name: string, value: string): Row => ({
  id,
  level: 'MUST NOT',
  sentence: `${name} belongs to the connection and is not stored.`,
  steps: [
    { answer: cc('max-age=60', { [name]: value, 'X-End': 'to end' }) },
    { from: 'store', has: { [name]: null, 'X-End': 'to end' } },
  ],
});

const AUTHORIZED = { fields: { Authorization: 'Basic YWxpY2U6eA==' } };

export const storing: Section[] = [
  {
    spec: 'RFC 9111 §3',
    title: 'Storing Responses in Caches',
    rows: [
      {
        id: 'store-get',
        level: 'MAY',
        sentence: 'An answer to GET that states its freshness is stored and reused.',
        steps: isStored(FRESH),
      },
      notForGet('POST'),
      notForGet('PUT'),
      notForGet('DELETE'),
      notForGet('PATCH'),
      notForGet('OPTIONS'),
      notForGet('HEAD'),
      notForGet('PROPFIND'),
      {
        id: 'method-post-twice',
        level: 'MUST NOT',
        sentence: 'POST is never answered from the store, not by its own earlier answer either.',
        steps: [{ method: 'POST', answer: FRESH }, { method: 'POST' }],
      },
      ...[200, 203, 204, 299, 300, 301, 302, 303, 307, 308].map(finalStatus),
      ...[400, 403, 404, 405, 410, 414, 418, 451, 500, 501, 502, 503, 504, 599].map(finalStatus),
      {
        id: 'status-304-unasked',
        level: 'MUST NOT',
        sentence: 'A 304 that nobody asked for is no answer to store.',
        steps: isNotStored({ ...FRESH, status: 304 }, { status: 304 }),
      },
      refused('no-store', 'An answer with no-store', 'no-store'),
      refused(
        'no-store-with-max-age',
        'An answer with no-store beside max-age',
        'max-age=60, no-store',
      ),
      refused(
        'no-store-case',
        'An answer with No-Store, in whatever case,',
        'max-age=60, No-STORE',
      ),
      refused('no-store-other-line', 'An answer with no-store on another line', [
        'max-age=60',
        'no-store',
      ]),
      refused('no-store-argument', 'An answer with no-store="x"', 'max-age=60, no-store="x"'),
      refused(
        'no-store-after-empty',
        'An answer with no-store after empty members',
        'max-age=60, , ,no-store',
      ),
      refused('private', 'An answer with private', 'private, max-age=60'),
      refused('private-case', 'An answer with Private, in whatever case,', 'PriVate, max-age=60'),
      refused('private-other-line', 'An answer with private on another line', [
        'max-age=60',
        'private',
      ]),
      refused('private-qualified', 'An answer with private="x"', 'max-age=60, private="x-user"'),
      refused('private-qualified-empty', 'An answer with private=""', 'max-age=60, private=""'),
      refused(
        'private-qualified-spaces',
        'An answer with private=" x "',
        'max-age=60, private=" x-user "',
      ),
      refused(
        'private-with-public',
        'An answer that says both public and private',
        'public, private, max-age=60',
      ),
      refused(
        'private-with-s-maxage',
        'An answer with private beside s-maxage',
        's-maxage=60, private',
      ),
      {
        id: 'no-store-in-quotes',
        level: 'MAY',
        sentence: 'The words no-store and private in a quoted argument are not directives.',
        steps: isStored(cc('max-age=60, ext="no-store, private"')),
      },
      {
        id: 'no-store-prefix',
        level: 'MAY',
        sentence: 'A directive that merely contains the letters of another is another directive.',
        steps: isStored(cc('max-age=60, x-no-store, private-ish')),
      },
      {
        id: 'no-freshness',
        level: 'MUST NOT',
        sentence: 'An answer with nothing that allows it to be reused is not stored.',
        steps: isNotStored(plain({ 'X-Custom': 'a' })),
      },
      {
        id: 'no-freshness-etag',
        level: 'MUST NOT',
        sentence: 'A validator alone does not make an answer fresh.',
        steps: isNotStored(plain({ ETag: '"a"' })),
      },
      {
        id: 'timeout-explicit-wins',
        level: 'MUST',
        sentence: 'What an answer says of its freshness wins over what the cache would assume.',
        options: { timeout: 600 },
        steps: [{ answer: cc('max-age=5') }, { wait: 4, from: 'store' }, { wait: 1 }],
      },
      {
        id: 'timeout-not-for-errors',
        level: 'SHOULD NOT',
        sentence: 'Freshness is not assumed of an error.',
        options: { timeout: 600 },
        steps: isNotStored({ status: 500, fields: {} }, { status: 500 }),
      },
      {
        id: 'set-cookie-default',
        level: 'SHOULD NOT',
        sentence: 'An answer with Set-Cookie is not stored unless that is asked for (§7.3).',
        steps: isNotStored(cc('max-age=60', { 'Set-Cookie': 'sid=1' })),
      },
      {
        id: 'set-cookie-asked-for',
        level: 'MAY',
        sentence: 'Where it is asked for, an answer with Set-Cookie is stored, each of its lines.',
        options: { storeSetCookie: true },
        steps: [
          {
            answer: cc('max-age=60', {
              'Set-Cookie': ['a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'b=2'],
            }),
          },
          {
            from: 'store',
            has: { 'Set-Cookie': ['a=1; Expires=Wed, 01 Jan 2031 00:00:00 GMT', 'b=2'] },
          },
        ],
      },
      {
        id: 'request-body',
        level: 'SHOULD NOT',
        sentence:
          'A GET with content is not answered from the store: the content is no part of the key.',
        steps: [
          { answer: FRESH },
          { content: 'q=1', fields: { 'Content-Length': '3' }, says: /bypass/ },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §3.1',
    title: 'Storing Header and Trailer Fields',
    rows: [
      {
        id: 'fields-kept',
        level: 'MUST',
        sentence: 'All fields of an answer are stored, those that nobody here knows, too.',
        steps: [
          {
            answer: cc('max-age=60', {
              'X-Unknown': 'kept',
              'Content-Type': 'text/x-odd',
              'Content-Language': 'de',
            }),
          },
          {
            from: 'store',
            has: {
              'X-Unknown': 'kept',
              'Content-Type': 'text/x-odd',
              'Content-Language': 'de',
              'Cache-Control': 'max-age=60',
            },
          },
        ],
      },
      {
        id: 'fields-repeated',
        level: 'MUST',
        sentence: 'A field of several lines is stored with all of them, in their order.',
        steps: [
          {
            answer: cc('max-age=60', {
              Link: ['</a>; rel=next', '</b>; rel=prev'],
              'X-Two': ['b', 'a'],
            }),
          },
          {
            from: 'store',
            has: { Link: ['</a>; rel=next', '</b>; rel=prev'], 'X-Two': ['b', 'a'] },
          },
        ],
      },
      {
        id: 'fields-repeated-cache-control',
        level: 'MUST',
        sentence: 'Cache-Control of several lines counts as one list, and goes out as it came.',
        steps: [
          { answer: cc(['public', 'max-age=60']) },
          { wait: 59, from: 'store', has: { 'Cache-Control': ['public', 'max-age=60'] } },
          { wait: 1 },
        ],
      },
      {
        id: 'fields-empty',
        level: 'MUST',
        sentence: 'A field with an empty value is stored as one.',
        steps: [
          { answer: cc('max-age=60', { 'X-Empty': '' }) },
          { from: 'store', has: { 'X-Empty': [''] } },
        ],
      },
      {
        id: 'fields-latin1',
        level: 'MUST',
        sentence: 'A value beyond ASCII is stored byte by byte.',
        steps: [
          { answer: cc('max-age=60', { 'X-Name': 'Zo\u00eb' }) },
          { from: 'store', has: { 'X-Name': 'Zo\u00eb' } },
        ],
      },
      {
        id: 'reason-phrase',
        level: 'MAY',
        sentence: 'The reason phrase is stored, too.',
        steps: isStored({ ...FRESH, status: 404, reason: 'Nowhere' }, { status: 404 }),
      },
      dropped('hop-keep-alive', 'Keep-Alive', 'timeout=7777'),
      dropped('hop-proxy-authenticate', 'Proxy-Authenticate', 'Basic'),
      dropped('hop-proxy-authentication-info', 'Proxy-Authentication-Info', 'nextnonce="1"'),
      dropped('hop-proxy-authorization', 'Proxy-Authorization', 'Basic eA=='),
      dropped('hop-proxy-connection', 'Proxy-Connection', 'close'),
      dropped('hop-te', 'TE', 'trailers'),
      dropped('hop-upgrade', 'Upgrade', 'websocket'),
      {
        id: 'hop-connection-listed',
        level: 'MUST NOT',
        sentence: 'A field that Connection lists is not stored, however its name is spelled there.',
        steps: [
          {
            answer: cc('max-age=60', {
              Connection: 'x-HOP, X-Other',
              'X-Hop': 'a',
              'X-Other': 'b',
              'X-End': 'c',
            }),
          },
          { from: 'store', has: { 'X-Hop': null, 'X-Other': null, 'X-End': 'c' } },
        ],
      },
      {
        id: 'hop-connection-several-lines',
        level: 'MUST NOT',
        sentence: 'Every line of Connection counts.',
        steps: [
          {
            answer: cc('max-age=60', {
              Connection: ['x-hop', 'x-other'],
              'X-Hop': 'a',
              'X-Other': 'b',
            }),
          },
          { from: 'store', has: { 'X-Hop': null, 'X-Other': null } },
        ],
      },
      {
        id: 'hop-transfer-encoding',
        level: 'MUST NOT',
        sentence:
          'Transfer-Encoding is not stored; the answer from the store has a Content-Length.',
        steps: [
          {
            answer: { ...FRESH, manner: 'chunks', body: 'chunked' },
            has: { 'Transfer-Encoding': 'chunked' },
          },
          {
            from: 'store',
            body: 'chunked',
            has: { 'Transfer-Encoding': null, 'Content-Length': '7' },
          },
        ],
      },
      {
        id: 'no-cache-qualified-field',
        level: 'MUST NOT',
        sentence: 'A field that no-cache="…" names is not sent from the store without validation.',
        steps: [
          { answer: cc('max-age=60, no-cache="X-Secret"', { 'X-Secret': 'alice' }) },
          {
            answer: cc('max-age=60, no-cache="X-Secret"', { 'X-Secret': 'bob' }),
            has: { 'X-Secret': 'bob' },
          },
        ],
      },
      {
        id: 'trailers-not-merged',
        level: 'MUST NOT',
        sentence: 'Trailer fields are not made header fields of an answer from the store.',
        steps: [
          { answer: { ...FRESH, trailers: { 'X-Trailer': 't' } } },
          { answer: FRESH, has: { 'X-Trailer': null } },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §3.2',
    title: 'Updating Stored Header Fields',
    rows: [
      {
        id: 'update-adds',
        level: 'MUST',
        sentence: 'A field of the 304 that the stored answer has not is added to it.',
        steps: [
          { answer: cc('max-age=1', { ETag: '"a"' }) },
          {
            wait: 2,
            answer: {
              status: 304,
              fields: { ETag: '"a"', 'Cache-Control': 'max-age=60', 'X-New': 'n' },
            },
            from: 'validation',
            has: { 'X-New': 'n' },
          },
          { from: 'store', body: '#1', has: { 'X-New': 'n' } },
        ],
      },
      {
        id: 'update-replaces',
        level: 'MUST',
        sentence: 'A field of the 304 replaces the one that is stored, all of its lines.',
        steps: [
          { answer: cc('max-age=1', { ETag: '"a"', 'X-Old': ['1', '2'] }) },
          {
            wait: 2,
            answer: {
              status: 304,
              fields: { ETag: '"a"', 'Cache-Control': 'max-age=60', 'X-Old': '3' },
            },
            from: 'validation',
            has: { 'X-Old': ['3'] },
          },
          { from: 'store', body: '#1', has: { 'X-Old': ['3'] } },
        ],
      },
      {
        id: 'update-keeps',
        level: 'MUST',
        sentence: 'A stored field that the 304 does not name stays.',
        steps: [
          { answer: cc('max-age=1', { ETag: '"a"', 'X-Stays': 's' }) },
          {
            wait: 2,
            answer: { status: 304, fields: { ETag: '"a"', 'Cache-Control': 'max-age=60' } },
            from: 'validation',
            has: { 'X-Stays': 's' },
          },
          { from: 'store', body: '#1', has: { 'X-Stays': 's' } },
        ],
      },
      ...(
        [
          ['Content-Length', '99', '2'],
          ['Content-Type', 'text/x-wrong', 'text/plain'],
          ['Content-Encoding', 'gzip', null],
          ['Content-Range', 'bytes 0-1/9', null],
        ] as const
      ).map(([name, value, stays]): Row => ({
        id: `update-not-${name.toLowerCase()}`,
        level: 'MUST NOT',
        sentence: `${name} of the 304 does not become that of the stored content.`,
        steps: [
          { answer: cc('max-age=1', { ETag: '"a"', 'Content-Type': 'text/plain' }) },
          {
            wait: 2,
            answer: {
              status: 304,
              fields: { ETag: '"a"', 'Cache-Control': 'max-age=60', [name]: value },
            },
            from: 'validation',
            has: { [name]: stays },
          },
          { from: 'store', body: '#1', has: { [name]: stays } },
        ],
      })),
      {
        id: 'update-not-hop',
        level: 'MUST NOT',
        sentence: 'Connection fields of the 304 are not stored.',
        steps: [
          { answer: cc('max-age=1', { ETag: '"a"' }) },
          {
            wait: 2,
            answer: {
              status: 304,
              fields: {
                ETag: '"a"',
                'Cache-Control': 'max-age=60',
                Connection: 'x-hop',
                'X-Hop': 'h',
              },
            },
            from: 'validation',
          },
          { from: 'store', body: '#1', has: { 'X-Hop': null } },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §3.3',
    title: 'Storing Incomplete Responses',
    rows: [
      {
        id: 'incomplete-short',
        level: 'MUST NOT',
        sentence: 'An answer that ends before its Content-Length is not stored as complete.',
        steps: [{ answer: { ...FRESH, manner: 'short' }, breaks: true }, { answer: FRESH }],
      },
      {
        id: 'incomplete-stops',
        level: 'MUST NOT',
        sentence: 'An answer whose connection breaks in the middle is not stored.',
        steps: [{ answer: { ...FRESH, manner: 'stops' }, breaks: true }, { answer: FRESH }],
      },
      {
        id: 'incomplete-206',
        level: 'MUST NOT',
        sentence: 'A 206 that nobody asked for is not reused as the whole.',
        steps: [
          {
            answer: {
              status: 206,
              fields: { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-1/9' },
            },
            status: 206,
          },
          { answer: FRESH },
        ],
      },
      {
        id: 'incomplete-content-range-200',
        level: 'MUST NOT',
        sentence: 'An answer with Content-Range is not reused as the whole, whatever its status.',
        steps: isNotStored(cc('max-age=60', { 'Content-Range': 'bytes 0-1/9' })),
      },
      {
        id: 'complete-chunked',
        level: 'MAY',
        sentence: 'An answer in many pieces that was ended is complete, and is stored whole.',
        steps: isStored(
          { ...FRESH, manner: 'chunks', body: 'in many pieces' },
          { body: 'in many pieces' },
        ),
      },
    ],
  },
  {
    spec: 'RFC 9111 §3.4',
    title: 'Combining Partial Content',
    rows: [
      {
        id: 'combine-none',
        level: 'MUST NOT',
        sentence:
          'Two parts are not combined without a strong validator; here, parts are never combined.',
        steps: [
          {
            fields: { Range: 'bytes=0-1' },
            answer: {
              status: 206,
              body: 'ab',
              fields: { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-1/4' },
            },
            status: 206,
          },
          {
            fields: { Range: 'bytes=2-3' },
            answer: {
              status: 206,
              body: 'cd',
              fields: { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 2-3/4' },
            },
            status: 206,
          },
          { answer: FRESH },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §3.5',
    title: 'Storing Responses to Authenticated Requests',
    rows: [
      {
        id: 'authorization',
        level: 'MUST NOT',
        sentence: 'The answer to a request with Authorization is not stored for others.',
        steps: [{ answer: FRESH, ...AUTHORIZED }, {}, { from: 'store' }],
      },
      {
        id: 'authorization-same-user',
        level: 'MUST NOT',
        sentence: 'Nor is it stored for requests with the same Authorization.',
        steps: [{ answer: FRESH, ...AUTHORIZED }, AUTHORIZED],
      },
      {
        id: 'authorization-expires',
        level: 'MUST NOT',
        sentence: 'Expires does not make it an answer for all.',
        steps: [{ answer: plain({ Expires: { at: 60, form: 'imf' } }), ...AUTHORIZED }, {}],
      },
      ...['public', 's-maxage=60', 'must-revalidate'].map((directive): Row => ({
        id: `authorization-${directive.split('=')[0]!}`,
        level: 'MAY',
        sentence: `It is stored for all where the answer says ${directive}.`,
        steps: [{ answer: cc(`max-age=60, ${directive}`), ...AUTHORIZED }, { from: 'store' }],
      })),
      ...['proxy-revalidate', 'immutable', 'ext="public"', 'max-age=60, no-transform'].map(
        (directive): Row => ({
          id: `authorization-not-${directive.replace(/\W+/g, '-')}`,
          level: 'MUST NOT',
          sentence: `The directive ${directive} does not make it an answer for all.`,
          steps: [{ answer: cc(`max-age=60, ${directive}`), ...AUTHORIZED }, {}],
        }),
      ),
      {
        id: 'authorization-empty',
        level: 'MUST NOT',
        sentence: 'An empty Authorization is one.',
        steps: [{ answer: FRESH, fields: { Authorization: '' } }, {}],
      },
    ],
  },
];
