import { cc } from '../vocabulary.js';
import type { FieldValues, Row, Section } from '../vocabulary.js';

const FRESH = cc('max-age=60');

const drops = (method: string, status = 200): Row => ({
  id: `invalidate-${method.toLowerCase()}${status === 200 ? '' : `-${status}`}`,
  level: 'MUST',
  sentence: `A ${method} that is answered with ${status} drops what is stored for its URL.`,
  steps: [{ answer: FRESH }, { method, answer: { status }, status }, { answer: FRESH }],
});

const keeps = (method: string, status: number, level: Row['level'] = 'SHOULD NOT'): Row => ({
  id: `invalidate-not-${method.toLowerCase()}-${status}`,
  level,
  sentence: `A ${method} that is answered with ${status} drops nothing.`,
  steps: [{ answer: FRESH }, { method, answer: { status }, status }, { from: 'store', body: '#1' }],
});

/** A POST to /write names /page in this field. */
const names = (
  id: string,
  level: Row['level'],
  sentence: string,
  fields: FieldValues,
  from: 'store' | 'handler',
  more: Partial<Row> = {},
): Row => ({
  id,
  level,
  sentence,
  steps: [
    { path: '/page', answer: FRESH },
    { path: '/write', method: 'POST', answer: { status: 201, fields }, status: 201 },
    { path: '/page', answer: FRESH, from },
  ],
  ...more,
});

export const invalidation: Section[] = [
  {
    spec: 'RFC 9111 §4.4',
    title: 'Invalidating Stored Responses',
    rows: [
      drops('POST'),
      drops('PUT'),
      drops('DELETE'),
      drops('PATCH'),
      drops('PROPPATCH'),
      drops('MOVE'),
      drops('M-SEARCH'),
      drops('PURGE'),
      drops('REPORT'),
      drops('POST', 201),
      drops('POST', 204),
      drops('POST', 302),
      drops('POST', 303),
      keeps('POST', 400),
      keeps('PUT', 404),
      keeps('DELETE', 500),
      keeps('PATCH', 503),
      keeps('OPTIONS', 200),
      {
        id: 'invalidate-not-head',
        level: 'MUST NOT',
        sentence: 'A HEAD that reaches the handler drops nothing.',
        steps: [
          { answer: FRESH },
          { method: 'HEAD', fields: { 'Cache-Control': 'no-cache' } },
          { from: 'store', body: '#1' },
        ],
      },
      {
        id: 'invalidate-variants',
        level: 'MUST',
        sentence: 'All variants of the URL are dropped.',
        steps: [
          { fields: { 'X-V': 'a' }, answer: cc('max-age=60', { Vary: 'X-V' }) },
          { fields: { 'X-V': 'b' } },
          { method: 'POST', fields: { 'X-V': 'c' } },
          { fields: { 'X-V': 'a' } },
          { fields: { 'X-V': 'b' } },
        ],
      },
      {
        id: 'invalidate-query',
        level: 'MUST',
        sentence: 'The query is part of the URL that is dropped.',
        steps: [
          { path: '/?a=1', answer: FRESH },
          { path: '/?a=2' },
          { path: '/?a=1', method: 'POST' },
          { path: '/?a=2', from: 'store' },
          { path: '/?a=1' },
        ],
      },
      {
        id: 'invalidate-host',
        level: 'MUST NOT',
        sentence: 'The same path on another host is not dropped.',
        steps: [
          { fields: { Host: 'a.example' }, answer: FRESH },
          { method: 'POST', fields: { Host: 'b.example' } },
          { fields: { Host: 'a.example' }, from: 'store' },
        ],
      },
      {
        id: 'invalidate-throws',
        level: 'SHOULD NOT',
        sentence: 'A write that fails with an exception drops nothing.',
        steps: [
          { answer: FRESH },
          { method: 'POST', answer: { manner: 'throws' }, status: 500 },
          { answer: FRESH, from: 'store' },
        ],
      },
      names(
        'invalidate-location',
        'MAY',
        'What Location names on the same origin is dropped, too.',
        { Location: '/page' },
        'handler',
      ),
      names(
        'invalidate-location-absolute',
        'MAY',
        'Also where it is an absolute URL.',
        { Location: 'http://test.example/page' },
        'handler',
      ),
      names(
        'invalidate-location-relative',
        'MAY',
        'Also where it is relative to the target.',
        { Location: 'page' },
        'handler',
      ),
      names(
        'invalidate-content-location',
        'MAY',
        'What Content-Location names on the same origin is dropped, too.',
        { 'Content-Location': '/page' },
        'handler',
      ),
      names(
        'invalidate-location-other-host',
        'MUST NOT',
        'What Location names on another host is not dropped.',
        { Location: 'http://other.example/page' },
        'store',
      ),
      names(
        'invalidate-location-other-port',
        'MUST NOT',
        'What it names on another port is not dropped.',
        { Location: 'http://test.example:81/page' },
        'store',
      ),
      names(
        'invalidate-location-other-scheme',
        'MUST NOT',
        'What it names under another scheme is not dropped.',
        { Location: 'https://test.example/page' },
        'store',
      ),
      names(
        'invalidate-location-network-path',
        'MUST NOT',
        'What it names on another host, without a scheme, is not dropped.',
        { Location: '//other.example/page' },
        'store',
      ),
      names(
        'invalidate-location-invalid',
        'MUST NOT',
        'A Location that is no URL drops nothing.',
        { Location: 'http://[' },
        'store',
      ),
      {
        id: 'invalidate-location-error',
        level: 'SHOULD NOT',
        sentence: 'The Location of an error drops nothing.',
        steps: [
          { path: '/page', answer: FRESH },
          {
            path: '/write',
            method: 'POST',
            answer: { status: 409, fields: { Location: '/page' } },
            status: 409,
          },
          { path: '/page', from: 'store' },
        ],
      },
      {
        id: 'invalidate-location-get',
        level: 'MUST NOT',
        sentence: 'The Location of an answer to GET drops nothing.',
        steps: [
          { path: '/page', answer: FRESH },
          { path: '/other', answer: { status: 302, fields: { Location: '/page' } }, status: 302 },
          { path: '/page', from: 'store' },
        ],
      },
    ],
  },
];
