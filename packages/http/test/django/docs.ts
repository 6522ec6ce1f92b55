/**
 * `docs/django-http.md` out of the table of departures.
 */
import { DEPARTURES, EVERYWHERE } from './departures.js';
import type { Kind } from './departures.js';
import { VECTORS } from './replay.js';

const MEANINGS: readonly (readonly [Kind, string])[] = [
  ['rfc', 'The specification says otherwise'],
  ['safety', "One visitor's answer is kept from another"],
  ['mended', 'A failure that is mended'],
  ['choice', 'Both are allowed'],
  ['recording', 'It lies in how Django was recorded'],
];

export function render(): string {
  const departing = Object.keys(DEPARTURES).length;
  const total = VECTORS.sequences.length;
  return `# Django's cache middleware and ours

Generated from \`packages/http/test/django/departures.ts\` by \`node scripts/rfc9111-docs.mjs\`.

${total} sequences of requests to Django 6.1 (UpdateCacheMiddleware and FetchFromCacheMiddleware, \`cache_page\`, \`cache_control\`,
\`never_cache\`, \`vary_on_headers\`, \`vary_on_cookie\`, ConditionalGetMiddleware) are replayed through our middlewares under Express 5 and
Koa 3. ${total - departing} come out as Django has them; ${departing} depart, each for a reason. A departure that is not in this table, or no departure any
more, fails the test.

| Django | here |
| --- | --- |
| \`cache_page(60)\` | \`cachePage(60)\` |
| \`UpdateCacheMiddleware\`, \`FetchFromCacheMiddleware\` | \`responseCache({ timeout: 60 })\` |
| \`cache_control(public=True, max_age=5)\` | \`cacheControl({ public: true, maxAge: 5 })\`, on a response \`patchCacheControl\` |
| \`never_cache\` | \`neverCache()\`, on a response \`patchNeverCache\` |
| \`vary_on_headers\`, \`vary_on_cookie\` | \`varyOn('Accept-Language', 'Cookie')\`, on a response \`patchVary\` |
| \`ConditionalGetMiddleware\` | \`conditionalGet()\`, on a response \`answerConditionally\`, \`judgeConditions\` |

## In every sequence

${EVERYWHERE.map((text) => `- ${text}`).join('\n')}

${MEANINGS.map(section).join('\n\n')}
`;
}

function section([kind, title]: readonly [Kind, string]): string {
  const rows = VECTORS.sequences.flatMap(({ id, title: what }) => {
    const departure = DEPARTURES[id];
    if (departure?.kind !== kind) return [];
    return [`| \`${id}\` | ${cell(what)} | ${cell(departure.why)} |`];
  });
  const head = ['| sequence | recorded | here |', '| --- | --- | --- |'];
  return [`## ${title}`, '', ...head, ...rows].join('\n');
}

function cell(text: string): string {
  return text.replace(/[|*<]/g, '\\$&');
}
