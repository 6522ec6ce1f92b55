/**
 * Reads traces in the compact `.lmt.gz` format: gzip of unsigned LEB128 varints, one for each request.
 * 0 is a key not seen before, which gets the next id; d > 0 is the key with the id (keys seen so far − d).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Cache sizes, as shares of the distinct keys. */
export const SHARES = [0.001, 0.01, 0.05, 0.2];

const SUFFIX = '.lmt.gz';

/** @typedef {{ name: string, ids: Int32Array, distinct: number }} Trace */

/** @returns {Trace[]} */
export function readTraces(folder) {
  const files = readdirSync(folder).filter((file) => file.endsWith(SUFFIX));
  if (files.length === 0) throw new Error(`no *${SUFFIX} files in ${folder}`);
  return files.sort().map((file) => readTrace(join(folder, file), file.slice(0, -SUFFIX.length)));
}

function readTrace(file, name) {
  const bytes = gunzipSync(readFileSync(file));
  const ids = [];
  let distinct = 0;
  for (let at = 0; at < bytes.length;) {
    let distance = 0;
    let shift = 0;
    let byte;
    do {
      byte = bytes[at++];
      distance |= (byte & 0x7f) << shift;
      shift += 7;
    } while (byte >= 0x80);
    ids.push(distance === 0 ? distinct++ : distinct - distance);
  }
  return { name, ids: Int32Array.from(ids), distinct };
}

/** Numbers the keys in order of appearance. @returns {Trace} */
export function traceOf(name, keys) {
  const known = new Map();
  const ids = Int32Array.from(keys, (key) => {
    const id = known.get(key) ?? known.size;
    known.set(key, id);
    return id;
  });
  return { name, ids, distinct: known.size };
}

export function sizesOf({ distinct }) {
  return SHARES.map((share) => Math.max(1, Math.round(share * distinct)));
}
