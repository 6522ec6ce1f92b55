/** Requests and conversations that nobody thought of. */
import fc from 'fast-check';
import { attacks, innocents, request } from './attacks.mjs';

const pieces = fc.constantFrom(
  ...['\r\n', '\n', '\r', ' ', '\t', ':', '\0', '\x7f', '\x85', '\xa0', '\xff', '#', '//', '%00'],
  ...[',', '\r\n\r\n', '\r\n ', '?', '\\', ';', '"'],
  ...['Host: b', 'Content-Length: 5', 'Transfer-Encoding: chunked', 'Connection: close', ' folded'],
  ...['GET /b HTTP/1.1\r\nHost: b\r\n\r\n', 'HTTP/1.0', 'HTTP/1.1', 'Expect: 100-continue'],
  ...['Upgrade: h2c', 'Accept: x\r\n', 'DNT: 1\r\n', 'Referer: http://a/\r\n', '&y=1', '/../'],
);

const change = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  remove: fc.nat(3),
  insert: fc.oneof(pieces, fc.string({ unit: 'binary-ascii', maxLength: 2 })),
});

/** Innocent, and what becomes of that by a few changes. */
export const aRequest = fc
  .tuple(fc.constantFrom(...innocents), fc.array(change, { maxLength: 3 }))
  .map(([text, changes]) =>
    changes.reduce((changed, { at, remove, insert }) => {
      const place = Math.floor(at * changed.length);
      return changed.slice(0, place) + insert + changed.slice(place + remove);
    }, text),
  );

const known = request();
const others = [
  '/vary',
  '/large',
  '/slow',
  '/later',
  '/private',
  '/closes',
  '/empty',
  '/404',
  '/b',
];

const aMessage = fc.oneof(
  { arbitrary: fc.constant(known), weight: 6 },
  {
    arbitrary: fc.constantFrom(
      ...innocents,
      ...others.map((path) => request('', `GET ${path} HTTP/1.1`)),
    ),
    weight: 3,
  },
  { arbitrary: aRequest, weight: 3 },
  { arbitrary: fc.constantFrom(...attacks), weight: 1 },
  {
    arbitrary: fc
      .constantFrom(known, 'ab', '')
      .chain((body) =>
        fc.constantFrom(
          `${request(`Content-Length: ${body.length}\r\n`, 'POST /a HTTP/1.1')}${body}`,
          `${request('Transfer-Encoding: chunked\r\n', 'POST /a HTTP/1.1')}${body && `${body.length.toString(16)}\r\n${body}\r\n`}0\r\n\r\n`,
        ),
      ),
    weight: 1,
  },
);

/** Messages, cut into chunks mostly, but not only, where one ends and the next begins. */
export const aConversation = fc.record({
  chunks: fc
    .array(
      fc.record({
        text: aMessage,
        // How much of it comes with what is before it.
        joined: fc.oneof(
          { arbitrary: fc.constant(0), weight: 4 },
          fc.constant(1),
          fc.double({ min: 0, max: 1, noNaN: true }),
        ),
      }),
      { minLength: 1, maxLength: 8 },
    )
    .map((messages) => {
      const chunks = [known, known];
      for (const { text, joined } of messages) {
        const cut = Math.floor(joined * text.length);
        chunks[chunks.length - 1] += text.slice(0, cut);
        chunks.push(text.slice(cut));
      }
      return chunks.filter((chunk) => chunk !== '');
    }),
  leaving: fc.constantFrom('end', 'end', 'end', 'reset'),
});
