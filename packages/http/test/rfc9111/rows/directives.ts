import { cc, isFreshFor, isNotStored, isStored, plain } from '../vocabulary.js';
import type { Row, Section } from '../vocabulary.js';

const FRESH = cc('max-age=60');

/** A stored answer, 20 seconds old and good for 40 more, and a request with this Cache-Control. */
const wish = (
  id: string,
  level: Row['level'],
  sentence: string,
  value: string,
  from: 'store' | 'handler',
  more: Partial<Row> = {},
): Row => ({
  id,
  level,
  sentence,
  steps: [{ answer: FRESH }, { wait: 20, fields: { 'Cache-Control': value }, from }],
  ...more,
});

/** A stored answer, stale for 10 seconds, and a request with this Cache-Control. */
const forgiving = (
  id: string,
  level: Row['level'],
  sentence: string,
  value: string,
  from: 'store' | 'handler',
  response = 'max-age=50',
): Row => ({
  id,
  level,
  sentence,
  steps: [{ answer: cc(response) }, { wait: 60, fields: { 'Cache-Control': value }, from }],
});

export const directives: Section[] = [
  {
    spec: 'RFC 9111 §5.2',
    title: 'Cache-Control: syntax',
    rows: [
      {
        id: 'cc-not-on-passing',
        level: 'MUST',
        sentence:
          'Directives go through, known or not: the answer is sent with the field it came with.',
        steps: [
          {
            answer: cc('max-age=60, x-ext="a, b", no-transform'),
            has: { 'Cache-Control': 'max-age=60, x-ext="a, b", no-transform' },
          },
          { from: 'store', has: { 'Cache-Control': 'max-age=60, x-ext="a, b", no-transform' } },
        ],
      },
      {
        id: 'cc-empty-members',
        level: 'MUST',
        sentence: 'Empty members of the list mean nothing.',
        steps: isFreshFor(60, cc(', ,max-age=60,, ')),
      },
      {
        id: 'cc-lines',
        level: 'MUST',
        sentence: 'Several lines are one list.',
        steps: isFreshFor(60, cc(['public', 'max-age=60'])),
      },
      {
        id: 'cc-empty',
        level: 'MUST',
        sentence: 'An empty field says nothing.',
        steps: isNotStored(cc('')),
      },
      ...[
        'max-age=60; private',
        'max-age=60, "private"',
        'private: max-age=60',
        '{max-age=60}',
      ].map((value): Row => ({
        id: `cc-malformed-${value.replace(/\W+/g, '-').replace(/^-|-$/g, '')}-${value.length}`,
        level: 'SHOULD NOT',
        sentence: `A field with something in it that is no directive is not guessed at: ${value}`,
        steps: isNotStored(cc(value)),
      })),
      {
        id: 'cc-quote-left-open',
        level: 'MUST NOT',
        sentence: 'A quote left open on one line does not hide a directive on the next.',
        steps: isNotStored(cc(['max-age=60, ext="', 'private'])),
      },
      {
        id: 'cc-only-response',
        level: 'MUST NOT',
        sentence: 'Request directives mean nothing in an answer.',
        steps: isNotStored(cc('max-stale=60, min-fresh=10')),
      },
    ],
  },
  {
    spec: 'RFC 9111 §5.2.1',
    title: 'Request Directives',
    rows: [
      wish(
        'req-max-age-older',
        'SHOULD NOT',
        '§5.2.1.1 max-age: an answer older than that is not sent.',
        'max-age=19',
        'handler',
      ),
      wish('req-max-age-equal', 'MAY', 'One that is as old as that is.', 'max-age=20', 'store'),
      wish(
        'req-max-age-zero',
        'SHOULD NOT',
        'max-age=0 takes nothing that has an age.',
        'max-age=0',
        'handler',
      ),
      wish(
        'req-max-age-invalid',
        'MAY',
        'A max-age that cannot be read is no wish.',
        'max-age=abc',
        'store',
      ),
      wish(
        'req-max-age-quoted',
        'SHOULD NOT',
        'max-age="5" is read as max-age=5.',
        'max-age="5"',
        'handler',
      ),
      wish(
        'req-max-age-larger',
        'MAY',
        'A larger max-age makes nothing fresher than it is.',
        'max-age=6000',
        'store',
      ),
      wish(
        'req-min-fresh-less',
        'MAY',
        '§5.2.1.3 min-fresh: an answer that is good for long enough is sent.',
        'min-fresh=40',
        'store',
      ),
      wish(
        'req-min-fresh-more',
        'SHOULD NOT',
        'One that is not is not.',
        'min-fresh=41',
        'handler',
      ),
      wish(
        'req-no-cache',
        'MUST NOT',
        '§5.2.1.4 no-cache: nothing is sent without validation.',
        'no-cache',
        'handler',
      ),
      wish('req-no-cache-case', 'MUST NOT', 'In whatever case.', 'NO-Cache', 'handler'),
      wish(
        'req-no-cache-among',
        'MUST NOT',
        'Among other directives, too.',
        'x=1, max-age=100, no-cache',
        'handler',
      ),
      wish(
        'req-no-cache-quoted',
        'MAY',
        'In a quoted argument it is not one.',
        'ext="no-cache"',
        'store',
      ),
      {
        id: 'req-no-cache-stores',
        level: 'MAY',
        sentence: 'The answer to such a request is stored in the place of the older one.',
        steps: [
          { answer: FRESH },
          { fields: { 'Cache-Control': 'no-cache' } },
          { from: 'store', body: '#2' },
        ],
      },
      {
        id: 'req-no-store',
        level: 'MUST NOT',
        sentence: '§5.2.1.5 no-store: nothing of this request or its answer is stored.',
        steps: [{ fields: { 'Cache-Control': 'no-store' }, answer: FRESH }, {}],
      },
      wish(
        'req-no-transform',
        'MUST NOT',
        '§5.2.1.6 no-transform: content is not changed; it never is here.',
        'no-transform',
        'store',
      ),
      {
        id: 'req-only-if-cached-none',
        level: 'SHOULD',
        sentence: '§5.2.1.7 only-if-cached: without a stored answer it is 504.',
        steps: [
          {
            fields: { 'Cache-Control': 'only-if-cached' },
            answer: FRESH,
            from: 'cache',
            status: 504,
          },
          {},
        ],
      },
      wish('req-only-if-cached-hit', 'SHOULD', 'With one it is that.', 'only-if-cached', 'store'),
      {
        id: 'req-only-if-cached-stale',
        level: 'SHOULD',
        sentence: 'A stale one is as good as none.',
        steps: [
          { answer: cc('max-age=5') },
          { wait: 6, fields: { 'Cache-Control': 'only-if-cached' }, from: 'cache', status: 504 },
        ],
      },
      {
        id: 'req-only-if-cached-wishes',
        level: 'SHOULD',
        sentence: 'So is one that the other directives of the request rule out.',
        steps: [
          { answer: FRESH },
          {
            wait: 20,
            fields: { 'Cache-Control': 'only-if-cached, max-age=5' },
            from: 'cache',
            status: 504,
          },
        ],
      },
      forgiving(
        'req-max-stale',
        'MAY',
        '§5.2.1.2 max-stale: an answer that is stale for less is sent.',
        'max-stale=11',
        'store',
      ),
      forgiving(
        'req-max-stale-any',
        'MAY',
        'Without an argument, one that is stale for however long.',
        'max-stale',
        'store',
      ),
      forgiving(
        'req-max-stale-less',
        'SHOULD NOT',
        'One that is stale for longer is not.',
        'max-stale=9',
        'handler',
      ),
      forgiving(
        'req-max-stale-invalid',
        'SHOULD NOT',
        'A max-stale that cannot be read is no allowance.',
        'max-stale=abc',
        'handler',
      ),
      forgiving(
        'req-max-stale-must-revalidate',
        'MUST NOT',
        'It does not help against must-revalidate.',
        'max-stale',
        'handler',
        'max-age=50, must-revalidate',
      ),
      forgiving(
        'req-max-stale-s-maxage',
        'MUST NOT',
        'Nor against s-maxage.',
        'max-stale',
        'handler',
        's-maxage=50',
      ),
      wish(
        'req-unknown',
        'MUST',
        'Directives that are not known are ignored.',
        'x-fast, foo=bar',
        'store',
      ),
      wish(
        'req-ignored-no-cache',
        'MAY',
        "With requestDirectives: 'ignore' none of it counts: no-cache.",
        'no-cache',
        'store',
        { options: { requestDirectives: 'ignore' } },
      ),
      wish(
        'req-ignored-max-age',
        'MAY',
        "With requestDirectives: 'ignore' none of it counts: max-age.",
        'max-age=0',
        'store',
        { options: { requestDirectives: 'ignore' } },
      ),
    ],
  },
  {
    spec: 'RFC 9111 §5.2.2',
    title: 'Response Directives',
    rows: [
      {
        id: 'must-revalidate-fresh',
        level: 'MAY',
        sentence: '§5.2.2.2 must-revalidate: while it is fresh, it is reused.',
        steps: isFreshFor(10, cc('max-age=10, must-revalidate')),
      },
      {
        id: 'must-understand-known',
        level: 'SHOULD',
        sentence:
          '§5.2.2.3 must-understand: with a status that is known, no-store beside it is ignored.',
        steps: isStored(cc('max-age=60, must-understand, no-store')),
      },
      {
        id: 'must-understand-unknown',
        level: 'MUST NOT',
        sentence: 'With a status that is not known the answer is not stored.',
        steps: isNotStored({ status: 599, ...cc('max-age=60, must-understand') }, { status: 599 }),
      },
      {
        id: 'must-understand-unknown-no-store',
        level: 'MUST NOT',
        sentence: 'Then no-store counts, too.',
        steps: isNotStored(
          { status: 299, ...cc('max-age=60, must-understand, no-store') },
          { status: 299 },
        ),
      },
      {
        id: 'no-cache',
        level: 'MUST NOT',
        sentence: '§5.2.2.4 no-cache: the answer is not reused without validation.',
        steps: isNotStored(cc('max-age=60, no-cache')),
      },
      {
        id: 'no-cache-case',
        level: 'MUST NOT',
        sentence: 'In whatever case.',
        steps: isNotStored(cc('max-age=60, No-CACHE')),
      },
      {
        id: 'no-cache-validated',
        level: 'MAY',
        sentence: 'With validation it is.',
        steps: [
          { answer: cc('no-cache', { ETag: '"a"' }) },
          {
            answer: { status: 304, fields: { ETag: '"a"' } },
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-None-Match': '"a"' },
          },
        ],
      },
      {
        id: 'no-cache-s-maxage',
        level: 'MUST NOT',
        sentence: 'Not beside s-maxage either.',
        steps: isNotStored(cc('s-maxage=60, no-cache')),
      },
      {
        id: 'no-transform',
        level: 'MUST NOT',
        sentence: '§5.2.2.6 no-transform: content from the store is what was stored.',
        steps: isStored(
          { ...cc('max-age=60, no-transform'), body: 'as it was' },
          { body: 'as it was' },
        ),
      },
      {
        id: 'public-alone',
        level: 'MAY',
        sentence: '§5.2.2.9 public alone states no freshness.',
        steps: isNotStored(cc('public')),
      },
      {
        id: 's-maxage-alone',
        level: 'MUST',
        sentence: '§5.2.2.10 s-maxage alone states the freshness.',
        steps: isFreshFor(10, cc('s-maxage=10')),
      },
      {
        id: 'immutable',
        level: 'MUST NOT',
        sentence: 'immutable (RFC 8246) does not make an answer fresh for longer.',
        steps: isFreshFor(10, cc('max-age=10, immutable')),
      },
      {
        id: 'directive-order',
        level: 'MUST',
        sentence: 'The order of directives means nothing.',
        steps: isNotStored(cc('public, s-maxage=60, max-age=60, must-revalidate, private')),
      },
    ],
  },
  {
    spec: 'RFC 9111 §5.4',
    title: 'Pragma',
    rows: [
      {
        id: 'pragma-request',
        level: 'SHOULD',
        sentence: 'Pragma: no-cache of a request without Cache-Control is taken for no-cache.',
        steps: [{ answer: FRESH }, { fields: { Pragma: 'no-cache' } }],
      },
      {
        id: 'pragma-request-beside',
        level: 'MUST',
        sentence: 'Beside Cache-Control, Pragma is ignored.',
        steps: [
          { answer: FRESH },
          { fields: { Pragma: 'no-cache', 'Cache-Control': 'max-age=60' }, from: 'store' },
        ],
      },
      {
        id: 'pragma-other',
        level: 'MUST',
        sentence: 'Another Pragma means nothing.',
        steps: [{ answer: FRESH }, { fields: { Pragma: 'x-fast' }, from: 'store' }],
      },
      {
        id: 'pragma-response',
        level: 'MAY',
        sentence: 'In an answer that states its freshness Pragma means nothing.',
        steps: isStored(cc('max-age=60', { Pragma: 'no-cache' })),
      },
      {
        id: 'pragma-response-assumed',
        level: 'SHOULD NOT',
        sentence: 'Freshness is not assumed where the answer says Pragma: no-cache.',
        options: { timeout: 60 },
        steps: isNotStored(plain({ Pragma: 'no-cache' })),
      },
    ],
  },
  {
    spec: 'RFC 9111 §5.5',
    title: 'Warning',
    rows: [
      {
        id: 'warning',
        level: 'MUST NOT',
        sentence:
          'Warning is obsolete: none is generated, and what the handler sent is a field like others.',
        steps: [
          { answer: cc('max-age=60', { Warning: '214 - "changed"' }) },
          { from: 'store', has: { Warning: '214 - "changed"' } },
        ],
      },
    ],
  },
];
