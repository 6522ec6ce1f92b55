import type { ChildProcess } from 'node:child_process';

export function hasRedisServer(): boolean;
export function likelyFreePort(): number;
export function spawnRedisServer(
  folder: string,
  options: readonly string[],
  port?: number,
): Promise<{ server: ChildProcess; port: number }>;
