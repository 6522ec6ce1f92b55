/** What RFC 9110 asks of a cache beyond RFC 9111: interim answers, HEAD, ranges. */
import { cc } from '../vocabulary.js';
import type { FieldValues, Row, Section } from '../vocabulary.js';

const FRESH = cc('max-age=60');
const WHOLE = {
  ...cc('max-age=60', { ETag: '"a"', 'Content-Type': 'text/plain' }),
  body: '0123456789',
};

/** A stored whole of ten bytes, and a request for a part of it. */
const range = (
  id: string,
  level: Row['level'],
  sentence: string,
  fields: FieldValues,
  part: { body: string; contentRange: string } | 'whole' | 'unsatisfiable',
  answer = WHOLE,
): Row => ({
  id,
  level,
  sentence,
  steps: [
    { answer },
    part === 'whole'
      ? { fields, from: 'store', body: '0123456789', has: { 'Content-Range': null } }
      : part === 'unsatisfiable'
        ? { fields, from: 'store', status: 416, body: '', has: { 'Content-Range': 'bytes */10' } }
        : {
            fields,
            from: 'store',
            status: 206,
            body: part.body,
            has: {
              'Content-Range': part.contentRange,
              'Content-Length': String(part.body.length),
              ETag: '"a"',
            },
          },
  ],
});

/** A stored whole, and a request that is not for it to answer: the handler sees it as it is. */
const rangePasses = (
  id: string,
  level: Row['level'],
  sentence: string,
  fields: { Range: string },
): Row => ({
  id,
  level,
  sentence,
  steps: [
    { answer: WHOLE },
    {
      fields,
      answer: {
        status: 206,
        body: 'part',
        fields: { 'Content-Range': 'bytes 0-3/10', 'Cache-Control': 'max-age=60' },
      },
      status: 206,
      handlerSees: { Range: fields.Range },
    },
    { answer: WHOLE, from: 'store', body: '0123456789' },
  ],
});

