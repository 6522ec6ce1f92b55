/** RFC 9213, RFC 5861. */
import { at, cc, isFreshFor, isNotStored, plain } from '../vocabulary.js';
import type { FieldValue, FieldValues, Row, Section } from '../vocabulary.js';

/** Fresh for so many seconds with this CDN-Cache-Control beside `Cache-Control: max-age=10`. */
const targeted = (
  id: string,
  level: Row['level'],
  sentence: string,
  value: FieldValue,
  seconds: number,
  fields: FieldValues = { 'Cache-Control': 'max-age=10' },
): Row => ({
  id,
  level,
  sentence,
  steps: isFreshFor(seconds, plain({ ...fields, 'CDN-Cache-Control': value })),
});

const ERROR = { status: 503, fields: {} };

const standIn = (
  id: string,
  level: Row['level'],
  sentence: string,
  value: string,
  wait: number,
  isSent: boolean,
): Row => ({
  id,
  level,
  sentence,
  steps: [
    { answer: cc(value) },
    isSent
      ? { wait, answer: ERROR, from: 'validation', body: '#1' }
      : { wait, answer: ERROR, status: 503 },
  ],
});

/** Each status of an error. */
const error = (status: number): Row => ({
  id: `sie-status-${status}`,
  level: 'MAY',
  sentence: `An answer with ${status} is an error.`,
  steps: [
    { answer: cc('max-age=5, stale-if-error=60') },
    { wait: 6, answer: { status, fields: {} }, from: 'validation', body: '#1' },
  ],
});

