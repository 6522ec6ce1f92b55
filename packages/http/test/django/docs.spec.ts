import { expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { render } from './docs.js';

const file = new URL('../../../../docs/django-http.md', import.meta.url);

it('docs/django-http.md says what the table says (else: node scripts/rfc9111-docs.mjs)', async () => {
  const style = await resolveConfig(file);
  const text = await format(render(), { ...style, parser: 'markdown' });
  if (process.env.LOCMEM_WRITE_DOCS !== undefined) writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
