/** RFC 9110 §13: conditions in requests, and in which order they count. */
import { at, cc, plain } from '../vocabulary.js';
import type { FieldValues, Row, Section } from '../vocabulary.js';
import { ims, inm, MODIFIED, validates } from './conditions.js';

const STORED = cc('max-age=60', { ETag: '"a"', 'Last-Modified': MODIFIED });

/** A condition that a cache does not evaluate: the handler is asked, and what is stored stays. */
const judged = (id: string, sentence: string, fields: FieldValues): Row => ({
  id,
  level: 'MUST NOT',
  sentence,
  steps: [
    { answer: STORED },
    { fields, handlerSees: fields as Record<string, string> },
    { from: 'store', body: '#1' },
  ],
});

export const preconditions: Section[] = [
  {
    spec: 'RFC 9110 §13.1.1',
    title: 'If-Match',
    rows: [
      judged(
        'if-match',
        'If-Match is for the origin to judge, also where the stored ETag matches.',
        {
          'If-Match': '"a"',
        },
      ),
      judged('if-match-other', 'Also where it does not.', { 'If-Match': '"b"' }),
      judged('if-match-star', 'Also "*".', { 'If-Match': '*' }),
      judged('if-match-empty', 'Also an empty list.', { 'If-Match': '' }),
      {
        id: 'if-match-head',
        level: 'MUST NOT',
        sentence: 'A HEAD with If-Match is not answered from the store either.',
        steps: [
          { answer: STORED },
          { method: 'HEAD', fields: { 'If-Match': '"a"' }, handlerSees: { 'If-Match': '"a"' } },
        ],
      },
      {
        id: 'if-match-failed',
        level: 'MUST NOT',
        sentence: 'The 412 that the origin answers with takes the place of nothing that is stored.',
        steps: [
          { answer: STORED },
          {
            fields: { 'If-Match': '"b"' },
            ...{ answer: { status: 412, fields: { 'Cache-Control': 'max-age=60' } }, status: 412 },
          },
          { from: 'store', body: '#1' },
        ],
      },
      {
        id: 'if-match-write-failed',
        level: 'MUST NOT',
        sentence: 'A write whose If-Match fails has changed nothing, and invalidates nothing.',
        steps: [
          { answer: STORED },
          {
            ...{ method: 'PUT', fields: { 'If-Match': '"b"' } },
            ...{ answer: { status: 412, fields: {} }, status: 412 },
          },
          { from: 'store', body: '#1' },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §13.1.2',
    title: 'If-None-Match',
    rows: [
      validates(
        'inm-weak-stored',
        'MUST',
        'The comparison is weak: W/"a" is stored, "a" asked.',
        { ETag: 'W/"a"' },
        inm('"a"'),
        304,
      ),
      validates(
        'inm-weak-asked',
        'MUST',
        'The comparison is weak: "a" is stored, W/"a" asked.',
        { ETag: '"a"' },
        inm('W/"a"'),
        304,
      ),
      validates(
        'inm-weak-both',
        'MUST',
        'The comparison is weak: W/"a" on both sides.',
        { ETag: 'W/"a"' },
        inm('W/"a"'),
        304,
      ),
      validates(
        'inm-case',
        'MUST',
        'ETags are compared character by character.',
        { ETag: '"a"' },
        inm('"A"'),
        200,
      ),
      validates('inm-w-lower', 'MUST', 'w/"a" is no ETag.', { ETag: '"a"' }, inm('w/"a"'), 200),
      validates(
        'inm-unquoted',
        'MUST',
        'An ETag without its quotes is none.',
        { ETag: '"a"' },
        inm('a'),
        200,
      ),
      validates(
        'inm-comma-inside',
        'MUST',
        'A comma inside an ETag does not end it.',
        { ETag: '"a,b"' },
        inm('"x", "a,b"'),
        304,
      ),
      validates(
        'inm-comma-parts',
        'MUST',
        'Nor does half an ETag match.',
        { ETag: '"b"' },
        inm('"a,"b""'),
        200,
      ),
      validates(
        'inm-star-quoted',
        'MUST',
        'A "*" in quotes is an ETag like any other.',
        { ETag: '"a"' },
        inm('"*"'),
        200,
      ),
      validates(
        'inm-star-padded',
        'MUST',
        'White space around the "*" means nothing.',
        { ETag: '"a"' },
        inm(' * '),
        304,
      ),
      validates(
        'inm-empty',
        'MUST',
        'An empty list matches nothing.',
        { ETag: '"a"' },
        inm(''),
        200,
      ),
      validates(
        'inm-empty-tag',
        'MUST',
        'The ETag of no characters is one.',
        { ETag: '""' },
        inm('""'),
        304,
      ),
      {
        id: 'inm-head',
        level: 'MUST',
        sentence: 'It is evaluated for HEAD as for GET.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          { method: 'HEAD', fields: inm('"a"'), from: 'store', status: 304 },
          { method: 'HEAD', fields: inm('"b"'), from: 'store' },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §13.1.3',
    title: 'If-Modified-Since',
    rows: [
      validates(
        'ims-rfc850',
        'MUST',
        'All three formats of dates are read: RFC 850.',
        { 'Last-Modified': MODIFIED },
        ims('Wednesday, 14-Jan-26 12:00:00 GMT'),
        304,
      ),
      validates(
        'ims-asctime',
        'MUST',
        'All three formats of dates are read: asctime.',
        { 'Last-Modified': MODIFIED },
        ims('Wed Jan 14 12:00:00 2026'),
        304,
      ),
      validates(
        'ims-invalid',
        'MUST',
        'What is no date is ignored.',
        { 'Last-Modified': MODIFIED },
        ims('2026-01-15T00:00:00Z'),
        200,
      ),
      validates(
        'ims-list',
        'MUST',
        'Two dates are none.',
        { 'Last-Modified': MODIFIED },
        ims(`${MODIFIED}, ${MODIFIED}`),
        200,
      ),
      validates(
        'ims-with-inm',
        'MUST',
        'It is ignored beside If-None-Match.',
        { ETag: '"a"', 'Last-Modified': MODIFIED },
        { ...inm('"b"'), ...ims(MODIFIED) },
        200,
      ),
      validates(
        'ims-with-matching-inm',
        'MUST',
        'It is ignored beside If-None-Match, also when it alone would ask for the whole.',
        { ETag: '"a"', 'Last-Modified': MODIFIED },
        { ...inm('"a"'), ...ims('Wed, 14 Jan 2020 12:00:00 GMT') },
        304,
      ),
      {
        id: 'ims-post',
        level: 'MUST',
        sentence: 'It is ignored where the method is neither GET nor HEAD.',
        steps: [
          { answer: cc('max-age=60', { 'Last-Modified': MODIFIED }) },
          { method: 'POST', fields: ims(MODIFIED), handlerSees: { 'If-Modified-Since': MODIFIED } },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §13.1.4',
    title: 'If-Unmodified-Since',
    rows: [
      judged(
        'if-unmodified-since',
        'If-Unmodified-Since is for the origin to judge, also where nothing has changed since.',
        { 'If-Unmodified-Since': MODIFIED },
      ),
      judged('if-unmodified-since-earlier', 'Also where something has.', {
        'If-Unmodified-Since': 'Wed, 14 Jan 2020 12:00:00 GMT',
      }),
      judged('if-unmodified-since-invalid', 'What is no date is for the origin to ignore.', {
        'If-Unmodified-Since': 'yesterday',
      }),
      {
        id: 'if-unmodified-since-failed',
        level: 'MUST NOT',
        sentence: 'The 412 that the origin answers with takes the place of nothing that is stored.',
        steps: [
          { answer: STORED },
          {
            fields: { 'If-Unmodified-Since': MODIFIED },
            ...{ answer: { status: 412, fields: { 'Cache-Control': 'max-age=60' } }, status: 412 },
          },
          { from: 'store', body: '#1' },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9110 §13.2',
    title: 'Evaluation of Preconditions',
    rows: [
      {
        id: 'precondition-not-2xx',
        level: 'MUST',
        sentence: 'Preconditions are ignored where the answer without them is no success.',
        steps: [
          {
            answer: { status: 404, fields: { 'Cache-Control': 'max-age=60', ETag: '"a"' } },
            status: 404,
          },
          { fields: inm('"a"'), from: 'store', status: 404 },
          { fields: inm('*'), from: 'store', status: 404 },
        ],
      },
      {
        id: 'precondition-redirect',
        level: 'MUST',
        sentence: 'A stored redirect is sent, whatever the condition.',
        steps: [
          {
            answer: {
              status: 301,
              fields: { 'Cache-Control': 'max-age=60', Location: '/to', 'Last-Modified': MODIFIED },
            },
            status: 301,
          },
          { fields: ims(MODIFIED), from: 'store', status: 301, has: { Location: '/to' } },
        ],
      },
      {
        id: 'precondition-if-match-first',
        level: 'MUST',
        sentence: 'If-Match comes before If-None-Match, and so the handler sees both.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          {
            fields: { 'If-Match': '"a"', ...inm('"a"') },
            handlerSees: { 'If-Match': '"a"', 'If-None-Match': '"a"' },
          },
        ],
      },
      {
        id: 'precondition-unmodified-since-first',
        level: 'MUST',
        sentence:
          'If-Unmodified-Since comes before If-Modified-Since, and so the handler sees both.',
        steps: [
          { answer: plain({ Expires: at(60), 'Last-Modified': MODIFIED }) },
          {
            fields: { 'If-Unmodified-Since': MODIFIED, ...ims(MODIFIED) },
            handlerSees: { 'If-Unmodified-Since': MODIFIED, 'If-Modified-Since': MODIFIED },
          },
        ],
      },
    ],
  },
];
