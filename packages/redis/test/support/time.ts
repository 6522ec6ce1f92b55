// Time for a real server: nothing sleeps. What every key has left is shortened instead.
import type { TestServer } from './server.js';

const SHIFT = `
local cursor = '0'
repeat
  local reply = redis.call('SCAN', cursor, 'COUNT', 1000)
  cursor = reply[1]
  for _, key in ipairs(reply[2]) do
    local left = redis.call('PTTL', key)
    if left >= 0 then
      if left <= tonumber(ARGV[1]) then redis.call('DEL', key)
      else redis.call('PEXPIRE', key, left - ARGV[1]) end
    end
  end
until cursor == '0'
return 1`;

/** Brings the end of every entry nearer. */
export async function advanceServer(server: TestServer, spanMs: number): Promise<void> {
  const answer = await server.command('EVAL', SHIFT, '0', String(spanMs));
  if (!answer.startsWith(':1')) throw new Error(answer);
}
