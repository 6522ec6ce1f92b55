import { cc, isNotStored } from '../vocabulary.js';
import type { FieldValues, Row, Section } from '../vocabulary.js';

const FRESH = cc('max-age=60');

const otherUri = (id: string, what: string, first: string, second: string): Row => ({
  id,
  level: 'MUST NOT',
  sentence: `An answer for one target URI is not given to another: ${what}.`,
  steps: [{ path: first, answer: FRESH }, { path: second }, { path: first, from: 'store' }],
});

/** Vary: X; an answer to the first request and the second, which it fits or not. */
const vary = (
  id: string,
  level: Row['level'],
  sentence: string,
  field: string | string[],
  [first, second]: [FieldValues, FieldValues],
  from: 'store' | 'handler',
): Row => ({
  id,
  level,
  sentence,
  steps: [
    { fields: first, answer: cc('max-age=60', { Vary: field }) },
    { fields: second, from },
  ],
});

const star = (id: string, what: string, field: string | string[]): Row => ({
  id,
  level: 'MUST',
  sentence: `Vary with a "*" never matches: ${what}.`,
  steps: isNotStored(cc('max-age=60', { Vary: field })),
});

export const selecting: Section[] = [
  {
    spec: 'RFC 9111 §4',
    title: 'Constructing Responses from Caches',
    rows: [
      otherUri('uri-path', 'another path', '/a', '/b'),
      otherUri('uri-query', 'another query', '/?a=1', '/?a=2'),
      otherUri('uri-no-query', 'a query or none', '/', '/?'),
      otherUri('uri-query-order', 'another order of the arguments', '/?a=1&b=2', '/?b=2&a=1'),
      otherUri('uri-path-case', 'another case of the path', '/Page', '/page'),
      otherUri('uri-slash', 'a slash more', '/page', '/page/'),
      otherUri('uri-percent', 'percent-encoding of a reserved character', '/a%2Fb', '/a/b'),
      otherUri('uri-double-slash', 'an empty segment', '/a/b', '/a//b'),
      otherUri('uri-array', 'repeated arguments', '/?c[]=1&c[]=2', '/?c=1&c=2'),
      {
        id: 'uri-host',
        level: 'MUST NOT',
        sentence: 'An answer for one host is not given to another.',
        steps: [
          { fields: { Host: 'a.example' }, answer: FRESH },
          { fields: { Host: 'b.example' } },
          { fields: { Host: 'a.example:8080' } },
          { fields: { Host: 'a.example' }, from: 'store' },
        ],
      },
      {
        id: 'uri-host-case',
        level: 'MAY',
        sentence:
          'The host is the same in whatever case, but a handler sees the difference: no use is made of it.',
        steps: [
          { fields: { Host: 'A.Example' }, answer: FRESH },
          { fields: { Host: 'a.example' } },
          { fields: { Host: 'A.Example' }, from: 'store' },
        ],
      },
      {
        id: 'uri-host-invalid',
        level: 'SHOULD NOT',
        sentence: 'A request whose Host is no authority is not answered from the store.',
        steps: [
          { fields: { Host: 'a.example/x' }, answer: FRESH },
          { fields: { Host: 'a.example/x' }, says: /bypass/ },
        ],
      },
      {
        id: 'age-generated',
        level: 'MUST',
        sentence: 'An answer from the store carries its age.',
        steps: [
          { answer: FRESH, has: { Age: null } },
          { from: 'store', has: { Age: '0' } },
          { wait: 7, from: 'store', has: { Age: '7' } },
        ],
      },
      {
        id: 'age-not-on-miss',
        level: 'MUST NOT',
        sentence: 'An answer that is not from the store gets no Age.',
        steps: [
          { answer: FRESH, has: { Age: null } },
          { path: '/other', has: { Age: null } },
        ],
      },
      {
        id: 'write-through',
        level: 'MUST',
        sentence:
          'A request with an unsafe method goes through to the handler before it is answered.',
        steps: [{ answer: FRESH }, { method: 'POST' }, { method: 'DELETE' }, { method: 'PATCH' }],
      },
      {
        id: 'head-from-get',
        level: 'MAY',
        sentence: 'HEAD is answered from a stored GET, with the length of what GET would get.',
        steps: [
          { answer: { ...FRESH, body: 'hello' } },
          {
            method: 'HEAD',
            from: 'store',
            has: { 'Content-Length': '5', 'Cache-Control': 'max-age=60' },
          },
        ],
      },
      {
        id: 'head-not-from-post',
        level: 'MUST NOT',
        sentence: 'Options and traces are not answered from a stored GET.',
        steps: [{ answer: FRESH }, { method: 'OPTIONS' }, { from: 'store' }],
      },
      {
        id: 'latest',
        level: 'MUST',
        sentence: 'Of several suitable answers the most recent is used.',
        steps: [
          { answer: FRESH },
          { fields: { 'Cache-Control': 'no-cache' } },
          { from: 'store', body: '#2' },
        ],
      },
      {
        id: 'bytes',
        level: 'MUST',
        sentence: 'The content from the store is what the handler sent, byte by byte.',
        steps: [
          { answer: { ...FRESH, body: 'caf\u00e9 \u2615 \u{1f600}\r\n\0' } },
          { from: 'store', body: 'caf\u00e9 \u2615 \u{1f600}\r\n\0' },
        ],
      },
      {
        id: 'empty-body',
        level: 'MUST',
        sentence: 'Empty content is content.',
        steps: [
          { answer: { ...FRESH, body: '' } },
          { from: 'store', body: '', has: { 'Content-Length': '0' } },
        ],
      },
      {
        id: 'collapse',
        level: 'MAY',
        sentence: 'Equal requests at the same time are collapsed into one.',
        steps: [{ answer: FRESH, times: 5, runs: 1 }],
      },
      {
        id: 'collapse-private',
        level: 'MUST NOT',
        sentence: 'An answer that may not be stored is not shared by requests that waited for it.',
        steps: [{ answer: cc('private, max-age=60'), times: 4, runs: 4 }],
      },
      {
        id: 'collapse-authorization',
        level: 'MUST NOT',
        sentence: 'Requests with Authorization at the same time each run the handler.',
        steps: [{ answer: FRESH, times: 3, fields: { Authorization: 'x' }, runs: 3 }],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.1',
    title: 'Calculating Cache Keys with the Vary Header Field',
    rows: [
      vary(
        'vary-same',
        'MAY',
        'A request with the same value as the original one matches.',
        'Accept-Language',
        [{ 'Accept-Language': 'de' }, { 'Accept-Language': 'de' }],
        'store',
      ),
      vary(
        'vary-other',
        'MUST NOT',
        'A request with another value does not match.',
        'Accept-Language',
        [{ 'Accept-Language': 'de' }, { 'Accept-Language': 'fr' }],
        'handler',
      ),
      vary(
        'vary-absent-now',
        'MUST NOT',
        'A request without the field does not match one with it.',
        'X-V',
        [{ 'X-V': 'a' }, {}],
        'handler',
      ),
      vary(
        'vary-absent-then',
        'MUST NOT',
        'A request with the field does not match one without it.',
        'X-V',
        [{}, { 'X-V': 'a' }],
        'handler',
      ),
      vary(
        'vary-both-absent',
        'MUST',
        'Two requests without the field match.',
        'X-V',
        [{}, {}],
        'store',
      ),
      vary(
        'vary-empty-absent',
        'MUST NOT',
        'An empty field is not an absent one.',
        'X-V',
        [{}, { 'X-V': '' }],
        'handler',
      ),
      vary(
        'vary-absent-empty',
        'MUST NOT',
        'An absent field is not an empty one.',
        'X-V',
        [{ 'X-V': '' }, {}],
        'handler',
      ),
      vary(
        'vary-both-empty',
        'MAY',
        'Two empty fields match.',
        'X-V',
        [{ 'X-V': '' }, { 'X-V': '' }],
        'store',
      ),
      vary(
        'vary-name-case',
        'MUST',
        'Names in Vary are case-insensitive.',
        'x-V',
        [{ 'X-v': 'a' }, { 'X-v': 'b' }],
        'handler',
      ),
      vary(
        'vary-value-case',
        'MUST NOT',
        'Values are not compared case-insensitively unless the field is known to be.',
        'X-V',
        [{ 'X-V': 'a' }, { 'X-V': 'A' }],
        'handler',
      ),
      vary(
        'vary-unnamed',
        'MAY',
        'Fields that Vary does not name may differ.',
        'X-V',
        [
          { 'X-V': 'a', 'X-W': 'a' },
          { 'X-V': 'a', 'X-W': 'b' },
        ],
        'store',
      ),
      vary(
        'vary-two-names',
        'MUST NOT',
        'All the named fields must match, the second as well.',
        'X-V, X-W',
        [
          { 'X-V': 'a', 'X-W': 'a' },
          { 'X-V': 'a', 'X-W': 'b' },
        ],
        'handler',
      ),
      vary(
        'vary-two-lines',
        'MUST NOT',
        'All lines of Vary count.',
        ['X-V', 'X-W'],
        [
          { 'X-V': 'a', 'X-W': 'a' },
          { 'X-V': 'a', 'X-W': 'b' },
        ],
        'handler',
      ),
      vary(
        'vary-tight-list',
        'MUST NOT',
        'Names without a space between them are two names.',
        'X-V,X-W',
        [
          { 'X-V': 'a', 'X-W': 'a' },
          { 'X-V': 'a', 'X-W': 'b' },
        ],
        'handler',
      ),
      vary(
        'vary-padded',
        'MUST NOT',
        'White space around names and empty members mean nothing.',
        ' , X-V ,',
        [{ 'X-V': 'a' }, { 'X-V': 'b' }],
        'handler',
      ),
      vary(
        'vary-concatenation',
        'MUST NOT',
        'The values of two fields are not run together.',
        'X-V, X-W',
        [
          { 'X-V': 'ab', 'X-W': 'c' },
          { 'X-V': 'a', 'X-W': 'bc' },
        ],
        'handler',
      ),
      vary(
        'vary-swapped',
        'MUST NOT',
        'The values of two fields are not swapped.',
        'X-V, X-W',
        [
          { 'X-V': 'a', 'X-W': 'b' },
          { 'X-V': 'b', 'X-W': 'a' },
        ],
        'handler',
      ),
      vary(
        'vary-white-space',
        'MAY',
        'White space around the commas of a list is taken out for the comparison.',
        'Accept-Language',
        [{ 'Accept-Language': 'de,fr' }, { 'Accept-Language': 'de , fr' }],
        'store',
      ),
      vary(
        'vary-white-space-unknown',
        'MUST NOT',
        'White space in a field that is not known to be a list is part of its value.',
        'X-V',
        [{ 'X-V': 'smith,john' }, { 'X-V': 'smith, john' }],
        'handler',
      ),
      vary(
        'vary-white-space-cookie',
        'MUST NOT',
        'White space in a cookie is part of its value.',
        'Cookie',
        [{ Cookie: 'sid="x,y"' }, { Cookie: 'sid="x, y"' }],
        'handler',
      ),
      vary(
        'vary-several-lines',
        'MAY',
        'Several lines of the request field are one list.',
        'X-V',
        [{ 'X-V': 'a, b' }, { 'X-V': ['a', 'b'] }],
        'store',
      ),
      vary(
        'vary-order',
        'MUST NOT',
        'Another order of a list is another value where order may mean something.',
        'X-V',
        [{ 'X-V': 'a, b' }, { 'X-V': 'b, a' }],
        'handler',
      ),
      vary(
        'vary-empty-field',
        'MAY',
        'A Vary that names nothing is none.',
        '',
        [{ 'X-V': 'a' }, { 'X-V': 'b' }],
        'store',
      ),
      vary(
        'vary-cookie',
        'MUST NOT',
        'Vary: Cookie tells visitors apart.',
        'Cookie',
        [{ Cookie: 'sid=1' }, { Cookie: 'sid=2' }],
        'handler',
      ),
      vary(
        'vary-not-a-name',
        'SHOULD NOT',
        'A Vary with something in it that is no field name is not guessed at.',
        'X-V; X-W',
        [{}, {}],
        'handler',
      ),
      star('vary-star', 'alone', '*'),
      star('vary-star-first', 'before a name', '*, X-V'),
      star('vary-star-last', 'after a name', 'X-V, *'),
      star('vary-star-line', 'on another line', ['X-V', '*']),
      star('vary-star-after-empty', 'after an empty member', ', *'),
      {
        id: 'vary-several-variants',
        level: 'MAY',
        sentence: 'Several variants of one URL are stored side by side.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { Vary: 'X-V' }) },
          { fields: { 'X-V': 'b' } },
          { fields: { 'X-V': 'a' }, from: 'store', body: '#1' },
          { fields: { 'X-V': 'b' }, from: 'store', body: '#2' },
        ],
      },
      {
        id: 'vary-changes',
        level: 'MUST',
        sentence: 'Each stored answer is matched by its own Vary, not by that of the newest.',
        steps: [
          { fields: { 'X-V': 'a', 'X-W': '1' }, answer: cc('max-age=60', { Vary: 'X-V' }) },
          { fields: { 'X-V': 'b', 'X-W': '1' }, answer: cc('max-age=60', { Vary: 'X-W' }) },
          { fields: { 'X-V': 'a', 'X-W': '2' }, from: 'store', body: '#1' },
          { fields: { 'X-V': 'c', 'X-W': '1' }, from: 'store', body: '#2' },
          { fields: { 'X-V': 'c', 'X-W': '2' } },
        ],
      },
      {
        id: 'vary-appears',
        level: 'MUST',
        sentence:
          'A request that matches an answer without Vary and a newer one with it gets the newer.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: FRESH },
          {
            fields: { 'X-V': 'a', 'Cache-Control': 'no-cache' },
            answer: cc('max-age=60', { Vary: 'X-V' }),
          },
          { fields: { 'X-V': 'a' }, from: 'store', body: '#2' },
        ],
      },
      {
        id: 'vary-authorization',
        level: 'MUST NOT',
        sentence: 'Vary: Authorization tells users apart where the answer is stored at all.',
        steps: [
          {
            fields: { Authorization: 'a' },
            answer: cc('public, max-age=60', { Vary: 'Authorization' }),
          },
          { fields: { Authorization: 'b' } },
          { fields: { Authorization: 'a' }, from: 'store', body: '#1' },
        ],
      },
      {
        id: 'vary-says-vary-miss',
        level: 'SHOULD',
        sentence: 'That only other variants were there is said (RFC 9211 §2.2).',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { Vary: 'X-V' }) },
          { fields: { 'X-V': 'b' }, says: /fwd=vary-miss/ },
        ],
      },
    ],
  },
];
