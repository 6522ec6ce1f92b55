/** Short forms for rows about conditional requests. */
import { cc } from '../vocabulary.js';
import type { FieldValues, Row } from '../vocabulary.js';

export const MODIFIED = 'Wed, 14 Jan 2026 12:00:00 GMT';

/** The stored answer has these validators; the client sends those. */
export const validates = (
  id: string,
  level: Row['level'],
  sentence: string,
  stored: FieldValues,
  asked: FieldValues,
  status: 200 | 304,
): Row => ({
  id,
  level,
  sentence,
  steps: [{ answer: cc('max-age=60', stored) }, { fields: asked, from: 'store', status }],
});

export const inm = (value: string | string[]) => ({ 'If-None-Match': value });
export const ims = (value: string) => ({ 'If-Modified-Since': value });
