import { cc } from '../vocabulary.js';
import type { HandlerAnswer, Section } from '../vocabulary.js';
import { ims, inm, MODIFIED, validates } from './conditions.js';

const TAGGED = cc('max-age=5', { ETag: '"a"' });
const NOT_MODIFIED: HandlerAnswer = {
  status: 304,
  fields: { ETag: '"a"', 'Cache-Control': 'max-age=60' },
};

export const validation: Section[] = [
  {
    spec: 'RFC 9111 §4.3.1',
    title: 'Sending a Validation Request',
    rows: [
      {
        id: 'validate-etag',
        level: 'MUST',
        sentence: 'A stale answer with an ETag is validated with If-None-Match.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            answer: NOT_MODIFIED,
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-None-Match': '"a"' },
          },
        ],
      },
      {
        id: 'validate-weak-etag',
        level: 'MUST',
        sentence: 'A weak ETag is sent as it is.',
        steps: [
          { answer: cc('max-age=5', { ETag: 'W/"a"' }) },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: 'W/"a"', 'Cache-Control': 'max-age=60' } },
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-None-Match': 'W/"a"' },
          },
        ],
      },
      {
        id: 'validate-last-modified',
        level: 'SHOULD',
        sentence: 'A stale answer with Last-Modified is validated with If-Modified-Since.',
        steps: [
          { answer: cc('max-age=5', { 'Last-Modified': MODIFIED }) },
          {
            wait: 6,
            answer: { status: 304, fields: { 'Cache-Control': 'max-age=60' } },
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-Modified-Since': MODIFIED },
          },
        ],
      },
      {
        id: 'validate-none',
        level: 'MUST NOT',
        sentence: 'A stale answer without validators is not validated with made-up ones.',
        steps: [
          { answer: cc('max-age=5') },
          { wait: 6, handlerSees: { 'If-None-Match': null, 'If-Modified-Since': null } },
        ],
      },
      {
        id: 'validate-miss-none',
        level: 'MUST NOT',
        sentence:
          'A request for what is not stored reaches the handler with the validators of the client.',
        steps: [
          { answer: TAGGED, fields: inm('"client"'), handlerSees: { 'If-None-Match': '"client"' } },
        ],
      },
      {
        id: 'validate-ours-not-the-clients',
        level: 'MAY',
        sentence: "The client's own validators give way to ours, and are answered from what comes.",
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            fields: inm('"old"'),
            answer: NOT_MODIFIED,
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-None-Match': /"a"/ },
          },
        ],
      },
      {
        id: 'validate-no-cache-request',
        level: 'MAY',
        sentence: 'no-cache of the request validates a fresh answer.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          {
            fields: { 'Cache-Control': 'no-cache' },
            answer: NOT_MODIFIED,
            from: 'validation',
            body: '#1',
            handlerSees: { 'If-None-Match': '"a"' },
          },
        ],
      },
      {
        id: 'validate-other-variant',
        level: 'MUST NOT',
        sentence: 'An answer is not validated for a request that its Vary does not fit.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { ETag: '"a"', Vary: 'X-V' }) },
          {
            fields: { 'X-V': 'b' },
            answer: cc('max-age=60', { ETag: '"b"', Vary: 'X-V' }),
            has: { ETag: '"b"' },
          },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.3.2',
    title: 'Handling a Received Validation Request',
    rows: [
      validates(
        'inm-match',
        'SHOULD',
        'If-None-Match with the stored ETag is answered with 304.',
        { ETag: '"a"' },
        inm('"a"'),
        304,
      ),
      validates(
        'inm-other',
        'MUST',
        'If-None-Match with another ETag is answered with the whole.',
        { ETag: '"a"' },
        inm('"b"'),
        200,
      ),
      validates(
        'inm-list',
        'SHOULD',
        'One match in a list will do.',
        { ETag: '"b"' },
        inm('"a", "b" ,"c"'),
        304,
      ),
      validates(
        'inm-lines',
        'SHOULD',
        'Several lines are one list.',
        { ETag: '"b"' },
        inm(['"a"', '"b"']),
        304,
      ),
      validates(
        'inm-star',
        'MUST',
        'A "*" matches whatever is stored, without an ETag as well.',
        {},
        inm('*'),
        304,
      ),
      validates(
        'inm-no-etag',
        'MUST',
        'No ETag matches an answer that has none.',
        {},
        inm('"a"'),
        200,
      ),
      validates(
        'ims-same',
        'SHOULD',
        'If-Modified-Since with the stored Last-Modified is answered with 304.',
        { 'Last-Modified': MODIFIED },
        ims(MODIFIED),
        304,
      ),
      validates(
        'ims-later',
        'SHOULD',
        'If-Modified-Since after the last change is answered with 304.',
        { 'Last-Modified': MODIFIED },
        ims('Wed, 14 Jan 2026 12:00:01 GMT'),
        304,
      ),
      validates(
        'ims-earlier',
        'MUST',
        'If-Modified-Since before the last change is answered with the whole.',
        { 'Last-Modified': MODIFIED },
        ims('Wed, 14 Jan 2026 11:59:59 GMT'),
        200,
      ),
      validates(
        'ims-date',
        'SHOULD',
        'Without Last-Modified it is compared with Date.',
        { Date: 'Thu, 15 Jan 2026 12:00:00 GMT' },
        ims('Thu, 15 Jan 2026 12:00:00 GMT'),
        304,
      ),
      validates(
        'ims-receipt',
        'SHOULD',
        'Without Date, too, with the time of receipt.',
        {},
        ims('Thu, 15 Jan 2026 11:59:59 GMT'),
        200,
      ),
      {
        id: 'inm-stale',
        level: 'MUST NOT',
        sentence: 'A stale answer does not answer a condition.',
        steps: [
          { answer: TAGGED },
          { wait: 6, fields: inm('"a"'), answer: cc('max-age=5', { ETag: '"b"' }) },
        ],
      },
      {
        id: 'inm-vary',
        level: 'MUST NOT',
        sentence: 'Nor does one that Vary does not fit.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { ETag: '"a"', Vary: 'X-V' }) },
          {
            fields: { 'X-V': 'b', ...inm('"a"') },
            answer: cc('max-age=60', { ETag: '"b"', Vary: 'X-V' }),
          },
        ],
      },
      {
        id: 'if-match-passes',
        level: 'MUST NOT',
        sentence:
          'If-Match and If-Unmodified-Since are not evaluated by the cache: the handler judges them.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          { fields: { 'If-Match': '"a"' }, handlerSees: { 'If-Match': '"a"' } },
          {
            fields: { 'If-Unmodified-Since': MODIFIED },
            handlerSees: { 'If-Unmodified-Since': MODIFIED },
          },
        ],
      },
      {
        id: 'inm-304-fields',
        level: 'MUST',
        sentence:
          'The 304 carries Cache-Control, Content-Location, Date, ETag, Expires and Vary (RFC 9110 §15.4.5).',
        steps: [
          {
            answer: cc('max-age=60', {
              ETag: '"a"',
              Date: 'Thu, 15 Jan 2026 12:00:00 GMT',
              Expires: 'Thu, 15 Jan 2026 12:01:00 GMT',
              Vary: 'X-V',
              'Content-Location': '/a.en',
            }),
          },
          {
            fields: inm('"a"'),
            from: 'store',
            status: 304,
            has: {
              ETag: '"a"',
              Date: 'Thu, 15 Jan 2026 12:00:00 GMT',
              Expires: 'Thu, 15 Jan 2026 12:01:00 GMT',
              Vary: 'X-V',
              'Content-Location': '/a.en',
              'Cache-Control': 'max-age=60',
              Age: '0',
            },
          },
        ],
      },
      {
        id: 'inm-304-no-others',
        level: 'SHOULD NOT',
        sentence: 'The 304 carries no other representation fields, and no content.',
        steps: [
          {
            answer: cc('max-age=60', {
              ETag: '"a"',
              'Content-Type': 'text/plain',
              'Content-Language': 'de',
            }),
          },
          {
            fields: inm('"a"'),
            from: 'store',
            status: 304,
            has: {
              'Content-Type': null,
              'Content-Language': null,
              'Content-Length': null,
              'Transfer-Encoding': null,
            },
          },
        ],
      },
      {
        id: 'inm-304-from-handler',
        level: 'MUST',
        sentence: "The handler's own 304 to the client's own condition passes through.",
        steps: [
          {
            fields: inm('"x"'),
            answer: { status: 304, fields: { ETag: '"x"' } },
            status: 304,
            has: { ETag: '"x"' },
          },
          { answer: cc('max-age=60', { ETag: '"x"' }) },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.3.3',
    title: 'Handling a Validation Response',
    rows: [
      {
        id: 'validated-304',
        level: 'MUST',
        sentence: 'A 304 says that the stored answer is sent.',
        steps: [
          { answer: TAGGED },
          { wait: 6, answer: NOT_MODIFIED, from: 'validation', body: '#1', has: { ETag: '"a"' } },
        ],
      },
      {
        id: 'validated-304-clients-condition',
        level: 'MAY',
        sentence: 'A client with the same ETag is then answered with 304.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            fields: inm('"a"'),
            answer: NOT_MODIFIED,
            from: 'validation',
            status: 304,
            has: { ETag: '"a"' },
          },
        ],
      },
      {
        id: 'validated-200',
        level: 'MUST',
        sentence: 'A whole answer is sent, and replaces the stored one.',
        steps: [
          { answer: TAGGED },
          { wait: 6, answer: cc('max-age=60', { ETag: '"b"' }), has: { ETag: '"b"' } },
          { from: 'store', body: '#2', has: { ETag: '"b"' } },
        ],
      },
      {
        id: 'validated-5xx',
        level: 'MAY',
        sentence:
          'An error is passed on, or, where stale answers are allowed, the stored one sent.',
        steps: [{ answer: TAGGED }, { wait: 6, answer: { status: 500 }, status: 500 }],
      },
      {
        id: 'validated-5xx-keeps',
        level: 'MAY',
        sentence: 'An error does not drop what is stored.',
        steps: [
          { answer: TAGGED },
          { wait: 6, answer: { status: 500 }, status: 500 },
          { answer: NOT_MODIFIED, from: 'validation', body: '#1' },
        ],
      },
      {
        id: 'validated-404',
        level: 'MUST',
        sentence: 'A 404 is an answer like any other, and is sent.',
        steps: [{ answer: TAGGED }, { wait: 6, answer: { status: 404, fields: {} }, status: 404 }],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.3.4',
    title: 'Freshening Stored Responses upon Validation',
    rows: [
      {
        id: 'freshen-lifetime',
        level: 'MUST',
        sentence: 'The stored answer is fresh anew, for as long as the 304 says.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: '"a"', 'Cache-Control': 'max-age=20' } },
            from: 'validation',
            body: '#1',
          },
          { wait: 19, from: 'store', body: '#1', has: { Age: '19' } },
          { wait: 1, from: 'validation', body: '#1' },
        ],
      },
      {
        id: 'freshen-silent',
        level: 'MUST',
        sentence: 'A 304 that says nothing of freshness leaves the stored lifetime, counted anew.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: '"a"' } },
            from: 'validation',
            body: '#1',
          },
          { wait: 4, from: 'store', body: '#1', has: { Age: '4' } },
        ],
      },
      {
        id: 'freshen-date',
        level: 'MUST',
        sentence: 'The Date of the 304 becomes that of the stored answer.',
        steps: [
          { answer: cc('max-age=5', { ETag: '"a"', Date: 'Thu, 15 Jan 2026 12:00:00 GMT' }) },
          {
            wait: 6,
            answer: {
              status: 304,
              fields: {
                ETag: '"a"',
                Date: 'Thu, 15 Jan 2026 12:00:06 GMT',
                'Cache-Control': 'max-age=60',
              },
            },
            from: 'validation',
          },
          {
            wait: 10,
            from: 'store',
            body: '#1',
            has: { Date: 'Thu, 15 Jan 2026 12:00:06 GMT', Age: '10' },
          },
        ],
      },
      {
        id: 'freshen-other-etag',
        level: 'MUST NOT',
        sentence: 'A 304 with another strong ETag does not freshen what is stored.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: '"other"', 'Cache-Control': 'max-age=60' } },
            from: 'validation',
            body: '#1',
          },
          { answer: cc('max-age=60', { ETag: '"b"' }) },
        ],
      },
      {
        id: 'freshen-one-variant',
        level: 'MUST NOT',
        sentence: 'Other variants are not freshened along.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=5', { ETag: '"a"', Vary: 'X-V' }) },
          { fields: { 'X-V': 'b' }, answer: cc('max-age=5', { ETag: '"b"', Vary: 'X-V' }) },
          {
            wait: 6,
            fields: { 'X-V': 'a' },
            answer: {
              status: 304,
              fields: { ETag: '"a"', Vary: 'X-V', 'Cache-Control': 'max-age=60' },
            },
            from: 'validation',
            body: '#1',
          },
          {
            fields: { 'X-V': 'b' },
            answer: cc('max-age=5', { ETag: '"c"', Vary: 'X-V' }),
            handlerSees: { 'If-None-Match': /"b"/ },
          },
        ],
      },
      {
        id: 'freshen-no-store',
        level: 'MUST NOT',
        sentence: 'After a 304 with no-store the answer is not reused any more.',
        steps: [
          { answer: TAGGED },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: '"a"', 'Cache-Control': 'no-store' } },
            from: 'validation',
            body: '#1',
          },
          { answer: TAGGED },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.3.5',
    title: 'Freshening Responses with HEAD',
    rows: [
      {
        id: 'head-passes',
        level: 'MUST',
        sentence:
          'HEAD for what is stale or not stored reaches the handler, and its answer is not stored as one to GET.',
        steps: [
          { answer: cc('max-age=5') },
          { wait: 6, method: 'HEAD', answer: cc('max-age=60') },
          {},
        ],
      },
      {
        id: 'head-contradicts',
        level: 'SHOULD',
        sentence: 'A HEAD whose ETag contradicts the stored answer makes that stale.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          {
            method: 'HEAD',
            fields: { 'Cache-Control': 'no-cache' },
            answer: cc('max-age=60', { ETag: '"b"' }),
          },
          {},
        ],
      },
    ],
  },
];