export const extensions: Section[] = [
  {
    spec: 'RFC 9213 §2',
    title: 'Targeted Cache-Control Header Fields',
    rows: [
      targeted(
        'cdn-longer',
        'MUST',
        'CDN-Cache-Control takes the place of Cache-Control: longer.',
        'max-age=60',
        60,
      ),
      targeted(
        'cdn-shorter',
        'MUST',
        'CDN-Cache-Control takes the place of Cache-Control: shorter.',
        'max-age=5',
        5,
      ),
      targeted(
        'cdn-over-no-store',
        'MUST',
        'Also where Cache-Control forbids to store.',
        'max-age=60',
        60,
        { 'Cache-Control': 'no-store' },
      ),
      targeted(
        'cdn-over-private',
        'MUST',
        'Also where Cache-Control says private.',
        'max-age=60',
        60,
        { 'Cache-Control': 'private' },
      ),
      targeted(
        'cdn-no-store',
        'MUST',
        'Its no-store counts although Cache-Control allows.',
        'no-store',
        0,
      ),
      targeted('cdn-private', 'MUST', 'Its private counts.', 'private', 0),
      targeted('cdn-no-cache', 'MUST', 'Its no-cache counts.', 'no-cache', 0),
      targeted('cdn-max-age-zero', 'MUST', 'Its max-age=0 counts.', 'max-age=0', 0),
      targeted(
        'cdn-over-expires',
        'MUST',
        'It takes the place of Expires, too.',
        'max-age=60',
        60,
        { Expires: at(5) },
      ),
      targeted(
        'cdn-no-lifetime-expires',
        'MUST',
        'Expires is not looked at, also where it states no lifetime.',
        'public',
        0,
        { Expires: at(60) },
      ),
      targeted('cdn-no-lifetime', 'MUST', 'Nor is the max-age of Cache-Control.', 'public', 0),
      targeted(
        'cdn-s-maxage',
        'MUST',
        'Its s-maxage comes before its max-age.',
        'max-age=5, s-maxage=60',
        60,
      ),
      targeted(
        'cdn-lines',
        'MUST',
        'Several lines are one dictionary.',
        ['max-age=60', 'public'],
        60,
      ),
      targeted(
        'cdn-last-key',
        'MUST',
        'Of two equal keys the last counts, as in every dictionary.',
        'max-age=5, max-age=60',
        60,
      ),
      targeted(
        'cdn-parameters',
        'MUST',
        'Parameters of a value mean nothing.',
        'max-age=60;x=1',
        60,
      ),
      targeted(
        'cdn-unknown',
        'MUST',
        'Keys that are not known are ignored.',
        'max-age=60, x=1, y',
        60,
      ),
      targeted('cdn-empty', 'MUST', 'An empty field is ignored.', '', 10),
      targeted(
        'cdn-syntax',
        'MUST',
        'A field that is no dictionary is ignored as a whole: a comma at the end.',
        'max-age=60,',
        10,
      ),
      targeted(
        'cdn-syntax-semicolon',
        'MUST',
        'A field that is no dictionary is ignored as a whole: two commas.',
        'max-age=60,, public',
        10,
      ),
      targeted(
        'cdn-syntax-equals',
        'MUST',
        'A field that is no dictionary is ignored as a whole: white space around "=".',
        'max-age = 60',
        10,
      ),
      targeted(
        'cdn-upper-case',
        'MUST',
        'A field that is no dictionary is ignored as a whole: keys are lower-case.',
        'Max-Age=60',
        10,
      ),
      targeted(
        'cdn-type-string',
        'MUST',
        'A value of the wrong type: the field is ignored: a string.',
        'max-age="60"',
        10,
      ),
      targeted(
        'cdn-type-token',
        'MUST',
        'A value of the wrong type: the field is ignored: a token.',
        'max-age=abc',
        10,
      ),
      targeted(
        'cdn-type-decimal',
        'MUST',
        'A value of the wrong type is none: a decimal.',
        'max-age=60.5',
        10,
      ),
      targeted('cdn-type-negative', 'SHOULD', 'A lifetime below zero is none.', 'max-age=-60', 10),
      {
        id: 'cdn-passes',
        level: 'MAY',
        sentence: 'The field is sent on.',
        steps: [
          { answer: plain({ 'CDN-Cache-Control': 'max-age=60' }) },
          { from: 'store', has: { 'CDN-Cache-Control': 'max-age=60' } },
        ],
      },
      {
        id: 'cdn-authorization',
        level: 'MAY',
        sentence: 'Its public lets the answer to a request with Authorization be stored.',
        steps: [
          {
            fields: { Authorization: 'a' },
            answer: plain({ 'CDN-Cache-Control': 'public, max-age=60' }),
          },
          { from: 'store' },
        ],
      },
      {
        id: 'cdn-authorization-not',
        level: 'MUST NOT',
        sentence: 'The public of Cache-Control beside it does not.',
        steps: [
          {
            fields: { Authorization: 'a' },
            answer: plain({ 'CDN-Cache-Control': 'max-age=60', 'Cache-Control': 'public' }),
          },
          {},
        ],
      },
      {
        id: 'target-list-own',
        level: 'MUST',
        sentence: 'The list of fields is an option; the first that is there and valid counts.',
        options: { targetedFields: ['LocMem-Cache-Control', 'CDN-Cache-Control'] },
        steps: isFreshFor(
          30,
          plain({
            'LocMem-Cache-Control': 'max-age=30',
            'CDN-Cache-Control': 'max-age=60',
            'Cache-Control': 'max-age=5',
          }),
        ),
      },
      {
        id: 'target-list-second',
        level: 'MUST',
        sentence: 'Where the first is not valid, the second counts.',
        options: { targetedFields: ['LocMem-Cache-Control', 'CDN-Cache-Control'] },
        steps: isFreshFor(
          20,
          plain({
            'LocMem-Cache-Control': 'max-age=?',
            'CDN-Cache-Control': 'max-age=20',
            'Cache-Control': 'max-age=5',
          }),
        ),
      },
      {
        id: 'target-list-empty',
        level: 'MUST NOT',
        sentence: 'A field for which this cache is no target means nothing.',
        options: { targetedFields: [] },
        steps: isFreshFor(
          5,
          plain({ 'CDN-Cache-Control': 'max-age=60', 'Cache-Control': 'max-age=5' }),
        ),
      },
      {
        id: 'target-other',
        level: 'MUST NOT',
        sentence: 'Nor does one with a name that nobody here listens to.',
        steps: isNotStored(plain({ 'Other-Cache-Control': 'max-age=60' })),
      },
    ],
  },
  {
    spec: 'RFC 5861 §3',
    title: 'stale-while-revalidate',
    rows: [
      {
        id: 'swr-serves',
        level: 'MAY',
        sentence:
          'Within the window the stale answer is sent at once, and the handler runs behind it.',
        steps: [
          { answer: cc('max-age=5, stale-while-revalidate=30') },
          { wait: 10, from: 'store', body: '#1', has: { Age: '10' }, thenRuns: 2 },
          { from: 'store', body: '#2', has: { Age: '0' } },
        ],
      },
      {
        id: 'swr-past-window',
        level: 'SHOULD NOT',
        sentence: 'Past the window it is not.',
        steps: [{ answer: cc('max-age=5, stale-while-revalidate=30') }, { wait: 36 }],
      },
      {
        id: 'swr-once',
        level: 'SHOULD',
        sentence: 'One refresh at a time is enough.',
        steps: [
          { answer: cc('max-age=5, stale-while-revalidate=30') },
          { wait: 10, times: 5, from: 'store', body: '#1', thenRuns: 2 },
        ],
      },
      {
        id: 'swr-error-keeps',
        level: 'MAY',
        sentence: 'A refresh that fails leaves the stale answer where it is, within the window.',
        steps: [
          { answer: cc('max-age=5, stale-while-revalidate=60') },
          { wait: 10, answer: { status: 500, fields: {} }, from: 'store', body: '#1', thenRuns: 2 },
          { from: 'store', body: '#1', thenRuns: 3 },
        ],
      },
      {
        id: 'swr-no-cache',
        level: 'MUST NOT',
        sentence: 'no-cache rules it out.',
        steps: [{ answer: cc('max-age=5, no-cache, stale-while-revalidate=30') }, { wait: 10 }],
      },
      {
        id: 'swr-must-revalidate',
        level: 'MUST NOT',
        sentence: 'must-revalidate rules it out.',
        steps: [
          { answer: cc('max-age=5, must-revalidate, stale-while-revalidate=30') },
          { wait: 10 },
        ],
      },
      {
        id: 'swr-invalid',
        level: 'SHOULD NOT',
        sentence: 'A window that cannot be read is none.',
        steps: [{ answer: cc('max-age=5, stale-while-revalidate=abc') }, { wait: 10 }],
      },
      {
        id: 'swr-request-no-cache',
        level: 'MUST NOT',
        sentence: 'A request with no-cache gets no stale answer.',
        steps: [
          { answer: cc('max-age=5, stale-while-revalidate=30') },
          { wait: 10, fields: { 'Cache-Control': 'no-cache' } },
        ],
      },
    ],
  },
  {
    spec: 'RFC 5861 §4',
    title: 'stale-if-error',
    rows: [
      standIn(
        'sie-response',
        'MAY',
        'Within the window a stale answer stands in for an error.',
        'max-age=5, stale-if-error=60',
        10,
        true,
      ),
      standIn(
        'sie-past-window',
        'SHOULD NOT',
        'Past the window it does not.',
        'max-age=5, stale-if-error=60',
        70,
        false,
      ),
      standIn(
        'sie-zero',
        'SHOULD NOT',
        'stale-if-error=0 allows nothing.',
        'max-age=5, stale-if-error=0',
        10,
        false,
      ),
      standIn(
        'sie-invalid',
        'SHOULD NOT',
        'A window that cannot be read is none.',
        'max-age=5, stale-if-error=abc',
        10,
        false,
      ),
      standIn(
        'sie-must-revalidate',
        'MUST NOT',
        'must-revalidate rules it out.',
        'max-age=5, must-revalidate, stale-if-error=60',
        10,
        false,
      ),
      error(500),
      error(502),
      error(503),
      error(504),
      {
        id: 'sie-not-404',
        level: 'SHOULD NOT',
        sentence: 'A 404 is no error, but an answer.',
        steps: [
          { answer: cc('max-age=5, stale-if-error=60') },
          { wait: 10, answer: { status: 404, fields: {} }, status: 404 },
        ],
      },
      {
        id: 'sie-throws',
        level: 'MAY',
        sentence: 'A handler that throws is an error, too.',
        steps: [
          { answer: cc('max-age=5, stale-if-error=60') },
          { wait: 10, answer: { manner: 'throws' }, from: 'validation', body: '#1' },
        ],
      },
      {
        id: 'sie-head',
        level: 'MAY',
        sentence: 'Also for an error to HEAD.',
        steps: [
          { answer: cc('max-age=5, stale-if-error=60') },
          {
            ...{ wait: 10, method: 'HEAD', answer: { status: 503, fields: {} } },
            ...{ from: 'validation', body: '', says: /detail=stale-if-error$/ },
          },
        ],
      },
      {
        id: 'sie-range',
        level: 'MAY',
        sentence:
          'And for an error to a request for a part: the whole, since Range may be ignored.',
        steps: [
          { answer: { ...cc('max-age=5, stale-if-error=60'), body: '0123456789' } },
          {
            ...{ wait: 10, fields: { Range: 'bytes=2-3' }, answer: { status: 503, fields: {} } },
            ...{ from: 'validation', body: '0123456789' },
          },
        ],
      },
      {
        id: 'sie-miss',
        level: 'MUST',
        sentence: 'Without a stored answer the error is sent.',
        steps: [
          {
            answer: { status: 503, fields: { 'Cache-Control': 'stale-if-error=60' } },
            status: 503,
          },
        ],
      },
    ],
  },
];
