/**
 * What must happen in one step on the server, each on keys of one slot. Run by their digest; a server that
 * does not know a script (restarted, flushed, failed over) is sent its source once.
 */
import { createHash } from 'node:crypto';
import type { Argument, Connection } from './client.js';

export interface Script {
  readonly source: string;
  readonly sha: string;
}

function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') };
}

/** An entry that is nothing but a value: no tags, no time to be stale, no signature. */
const PLAIN = `'^L1:[a-z0-9%-]+\\n'`;

/** `PX ms`, or nothing for ever. */
const SET_FOR = `
local function setFor(key, value, ms)
  if ms == '' then redis.call('SET', key, value) else redis.call('SET', key, value, 'PX', ms) end
end
`;

/** KEYS entry; ARGV digest of what was seen, value, ms ('' = for ever, 'keep' = what is left). */
export const REPLACE = script(`${SET_FOR}
local now = redis.call('GET', KEYS[1])
if not now or redis.sha1hex(now) ~= ARGV[1] then return 0 end
if ARGV[3] == 'keep' then redis.call('SET', KEYS[1], ARGV[2], 'KEEPTTL')
else setFor(KEYS[1], ARGV[2], ARGV[3]) end
return 1`);

/**
 * KEYS entry, lease. What was there and the time it had left; of a plain entry only its head, since that
 * is all there is to know. Another type of value goes, too.
 */
export const REMOVE = script(`
local head = redis.pcall('GETRANGE', KEYS[1], 0, 31)
local held = false
if type(head) == 'string' and head ~= '' then
  local plain = string.match(head, ${PLAIN})
  held = { plain or redis.call('GET', KEYS[1]), redis.call('PTTL', KEYS[1]) }
end
redis.call('UNLINK', KEYS[1], KEYS[2])
return held`);

/** KEYS entry; ARGV ms. 0 = not there, 1 = done, 2 = not plain. */
export const TOUCH = script(`
local head = redis.call('GETRANGE', KEYS[1], 0, 31)
if head == '' then return 0 end
if not string.match(head, ${PLAIN}) then return 2 end
if ARGV[1] == '' then redis.call('PERSIST', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return 1`);

/** KEYS entry; ARGV delta. 0 = not there, 2 = not plain or no number; else the sum, as text. */
export const COUNT = script(`
local entry = redis.call('GET', KEYS[1])
if not entry then return 0 end
local number = tonumber(string.match(entry, '^L1:num\\n(.+)$'))
if not number then return 2 end
local sum = number + tonumber(ARGV[1])
if sum ~= sum or sum == math.huge or sum == -math.huge then return 2 end
local text = string.format('%.17g', sum)
redis.call('SET', KEYS[1], 'L1:num\\n' .. text, 'KEEPTTL')
return text`);

/** KEYS entry, lease; ARGV token, ms. Whether the lease was taken, whose it is, what is there. */
export const CLAIM = script(`
local entry = redis.call('GET', KEYS[1])
local isTaken = redis.call('SET', KEYS[2], ARGV[1], 'NX', 'PX', ARGV[2])
if isTaken then return { 1, ARGV[1], entry } end
return { 0, redis.call('GET', KEYS[2]), entry }`);

/** KEYS entry, lease; ARGV token, digest of what was seen or '', value, ms, '1' = end the lease. */
export const FILL = script(`${SET_FOR}
if redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
if ARGV[5] == '1' then redis.call('UNLINK', KEYS[2]) end
local now = redis.call('GET', KEYS[1])
if (now and redis.sha1hex(now) or '') ~= ARGV[2] then return 0 end
setFor(KEYS[1], ARGV[3], ARGV[4])
return 1`);

/** KEYS lease or lock; ARGV token, ms. */
export const RENEW = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])`);

/** KEYS lease or lock; ARGV token. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('UNLINK', KEYS[1])`);

/**
 * KEYS tag; ARGV version for a new one, ms. The tag's version. It must outlive the entries that carry it,
 * or they die early; it is made to live twice as long, so that it need not be touched at every write.
 */
export const MARK = script(`
local version = redis.call('GET', KEYS[1])
local ms = tonumber(ARGV[2])
if not version then
  version = ARGV[1]
  if ms then redis.call('SET', KEYS[1], version, 'PX', ms * 2) else redis.call('SET', KEYS[1], version) end
  return version
end
local left = redis.call('PTTL', KEYS[1])
if left >= 0 then
  if not ms then redis.call('PERSIST', KEYS[1])
  elseif left < ms then redis.call('PEXPIRE', KEYS[1], ms * 2) end
end
return version`);

/** KEYS tag. Counts up the second part of its version. */
export const SOFT_PURGE = script(`
local version = redis.call('GET', KEYS[1])
if not version then return 0 end
local hard, soft = string.match(version, '^(.*)%.(%d+)$')
redis.call('SET', KEYS[1], hard .. '.' .. (soft + 1), 'KEEPTTL')
return 1`);

/**
 * Runs a script on the server that holds its first key.
 *
 * @param isLate when it is, nothing is sent again: it could undo what came after
 */
export async function run(
  isLate: () => boolean,
  connection: Connection,
  { source, sha }: Script,
  keys: readonly string[],
  args: readonly Argument[],
): Promise<unknown> {
  const rest = [String(keys.length), ...keys, ...args];
  try {
    return await connection.send(['EVALSHA', sha, ...rest], keys[0]!);
  } catch (error) {
    const isUnknown = String((error as Error | undefined)?.message).startsWith('NOSCRIPT');
    if (!isUnknown || isLate()) throw error;
    return connection.send(['EVAL', source, ...rest], keys[0]!);
  }
}