export const semantics: Section[] = [
  {
    spec: 'RFC 9110 §6.5',
    title: 'Trailer Fields',
    rows: [
      {
        id: 'trailers-pass',
        level: 'MUST',
        sentence: 'Trailers reach the client; an answer that has some is not stored without them.',
        steps: [
          { answer: { ...FRESH, trailers: { 'X-Sum': '1' } }, has: { Trailer: 'X-Sum' } },
          {},
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §8.6',
    title: 'Content-Length',
    rows: [
      {
        id: 'length-on-hit',
        level: 'MUST',
        sentence: 'An answer from the store states the length of its content.',
        steps: [
          { answer: { ...FRESH, body: 'z\u00fcrich' } },
          { from: 'store', body: 'z\u00fcrich', has: { 'Content-Length': '7' } },
        ],
      },
      {
        id: 'length-not-204',
        level: 'MUST NOT',
        sentence: 'A 204 from the store states none.',
        steps: [
          { answer: { ...FRESH, status: 204 }, status: 204 },
          {
            from: 'store',
            status: 204,
            has: { 'Content-Length': null, 'Transfer-Encoding': null },
          },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §9.3.2',
    title: 'HEAD',
    rows: [
      {
        id: 'head-no-content',
        level: 'MUST NOT',
        sentence: 'The answer to HEAD from a stored GET has no content.',
        steps: [{ answer: FRESH }, { method: 'HEAD', from: 'store' }],
      },
      {
        id: 'head-same-fields',
        level: 'SHOULD',
        sentence: 'It has the fields that GET would have.',
        steps: [
          {
            answer: cc('max-age=60', {
              'Content-Type': 'text/plain',
              ETag: '"a"',
              'X-Custom': 'c',
            }),
          },
          {
            method: 'HEAD',
            from: 'store',
            has: {
              'Content-Type': 'text/plain',
              ETag: '"a"',
              'X-Custom': 'c',
              'Content-Length': '2',
              Age: '0',
            },
          },
        ],
      },
      {
        id: 'head-vary',
        level: 'MUST NOT',
        sentence: 'Vary applies to HEAD as to GET.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { Vary: 'X-V' }) },
          { method: 'HEAD', fields: { 'X-V': 'b' } },
          { method: 'HEAD', fields: { 'X-V': 'a' }, from: 'store' },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §15.2',
    title: 'Informational 1xx',
    rows: [
      {
        id: 'interim-103',
        level: 'MUST',
        sentence:
          'Interim answers reach the client; they are neither stored nor taken for the answer.',
        steps: [
          {
            answer: { ...FRESH, hints: '</style.css>; rel=preload' },
            interim: [103],
            has: { Link: null },
          },
          { from: 'store', interim: [], has: { Link: null } },
        ],
      },
      {
        id: 'interim-102',
        level: 'MUST',
        sentence: '102 passes in the same way.',
        steps: [{ answer: { ...FRESH, processing: true }, interim: [102] }, { from: 'store' }],
      },
    ],
  },
  {
    spec: 'RFC 9110 §14.2',
    title: 'Range',
    rows: [
      range(
        'range-first',
        'MAY',
        'A single range is answered out of a stored whole.',
        { Range: 'bytes=2-4' },
        { body: '234', contentRange: 'bytes 2-4/10' },
      ),
      range(
        'range-open',
        'MAY',
        'So is one that is open at its end.',
        { Range: 'bytes=7-' },
        { body: '789', contentRange: 'bytes 7-9/10' },
      ),
      range(
        'range-suffix',
        'MAY',
        'So are the last bytes.',
        { Range: 'bytes=-3' },
        { body: '789', contentRange: 'bytes 7-9/10' },
      ),
      range(
        'range-suffix-too-long',
        'MUST',
        'A suffix longer than the whole is the whole.',
        { Range: 'bytes=-30' },
        { body: '0123456789', contentRange: 'bytes 0-9/10' },
      ),
      range(
        'range-past-end',
        'MUST',
        'A last position past the end means the end.',
        { Range: 'bytes=8-99' },
        { body: '89', contentRange: 'bytes 8-9/10' },
      ),
      range(
        'range-unsatisfiable',
        'SHOULD',
        'A range past the end is answered with 416 and the length.',
        { Range: 'bytes=10-' },
        'unsatisfiable',
      ),
      range(
        'range-unknown-unit',
        'MUST',
        'A unit that is not known is ignored.',
        { Range: 'lines=1-2' },
        'whole',
      ),
      range(
        'range-invalid',
        'MAY',
        'A range that cannot be read is ignored.',
        { Range: 'bytes=4-2' },
        'whole',
      ),
      rangePasses('range-several', 'MAY', 'Several ranges are for the handler to answer.', {
        Range: 'bytes=0-1, 4-5',
      }),
      {
        id: 'range-head',
        level: 'MUST',
        sentence: 'With HEAD it is ignored.',
        steps: [
          { answer: WHOLE },
          {
            method: 'HEAD',
            fields: { Range: 'bytes=0-1' },
            from: 'store',
            has: { 'Content-Range': null },
          },
        ],
      },
      {
        id: 'range-miss',
        level: 'MUST NOT',
        sentence: 'The answer to a range of what is not stored is not stored as the whole.',
        steps: [
          {
            fields: { Range: 'bytes=0-1' },
            answer: {
              status: 206,
              body: '01',
              fields: { 'Cache-Control': 'max-age=60', 'Content-Range': 'bytes 0-1/10' },
            },
            status: 206,
          },
          { answer: WHOLE },
        ],
      },
      {
        id: 'range-condition-first',
        level: 'MUST',
        sentence: 'If-None-Match is evaluated before the range.',
        steps: [
          { answer: WHOLE },
          { fields: { Range: 'bytes=0-1', 'If-None-Match': '"a"' }, from: 'store', status: 304 },
        ],
      },
      {
        id: 'range-not-200',
        level: 'MUST',
        sentence: 'A range of an answer that is no 200 is ignored.',
        steps: [
          { answer: { ...WHOLE, status: 404 }, status: 404 },
          { fields: { Range: 'bytes=0-1' }, from: 'store', status: 404, body: '0123456789' },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §13.1.5',
    title: 'If-Range',
    rows: [
      range(
        'if-range-match',
        'MUST',
        'With the stored strong ETag the part is sent.',
        { Range: 'bytes=0-1', 'If-Range': '"a"' },
        { body: '01', contentRange: 'bytes 0-1/10' },
      ),
      range(
        'if-range-other',
        'MUST',
        'With another one the whole is sent.',
        { Range: 'bytes=0-1', 'If-Range': '"b"' },
        'whole',
      ),
      range(
        'if-range-weak',
        'MUST',
        'With a weak one the whole is sent: the comparison is strong.',
        { Range: 'bytes=0-1', 'If-Range': 'W/"a"' },
        'whole',
      ),
      range(
        'if-range-weak-stored',
        'MUST',
        'So it is where the stored one is weak.',
        { Range: 'bytes=0-1', 'If-Range': 'W/"a"' },
        'whole',
        { ...cc('max-age=60', { ETag: 'W/"a"' }), body: '0123456789' },
      ),
      range(
        'if-range-date-no-modified',
        'MUST',
        'With a date where no Last-Modified is stored, the whole is sent.',
        { Range: 'bytes=0-1', 'If-Range': 'Wed, 14 Jan 2026 12:00:00 GMT' },
        'whole',
      ),
      {
        id: 'if-range-without-range',
        level: 'MUST',
        sentence: 'Without Range it is ignored.',
        steps: [{ answer: WHOLE }, { fields: { 'If-Range': '"b"' }, from: 'store' }],
      },
    ],
  },
];
