/**
 * The store as one cache sees it: to be had in time, or not to be had. What cannot be had never reaches the
 * caller: a read misses, a write is dropped, both are counted.
 */
import type { Timekeeper } from '../clock.js';
import { LONGEST_USUAL_TIMEOUT_SECONDS, parseTimeout, type Timeout } from '../timeout.js';
import { warn, type LocMemWarningCode } from '../warnings.js';
import type { Backend, Lifetime } from './backend.js';
import { Budget, contained, inTime, LateError } from './budget.js';
import { RemoteCounts } from './counts.js';
import { Entries } from './entries.js';
import { Envelope } from './envelope.js';
import type { ResolvedRemoteOptions } from './options.js';

export class Reach {
  readonly counts = new RemoteCounts();
  readonly entries: Entries;
  readonly #warned = new Set<string>();

  constructor(
    readonly name: string,
    readonly options: ResolvedRemoteOptions,
    readonly backend: Backend,
  ) {
    this.entries = new Entries(backend, new Envelope({ ...options, store: name }), this.counts);
  }

  get envelope(): Envelope {
    return this.entries.envelope;
  }

  get time(): Timekeeper {
    return this.options.time;
  }

  /** Then nothing is done inside the store, which cannot tell who signed an entry. */
  get isSigned(): boolean {
    return this.options.secrets.length > 0;
  }

  /** When a call that begins now is over. */
  get endMs(): number {
    return this.time.exact() + this.options.deadlineMs;
  }

  /** The time of one call that waits for the store more than once. */
  budget(): Budget {
    return new Budget(this.time, this.options.deadlineMs, this.counts);
  }

  /** The outcome, or what stands for it when the store is not to be had in time. */
  contained<T>(what: 'read' | 'write', attempt: Promise<T>, otherwise: T): Promise<T> {
    const timed = inTime(this.time, this.options.deadlineMs, attempt);
    return contained(this.counts, what, timed, otherwise);
  }

  /** Before each step of a write: so late, it could undo what came after. @throws {LateError} */
  refuseLate(endMs: number): void {
    if (this.time.exact() >= endMs) throw new LateError('Its time was over before its turn came');
  }

  /** Milliseconds from now; zero and less = over already. */
  lifetime(timeout: Timeout | undefined, option = 'timeout'): Lifetime {
    const seconds =
      timeout === undefined ? this.options.timeoutSeconds : parseTimeout(timeout, option);
    if (
      typeof timeout === 'number' &&
      timeout > LONGEST_USUAL_TIMEOUT_SECONDS &&
      timeout !== Infinity
    ) {
      const message = `A timeout of ${timeout} seconds looks like milliseconds; write it with its unit, such as '${timeout}ms' or '30d'`;
      this.warn('LOCMEM_TIMEOUT_LOOKS_LIKE_MS', message);
    }
    return seconds === null ? null : Math.ceil(seconds * 1000);
  }

  isTooLarge(key: string, sealed: string | Buffer): boolean {
    const { maxEntryBytes } = this.options;
    // A UTF-16 unit is three bytes at most: most need not be counted.
    if (sealed.length * 3 <= maxEntryBytes || Buffer.byteLength(sealed) <= maxEntryBytes)
      return false;
    this.counts.refusals++;
    this.warn('LOCMEM_ENTRY_TOO_LARGE', `Entry '${key}' exceeds maxEntryBytes: not stored`);
    return true;
  }

  warn(code: LocMemWarningCode, message: string): void {
    warn({ code, store: this.name, message }, this.#warned, this.options.onWarning);
  }
}

export function isOver(lifetime: Lifetime): boolean {
  return lifetime !== null && lifetime <= 0;
}
