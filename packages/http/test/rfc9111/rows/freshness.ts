import { at, cc, isFreshFor, isNotStored, isStored, plain } from '../vocabulary.js';
import type { DateValue, FieldValue, HandlerAnswer, Row, Section } from '../vocabulary.js';

const lifetime = (
  id: string,
  level: Row['level'],
  sentence: string,
  seconds: number,
  answer: HandlerAnswer,
): Row => ({ id, level, sentence, steps: isFreshFor(seconds, answer) });

const stale = (
  id: string,
  sentence: string,
  answer: HandlerAnswer,
  level: Row['level'] = 'MUST NOT',
): Row => ({
  id,
  level,
  sentence,
  steps: isNotStored(answer),
});

const dateForm = (form: DateValue['form'], what: string): Row =>
  lifetime(
    `expires-${form}`,
    'MUST',
    `Expires is read in ${what}.`,
    30,
    plain({ Expires: at(30, form) }),
  );

/** Age 30 of an answer that is good for 60 seconds. */
const age = (
  id: string,
  level: Row['level'],
  sentence: string,
  fields: Record<string, FieldValue>,
  left: number,
): Row => lifetime(id, level, sentence, left, cc('max-age=60', fields));

const OLD = at(-1000);

export const freshness: Section[] = [
  {
    spec: 'RFC 9111 §4.2',
    title: 'Freshness',
    rows: [
      lifetime(
        'fresh-until-edge',
        'MUST NOT',
        'An answer is not reused from the moment on at which its age equals its lifetime.',
        60,
        cc('max-age=60'),
      ),
      {
        id: 'fresh-no-reset',
        level: 'MUST NOT',
        sentence: 'Being asked for does not make an answer fresh for longer.',
        steps: [
          { answer: cc('max-age=10') },
          { wait: 4, from: 'store' },
          { wait: 4, from: 'store' },
          { wait: 2 },
        ],
      },
      {
        id: 'fresh-again',
        level: 'MAY',
        sentence: 'What replaces a stale answer is fresh from its own time on.',
        steps: [
          { answer: cc('max-age=10') },
          { wait: 15 },
          { wait: 9, from: 'store', has: { Age: '9' } },
        ],
      },
      {
        id: 'date-two-digit-year',
        level: 'MUST',
        sentence: 'A two-digit year more than 50 years ahead is in the past.',
        steps: isNotStored(plain({ Expires: 'Thursday, 01-Jan-98 00:00:00 GMT' })),
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.2.1',
    title: 'Calculating Freshness Lifetime',
    rows: [
      lifetime(
        's-maxage-over-max-age',
        'MUST',
        'In a shared cache s-maxage comes before max-age: shorter.',
        5,
        cc('max-age=60, s-maxage=5'),
      ),
      lifetime(
        's-maxage-over-max-age-longer',
        'MUST',
        'In a shared cache s-maxage comes before max-age: longer.',
        60,
        cc('s-maxage=60, max-age=5'),
      ),
      lifetime(
        's-maxage-over-expires',
        'MUST',
        's-maxage comes before Expires.',
        5,
        cc('s-maxage=5', { Expires: at(60) }),
      ),
      stale(
        's-maxage-zero',
        's-maxage=0 is stale, whatever max-age says.',
        cc('s-maxage=0, max-age=60'),
      ),
      lifetime(
        'max-age-over-expires',
        'MUST',
        'max-age comes before Expires: longer.',
        60,
        cc('max-age=60', { Expires: at(5) }),
      ),
      lifetime(
        'max-age-over-expires-shorter',
        'MUST',
        'max-age comes before Expires: shorter.',
        5,
        cc('max-age=5', { Expires: at(60) }),
      ),
      lifetime(
        'max-age-over-invalid-expires',
        'MUST',
        'max-age comes before an Expires that is no date.',
        60,
        cc('max-age=60', { Expires: '0' }),
      ),
      lifetime(
        'expires',
        'MUST',
        'Without max-age it is Expires minus Date.',
        30,
        plain({ Expires: at(30) }),
      ),
      lifetime(
        'expires-minus-date',
        'MUST',
        'Expires counts from Date, not from the time of receipt.',
        20,
        plain({ Date: at(-10), Expires: at(20) }),
      ),
      lifetime(
        'expires-other-directives',
        'MUST',
        'Expires counts beside a Cache-Control that says nothing of time.',
        30,
        cc('public', { Expires: at(30) }),
      ),
      stale('max-age-zero', 'max-age=0 is stale.', cc('max-age=0')),
      stale(
        'max-age-before-expires-zero',
        'max-age=0 is stale although Expires is ahead.',
        cc('max-age=0', { Expires: at(60) }),
      ),
      lifetime(
        'max-age-twice-first',
        'SHOULD',
        'Of two max-age the first counts, or the answer is stale.',
        5,
        cc('max-age=5, max-age=60'),
      ),
      lifetime(
        'max-age-twice-lines',
        'SHOULD',
        'Of two max-age on two lines the first counts, or the answer is stale.',
        5,
        cc(['max-age=5', 'max-age=60']),
      ),
      lifetime(
        's-maxage-twice',
        'SHOULD',
        'Of two s-maxage the first counts, or the answer is stale.',
        5,
        cc('s-maxage=5, s-maxage=60'),
      ),
      ...(
        [
          ['decimal', 'max-age=60.5'],
          ['negative', 'max-age=-60'],
          ['letters', 'max-age=abc'],
          ['exponent', 'max-age=1e3'],
          ['hex', 'max-age=0x40'],
          ['plus', 'max-age=+60'],
          ['unit', 'max-age=60s'],
          ['empty', 'max-age='],
          ['no-argument', 'max-age'],
          ['empty-quotes', 'max-age=""'],
          ['two-numbers', 'max-age=60 60'],
          ['semicolon', 'max-age=60;'],
          ['open-quote', 'max-age="60'],
          ['single-quotes', "max-age='60'"],
        ] as const
      ).map(([id, value]) =>
        stale(
          `max-age-${id}`,
          `A lifetime that cannot be read makes the answer stale: ${value}`,
          cc(value),
          'SHOULD NOT',
        ),
      ),
      stale(
        's-maxage-invalid',
        'An s-maxage that cannot be read makes the answer stale, although max-age can.',
        cc('s-maxage=abc, max-age=60'),
        'SHOULD NOT',
      ),
      stale(
        'max-age-invalid-expires',
        'A max-age that cannot be read makes the answer stale, although Expires is ahead.',
        cc('max-age=abc', { Expires: at(60) }),
        'SHOULD NOT',
      ),
      lifetime(
        'max-age-quoted',
        'SHOULD',
        'max-age="60" is read as max-age=60.',
        60,
        cc('max-age="60"'),
      ),
      lifetime('max-age-zeros', 'MUST', 'Leading zeros mean nothing.', 60, cc('max-age=00060')),
      lifetime(
        'max-age-case',
        'MUST',
        'Directive names are case-insensitive.',
        60,
        cc('Max-AGE=60'),
      ),
      lifetime(
        'max-age-tabs',
        'MUST',
        'White space around directives means nothing.',
        60,
        cc('\tpublic\t,\t max-age=60 \t'),
      ),
      {
        id: 'max-age-huge',
        level: 'MUST',
        sentence: 'A number too large to represent counts as 2^31.',
        steps: [
          { answer: cc('max-age=99999999999999999999') },
          { wait: 2 ** 31 - 1, from: 'store' },
          { wait: 1 },
        ],
      },
      stale(
        'max-age-in-quotes',
        'A max-age inside a quoted argument is not one.',
        cc('ext="a, max-age=60, b"'),
      ),
      stale(
        'max-age-in-escaped-quotes',
        'A quoted argument goes on past an escaped quote.',
        cc('ext="a\\", max-age=60, b"'),
      ),
      stale(
        'max-age-longer-name',
        'A directive whose name only begins or ends so is another one.',
        cc('max-aged=60, xmax-age=60'),
      ),
      stale(
        'expires-now',
        'An Expires that equals Date is stale.',
        plain({ Date: at(0), Expires: at(0) }),
      ),
      stale('expires-past', 'An Expires in the past is stale.', plain({ Expires: at(-1) })),
      lifetime(
        'targeted-none',
        'MAY',
        'A directive that is not known is ignored (§5.2.3).',
        60,
        cc('max-age=60, community="UCI", x=1'),
      ),
    ],
  },
  {
    spec: 'RFC 9111 §4.2.2',
    title: 'Calculating Heuristic Freshness',
    rows: [
      {
        id: 'heuristic-off',
        level: 'MAY',
        sentence: 'Freshness is not guessed unless that is asked for.',
        steps: isNotStored(plain({ 'Last-Modified': OLD })),
      },
      {
        id: 'heuristic-ten-percent',
        level: 'MAY',
        sentence: 'Asked for, the guess is a tenth of the time since the last change.',
        options: { heuristic: true },
        steps: isFreshFor(100, plain({ 'Last-Modified': OLD })),
      },
      {
        id: 'heuristic-not-beside-max-age',
        level: 'MUST NOT',
        sentence: 'Nothing is guessed where the answer states its freshness.',
        options: { heuristic: true },
        steps: isFreshFor(5, cc('max-age=5', { 'Last-Modified': OLD })),
      },
      {
        id: 'heuristic-not-beside-expires',
        level: 'MUST NOT',
        sentence: 'Nothing is guessed beside an Expires, one that is no date included.',
        options: { heuristic: true },
        steps: isNotStored(plain({ Expires: '0', 'Last-Modified': OLD })),
      },
      {
        id: 'heuristic-not-beside-invalid-max-age',
        level: 'SHOULD NOT',
        sentence: 'Nothing is guessed beside a max-age that cannot be read.',
        options: { heuristic: true },
        steps: isNotStored(cc('max-age=abc', { 'Last-Modified': OLD })),
      },
      {
        id: 'heuristic-no-date',
        level: 'MUST NOT',
        sentence: 'Nothing is guessed from a Last-Modified that is no date.',
        options: { heuristic: true },
        steps: isNotStored(plain({ 'Last-Modified': 'yesterday' })),
      },
      ...[204, 300, 301, 308, 404, 405, 410, 414, 501].map((status): Row => ({
        id: `heuristic-status-${status}`,
        level: 'MAY',
        sentence: `The status ${status} is cacheable by heuristics (RFC 9110 §15.1).`,
        options: { heuristic: true },
        steps: isStored({ status, fields: { 'Last-Modified': OLD } }, { status }),
      })),
      ...[201, 302, 303, 307, 400, 403, 418, 500, 503].map((status): Row => ({
        id: `heuristic-not-status-${status}`,
        level: 'MUST NOT',
        sentence: `Nothing is guessed of an answer with the status ${status}.`,
        options: { heuristic: true },
        steps: isNotStored({ status, fields: { 'Last-Modified': OLD } }, { status }),
      })),
      {
        id: 'heuristic-public',
        level: 'MAY',
        sentence: 'It is, of whatever status, where the answer says public.',
        options: { heuristic: true },
        steps: isStored(
          { status: 403, fields: { 'Last-Modified': OLD, 'Cache-Control': 'public' } },
          { status: 403 },
        ),
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.2.3',
    title: 'Calculating Age',
    rows: [
      age(
        'age-counts',
        'MUST',
        'The Age with which an answer came counts against its lifetime.',
        { Age: '30' },
        30,
      ),
      {
        id: 'age-adds-up',
        level: 'MUST',
        sentence:
          'The Age sent is the one it came with and the time since, in whole seconds rounded down.',
        steps: [
          { answer: cc('max-age=60', { Age: '30' }) },
          { wait: 5.9, from: 'store', has: { Age: ['35'] } },
        ],
      },
      age(
        'age-older-than-lifetime',
        'MUST NOT',
        'An answer that comes older than its lifetime is not stored as fresh.',
        { Age: '60' },
        0,
      ),
      age('age-date-past', 'MUST', 'A Date in the past counts as age.', { Date: at(-20) }, 40),
      age(
        'age-max-date',
        'MUST',
        'Of apparent age and Age the greater one counts: Date.',
        { Date: at(-40), Age: '10' },
        20,
      ),
      age(
        'age-max-age',
        'MUST',
        'Of apparent age and Age the greater one counts: Age.',
        { Date: at(-10), Age: '40' },
        20,
      ),
      age(
        'age-date-future',
        'MUST',
        'A Date in the future makes nothing younger than new.',
        { Date: at(500) },
        60,
      ),
      age(
        'age-date-invalid',
        'MUST',
        'In the place of a Date that is no date stands the time of receipt.',
        { Date: 'today' },
        60,
      ),
      {
        id: 'age-delay',
        level: 'MUST',
        sentence: 'The time that an answer took counts as age, beside the age that it states.',
        steps: [
          { answer: { ...cc('max-age=60', { Age: '10' }), takes: 20 } },
          { answer: cc('max-age=60', { Age: '10' }), wait: 29, from: 'store', has: { Age: '59' } },
          { wait: 1 },
        ],
      },
      {
        id: 'age-delay-unstated',
        level: 'MUST',
        sentence: 'The time that an answer took counts as age, also where it states none.',
        steps: [
          { answer: { ...cc('max-age=60'), takes: 20 } },
          { answer: cc('max-age=60'), from: 'store', has: { Age: '20' } },
          { wait: 39, from: 'store', has: { Age: '59' } },
          { wait: 1 },
        ],
      },
      {
        id: 'age-delay-stale',
        level: 'MUST NOT',
        sentence: 'What took longer than it is fresh is not reused.',
        steps: [
          { answer: { ...cc('max-age=10'), takes: 10 } },
          { answer: cc('max-age=10') },
          { from: 'store' },
        ],
      },
      {
        id: 'age-delay-timeout',
        level: 'MAY',
        sentence: 'A freshness that the answer does not state counts from when it is there.',
        options: { timeout: 60 },
        steps: [
          { answer: { fields: {}, takes: 90 } },
          { answer: { fields: {} }, wait: 59, from: 'store', has: { Age: '149' } },
          { wait: 1 },
        ],
      },
      age('age-list-first', 'SHOULD', 'Of a list of ages the first counts.', { Age: '30, 50' }, 30),
      age(
        'age-lines-first',
        'SHOULD',
        'Of several lines of Age the first counts.',
        { Age: ['30', '50'] },
        30,
      ),
      age('age-negative', 'SHOULD', 'A negative Age is ignored.', { Age: '-30' }, 60),
      age('age-decimal', 'SHOULD', 'An Age that is not whole is ignored.', { Age: '30.5' }, 60),
      age('age-letters', 'SHOULD', 'An Age that is no number is ignored.', { Age: 'abc' }, 60),
      age('age-empty', 'SHOULD', 'An empty Age is ignored.', { Age: '' }, 60),
      age(
        'age-parameter',
        'SHOULD',
        'An Age with something behind the number is ignored.',
        { Age: '30; x=1' },
        60,
      ),
      age('age-quoted', 'SHOULD', 'An Age in quotes is ignored.', { Age: '"30"' }, 60),
      {
        id: 'age-huge',
        level: 'MUST',
        sentence: 'An Age too large to represent counts as 2^31.',
        steps: isNotStored(cc('max-age=4294967296', { Age: '99999999999999999999' })),
      },
      {
        id: 'date-untouched',
        level: 'MUST NOT',
        sentence: 'The stored Date is not changed when the answer is reused.',
        steps: [
          { answer: cc('max-age=60', { Date: 'Thu, 15 Jan 2026 11:59:59 GMT' }) },
          { wait: 20, from: 'store', has: { Date: 'Thu, 15 Jan 2026 11:59:59 GMT', Age: '21' } },
        ],
      },
      {
        id: 'date-added',
        level: 'MUST',
        sentence:
          'An answer that came without a Date is stored with the time of receipt (RFC 9110 §6.6.1).',
        steps: [
          { answer: cc('max-age=60') },
          { wait: 20, from: 'store', has: { Date: at(-20), Age: '20' } },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §4.2.4',
    title: 'Serving Stale Responses',
    rows: [
      {
        id: 'stale-not-by-default',
        level: 'MUST NOT',
        sentence:
          'A stale answer is not sent unless the answer, the request or an option allows it.',
        steps: [{ answer: cc('max-age=5') }, { wait: 6 }],
      },
      {
        id: 'stale-not-by-default-on-error',
        level: 'MUST NOT',
        sentence: 'Nor when the handler answers with an error.',
        steps: [{ answer: cc('max-age=5') }, { wait: 6, answer: { status: 503 }, status: 503 }],
      },
      ...['must-revalidate', 'proxy-revalidate', 'no-cache', 's-maxage=5'].map(
        (directive): Row => ({
          id: `stale-forbidden-${directive.split('=')[0]!}`,
          level: 'MUST NOT',
          sentence: `No option lets an answer with ${directive} be sent stale.`,
          options: { staleIfError: true, staleWhileRevalidate: 600 },
          steps: [
            { answer: cc(`max-age=5, ${directive}`) },
            { wait: 6, answer: { status: 503 }, status: 503 },
          ],
        }),
      ),
      {
        id: 'stale-option-error',
        level: 'MAY',
        sentence: 'The option staleIfError lets a stale answer stand in for an error.',
        options: { staleIfError: true },
        steps: [
          { answer: cc('max-age=5') },
          { wait: 6, answer: { status: 503 }, from: 'validation', body: '#1', has: { Age: '6' } },
        ],
      },
      {
        id: 'stale-age',
        level: 'MUST',
        sentence: 'A stale answer carries its whole age.',
        options: { staleIfError: true },
        steps: [
          { answer: cc('max-age=5') },
          {
            wait: 100,
            answer: { status: 500 },
            from: 'validation',
            body: '#1',
            has: { Age: '100' },
          },
        ],
      },
    ],
  },
  {
    spec: 'RFC 9111 §5.1',
    title: 'Age',
    rows: [
      {
        id: 'age-one-line',
        level: 'MUST',
        sentence: 'An answer from the store has one Age, a whole number that is not negative.',
        steps: [
          { answer: cc('max-age=60', { Age: ['1', '2'] }) },
          { wait: 1.5, from: 'store', has: { Age: ['2'] } },
        ],
      },
      {
        id: 'age-clock-back',
        level: 'MUST',
        sentence: 'A clock that was set back makes no age negative.',
        steps: [{ answer: cc('max-age=60') }, { wait: -30, from: 'store', has: { Age: '0' } }],
      },
    ],
  },
  {
    spec: 'RFC 9111 §5.3',
    title: 'Expires',
    rows: [
      dateForm('imf', 'IMF-fixdate'),
      dateForm('rfc850', 'the obsolete format of RFC 850'),
      dateForm('asctime', 'the obsolete format of asctime'),
      dateForm('lower', 'lower case'),
      ...(
        [
          ['0', '0'],
          ['-1', '-1'],
          ['empty', ''],
          ['word', 'tomorrow'],
          ['number', '4102444800'],
          ['year', '2099'],
          ['month-31', 'Sat, 31 Feb 2099 00:00:00 GMT'],
          ['hour-25', 'Sat, 28 Feb 2099 25:00:00 GMT'],
          ['no-zone', 'Sat, 28 Feb 2099 00:00:00'],
          ['other-zone', 'Sat, 28 Feb 2099 00:00:00 EST'],
          ['utc', 'Sat, 28 Feb 2099 00:00:00 UTC'],
          ['no-weekday', '28 Feb 2099 00:00:00 GMT'],
          ['one-digit-day', 'Sun, 1 Feb 2099 00:00:00 GMT'],
          ['no-comma', 'Sat 28 Feb 2099 00:00:00 GMT'],
          ['no-seconds', 'Sat, 28 Feb 2099 00:00 GMT'],
          ['dashes', 'Sat, 28-Feb-2099 00:00:00 GMT'],
        ] as const
      ).map(([id, value]) =>
        stale(
          `expires-invalid-${id}`,
          `An Expires that is no HTTP date is in the past: ${value || '(empty)'}`,
          plain({ Expires: value }),
          'MUST',
        ),
      ),
      stale(
        'expires-iso',
        'An Expires that is no HTTP date is in the past: an ISO 8601 date',
        plain({ Expires: at(60, 'iso') }),
        'MUST',
      ),
      stale(
        'expires-offset',
        'An Expires that is no HTTP date is in the past: +0000 for GMT',
        plain({ Expires: at(60, 'offset') }),
        'MUST',
      ),
      stale(
        'expires-two-lines',
        'Two Expires are none that can be read.',
        plain({ Expires: ['Sat, 28 Feb 2099 00:00:00 GMT', 'Sat, 28 Feb 2099 00:00:00 GMT'] }),
        'MUST',
      ),
      {
        id: 'expires-sent-as-it-came',
        level: 'MUST NOT',
        sentence: 'Expires is not changed when the answer is reused.',
        steps: [
          { answer: plain({ Expires: 'Thu, 15 Jan 2026 12:01:00 GMT' }) },
          { wait: 30, from: 'store', has: { Expires: 'Thu, 15 Jan 2026 12:01:00 GMT' } },
        ],
      },
    ],
  },
];
