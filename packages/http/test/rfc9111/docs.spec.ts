import { expect, it } from '@jest/globals';
import { readFileSync, writeFileSync } from 'node:fs';
import { format, resolveConfig } from 'prettier';
import { render } from './docs.js';
import { SECTIONS } from './rows/index.js';

const file = new URL('../../../../docs/rfc9111.md', import.meta.url);

it('docs/rfc9111.md says what the rows say (else: node scripts/rfc9111-docs.mjs)', async () => {
  const style = await resolveConfig(file);
  const text = await format(render(SECTIONS), { ...style, parser: 'markdown' });
  if (process.env.LOCMEM_WRITE_DOCS !== undefined) writeFileSync(file, text);
  expect(readFileSync(file, 'utf8')).toBe(text);
});
