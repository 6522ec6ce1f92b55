/** RFC 9211, RFC 9875. */
import { cc, isStored } from '../vocabulary.js';
import type { FieldValue, Section, Step } from '../vocabulary.js';

const FRESH = cc('max-age=60');
const ERROR = { status: 503, fields: {} };

/** A write to `/w` that invalidates these groups. */
const write = (groups: FieldValue, status = 200): Step => ({
  ...{ path: '/w', method: 'POST', status },
  answer: { status, fields: { 'Cache-Group-Invalidation': groups } },
});

const dropsGroup = (groups: FieldValue, invalidated: FieldValue): Step[] => [
  { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': groups }) },
  write(invalidated),
  { path: '/a' },
];

const keepsGroup = (groups: FieldValue, invalidated: FieldValue, status?: number): Step[] => [
  { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': groups }) },
  write(invalidated, status),
  { path: '/a', from: 'store' },
];

const MANY_GROUPS = Array.from(
  { length: 32 },
  (_, index) => `"${String(index).padStart(32, 'g')}"`,
);

export const statusAndGroups: Section[] = [
  {
    spec: 'RFC 9211 §2',
    title: 'The Cache-Status HTTP Response Header Field',
    rows: [
      {
        id: 'status-hit',
        level: 'MUST',
        sentence: '§2.1 hit is said of an answer from the store, with the ttl that is left (§2.4).',
        steps: [{ answer: FRESH }, { wait: 20, from: 'store', says: /^LocMem; hit; ttl=40$/ }],
      },
      {
        id: 'status-uri-miss',
        level: 'SHOULD',
        sentence: '§2.2 fwd=uri-miss: nothing was stored for the URL.',
        steps: [{ answer: FRESH, says: /^LocMem; fwd=uri-miss/ }],
      },
      {
        id: 'status-stale',
        level: 'SHOULD',
        sentence: '§2.2 fwd=stale: what was stored was stale.',
        steps: [{ answer: cc('max-age=5') }, { wait: 6, says: /^LocMem; fwd=stale/ }],
      },
      {
        id: 'status-request',
        level: 'SHOULD',
        sentence: '§2.2 fwd=request: the request ruled it out.',
        steps: [
          { answer: FRESH },
          { fields: { 'Cache-Control': 'no-cache' }, says: /^LocMem; fwd=request/ },
        ],
      },
      {
        id: 'status-method',
        level: 'SHOULD',
        sentence: '§2.2 fwd=method: its method did.',
        steps: [{ method: 'POST', says: /^LocMem; fwd=method/ }],
      },
      {
        id: 'status-bypass',
        level: 'SHOULD',
        sentence: '§2.2 fwd=bypass: the cache was told to stand aside.',
        options: { bypass: () => true },
        steps: [{ answer: FRESH, says: /^LocMem; fwd=bypass/ }, { says: /^LocMem; fwd=bypass/ }],
      },
      {
        id: 'status-vary-miss',
        level: 'SHOULD',
        sentence: '§2.2 fwd=vary-miss: nothing stored was selected by the fields in Vary.',
        steps: [
          { answer: cc('max-age=60', { Vary: 'Accept' }), fields: { Accept: 'a' } },
          { fields: { Accept: 'b' }, says: /^LocMem; fwd=vary-miss$/ },
        ],
      },
      {
        id: 'status-stale-ttl',
        level: 'MUST',
        sentence: '§2.4 ttl may be negative: so many seconds ago the answer became stale.',
        steps: [
          { answer: cc('max-age=5, stale-while-revalidate=60') },
          { wait: 8, from: 'store', body: '#1', says: /^LocMem; hit; ttl=-3$/, thenRuns: 2 },
        ],
      },
      {
        id: 'status-hit-304',
        level: 'MAY',
        sentence: '§2.1 hit is also said of a 304 that the store has answered with.',
        steps: [
          { answer: cc('max-age=60', { ETag: '"a"' }) },
          {
            fields: { 'If-None-Match': '"a"' },
            from: 'store',
            status: 304,
            says: /; hit; ttl=60$/,
          },
        ],
      },
      {
        id: 'status-hit-head',
        level: 'MAY',
        sentence: '§2.1 and of an answer to HEAD.',
        steps: [{ answer: FRESH }, { method: 'HEAD', from: 'store', says: /; hit; ttl=60$/ }],
      },
      {
        id: 'status-not-forwarded',
        level: 'MUST NOT',
        sentence: '§2.2 fwd is not said where the request went nowhere: a 504 to only-if-cached.',
        steps: [
          {
            fields: { 'Cache-Control': 'only-if-cached' },
            ...{ from: 'cache', status: 504, says: /^LocMem; detail=only-if-cached$/ },
          },
        ],
      },
      {
        id: 'status-request-detail',
        level: 'MAY',
        sentence: '§2.8 detail names what in the request ruled it out.',
        steps: [
          { answer: FRESH },
          {
            fields: { 'Cache-Control': 'min-fresh=61' },
            says: /^LocMem; fwd=request; detail=min-fresh$/,
          },
        ],
      },
      {
        id: 'status-stand-in',
        level: 'MAY',
        sentence: '§2.3 fwd-status tells of the error that a stale answer stands in for.',
        steps: [
          { answer: cc('max-age=5, stale-if-error=60') },
          {
            ...{ wait: 10, answer: ERROR, from: 'validation', body: '#1' },
            says: /^LocMem; fwd=stale; fwd-status=503; ttl=-5; detail=stale-if-error$/,
          },
        ],
      },
      {
        id: 'status-no-fwd-status',
        level: 'MAY',
        sentence: '§2.3 fwd-status is left out where it is the status of the answer.',
        steps: [{ answer: FRESH, says: /^(?!.*fwd-status)/ }],
      },
      {
        id: 'status-not-stored-field',
        level: 'MUST NOT',
        sentence: 'What is said of one answer is not stored and said of the next.',
        steps: [
          { answer: FRESH, says: /^LocMem; fwd=uri-miss$/ },
          { from: 'store', says: /^LocMem; hit; ttl=60$/ },
        ],
      },
      {
        id: 'status-origin-stored',
        level: 'MUST',
        sentence: 'The members of caches behind this one are stored, and come first.',
        steps: [
          { answer: cc('max-age=60', { 'Cache-Status': 'Origin; hit' }) },
          { from: 'store', says: /^Origin; hit, LocMem; hit; ttl=60$/ },
        ],
      },
      {
        id: 'status-not-both',
        level: 'MUST NOT',
        sentence: 'hit and fwd are not said together.',
        steps: [
          { answer: FRESH, says: /^(?!.*hit)/ },
          { from: 'store', says: /^(?!.*fwd)/ },
        ],
      },
      {
        id: 'status-detail',
        level: 'MAY',
        sentence: '§2.8 detail names the reason against storing.',
        steps: [{ answer: cc('private'), says: /detail=response-private/ }],
      },
      {
        id: 'status-name',
        level: 'MUST',
        sentence: 'A name that is no token is a quoted string.',
        options: { cacheStatus: 'my "cache"' },
        steps: [{ answer: FRESH, says: /^"my \\"cache\\""; fwd=uri-miss/ }],
      },
      {
        id: 'status-hidden',
        level: 'MAY',
        sentence: 'The cache can be kept out of sight.',
        options: { cacheStatus: false },
        steps: [{ answer: FRESH, has: { 'Cache-Status': null } }],
      },
      {
        id: 'status-appended',
        level: 'MUST',
        sentence: 'The member of this cache comes behind those of caches nearer to the origin.',
        steps: [
          {
            answer: cc('max-age=60', { 'Cache-Status': 'Origin; hit' }),
            says: /^Origin; hit, LocMem; fwd=uri-miss/,
          },
        ],
      },
      {
        id: 'status-fwd-status',
        level: 'MAY',
        sentence: '§2.3 fwd-status tells of the 304 behind the answer.',
        steps: [
          { answer: cc('max-age=5', { ETag: '"a"' }) },
          {
            wait: 6,
            answer: { status: 304, fields: { ETag: '"a"', 'Cache-Control': 'max-age=60' } },
            from: 'validation',
            body: '#1',
            says: /fwd=stale; fwd-status=304/,
          },
        ],
      },
      {
        id: 'status-collapsed',
        level: 'MAY',
        sentence: '§2.6 collapsed: the request waited for another one.',
        steps: [{ answer: FRESH, times: 2, runs: 1, says: /collapsed|^LocMem; fwd=uri-miss$/ }],
      },
    ],
  },
  {
    spec: 'RFC 9875 §2, §3',
    title: 'HTTP Cache Groups',
    rows: [
      {
        id: 'groups-invalidation',
        level: 'SHOULD',
        sentence:
          'Cache-Group-Invalidation of a successful unsafe request drops the answers of that group.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"one", "two"' }) },
          { path: '/b', answer: cc('max-age=60', { 'Cache-Groups': '"three"' }) },
          write('"two"'),
          { path: '/b', answer: cc('max-age=60'), from: 'store' },
          { path: '/a' },
        ],
      },
      {
        id: 'groups-case',
        level: 'MUST',
        sentence: 'Names of groups are compared character by character.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"One"' }) },
          write('"one"'),
          { path: '/a', from: 'store' },
        ],
      },
      {
        id: 'groups-safe',
        level: 'MUST',
        sentence: 'Cache-Group-Invalidation in the answer to a safe method is ignored.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"one"' }) },
          { path: '/w', answer: { fields: { 'Cache-Group-Invalidation': '"one"' } } },
          { path: '/a', from: 'store' },
        ],
      },
      {
        id: 'groups-origin',
        level: 'MUST NOT',
        sentence: 'Groups of another origin of the same name are others.',
        steps: [
          {
            path: '/a',
            fields: { Host: 'a.example' },
            answer: cc('max-age=60', { 'Cache-Groups': '"one"' }),
          },
          {
            path: '/w',
            method: 'POST',
            fields: { Host: 'b.example' },
            answer: { fields: { 'Cache-Group-Invalidation': '"one"' } },
          },
          { path: '/a', fields: { Host: 'a.example' }, from: 'store' },
        ],
      },
      {
        id: 'groups-syntax',
        level: 'MUST',
        sentence: 'A field that is no list of strings is ignored.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"one"' }) },
          write('one, "one'),
          { path: '/a', from: 'store' },
        ],
      },
      {
        id: 'groups-parameters',
        level: 'MUST',
        sentence: 'Parameters of a member mean nothing.',
        steps: dropsGroup('"one";x=1', '"one";y'),
      },
      {
        id: 'groups-lines',
        level: 'MUST',
        sentence: 'Several lines are one list.',
        steps: dropsGroup(['"zero"', '"one"'], ['"two"', '"one"']),
      },
      {
        id: 'groups-many',
        level: 'MUST',
        sentence: 'At least 32 groups of at least 32 characters are taken.',
        steps: dropsGroup(MANY_GROUPS.join(', '), MANY_GROUPS.at(-1)!),
      },
      {
        id: 'groups-other-type',
        level: 'MUST',
        sentence: 'A group is a string: a token of the same letters is none.',
        steps: keepsGroup('"one"', 'one'),
      },
      {
        id: 'groups-syntax-stored',
        level: 'MUST',
        sentence: 'Cache-Groups that is no list of strings puts the answer in no group.',
        steps: keepsGroup('"one" "two"', '"one"'),
      },
      {
        id: 'groups-empty',
        level: 'MUST',
        sentence: 'An empty list invalidates nothing.',
        steps: keepsGroup('"one"', ''),
      },
      {
        id: 'groups-error',
        level: 'MUST NOT',
        sentence: 'The answer to a write that failed invalidates nothing.',
        steps: keepsGroup('"one"', '"one"', 500),
      },
      {
        id: 'groups-unknown-method',
        level: 'SHOULD',
        sentence: 'A method that is not known to be safe invalidates, too.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"one"' }) },
          {
            ...{ path: '/w', method: 'PATCH' },
            answer: { fields: { 'Cache-Group-Invalidation': '"one"' } },
          },
          { path: '/a' },
        ],
      },
      {
        id: 'groups-cascade',
        level: 'MUST NOT',
        sentence: 'Invalidation by group does not spread to the other groups of what it drops.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Groups': '"one", "two"' }) },
          { path: '/b', answer: cc('max-age=60', { 'Cache-Groups': '"two"' }) },
          write('"one"'),
          { path: '/b', answer: cc('max-age=60'), from: 'store' },
          { path: '/a' },
        ],
      },
      {
        id: 'groups-membership',
        level: 'MUST NOT',
        sentence: 'Cache-Group-Invalidation does not put an answer into the group.',
        steps: [
          { path: '/a', answer: cc('max-age=60', { 'Cache-Group-Invalidation': '"one"' }) },
          write('"one"'),
          { path: '/a', from: 'store' },
        ],
      },
      {
        id: 'groups-stored',
        level: 'MAY',
        sentence: 'The fields are sent on.',
        steps: isStored(cc('max-age=60', { 'Cache-Groups': '"one"' }), {
          has: { 'Cache-Groups': '"one"' },
        }),
      },
    ],
  },
];
