/**
 * Every command goes out through here: none waits longer than the deadline, none is sent while the breaker
 * is open, none is handed to a client that is not connected (which would queue it), and no more than so
 * many are under way. What does not go through rejects, and is counted by its cause.
 */
import type { Ending, Timekeeper } from '@locmem/core/remote';
import { Breaker, type BreakerState } from './breaker.js';
import type { Argument, Connection } from './client.js';
import { Call, Deadlines } from './deadlines.js';

/** Why commands did not go through. */
export interface Faults {
  /** No answer within the deadline. */
  deadline: number;
  /** The connection was lost, or there was none. */
  connection: number;
  /** The server answered with an error: out of memory, read-only, wrong type, no permission, … */
  refused: number;
  /** Not even sent: the breaker was open. */
  breaker: number;
  /** Not even sent: too many were under way. */
  overload: number;
}

/** A command did not go through. Never leaves the package. */
export class UnavailableError extends Error {
  override readonly name = 'UnavailableError';
  constructor(
    readonly fault: keyof Faults,
    options?: ErrorOptions,
  ) {
    super(`No answer from the store: ${fault}`, options);
  }
}

/** @param isLate asked before anything more is sent: so late, it could undo what came after */
type Send = (isLate: () => boolean) => Promise<unknown>;

export interface GuardOptions {
  readonly deadlineMs: number;
  readonly maxPending: number;
  readonly breakAfter: number;
  readonly time: Timekeeper;
  readonly onState: (state: BreakerState) => void;
}

/** What servers say when they refuse: a word in capitals first. Errors of sockets and clients do not. */
const REPLY_ERROR = /^[A-Z][A-Z]+(?: |$)/;

export class Guard {
  readonly faults: Faults = { deadline: 0, connection: 0, refused: 0, breaker: 0, overload: 0 };
  readonly breaker: Breaker;
  readonly deadlines: Deadlines;
  readonly #connection: Connection;
  readonly #maxPending: number;
  readonly #stopListening: readonly (() => void)[];
  #whenReady: Promise<void> | undefined;
  #nowReady: (() => void) | undefined;
  /** While those who waited for the connection are let go: who calls in that very moment comes after them. */
  #isReleasing = false;

  constructor(connection: Connection, options: GuardOptions) {
    this.#connection = connection;
    this.#maxPending = options.maxPending;
    this.deadlines = new Deadlines(options.time, options.deadlineMs);
    this.breaker = new Breaker(options.time, options.breakAfter, options.onState);
    this.#stopListening = [
      // An 'error' that nobody hears would end the process.
      connection.on('error', () => undefined),
      connection.on('ready', () => {
        this.breaker.tryNow();
        this.#nowReady?.();
      }),
    ];
  }

  get isReady(): boolean {
    return this.#connection.isReady;
  }

  get pending(): number {
    return this.deadlines.pending;
  }

  /**
   * The answer to what is sent, or what the ending makes of it.
   *
   * @param send can ask whether the call is over, so as to send nothing more then
   * @throws {UnavailableError} when there is none in time, and no ending either
   */
  run(send: Send): Promise<unknown>;
  run<T>(send: Send, ending: Ending<T> | undefined): Promise<T>;
  run(send: Send, ending?: Ending<unknown>): Promise<unknown> {
    if (this.deadlines.pending >= this.#maxPending) return this.#refuse('overload', ending);
    if (!this.breaker.admits()) return this.#refuse('breaker', ending);
    const call = new GuardedCall(this, ending);
    call.hear(this.#sent(call, send));
    return call.outcome;
  }

  /** A single command, as most calls are: without the closure that {@link run} takes. */
  command(command: readonly Argument[], key: string, ending?: Ending<unknown>): Promise<unknown> {
    if (!this.#connection.isReady || this.#isReleasing) {
      return this.run(() => this.#connection.send(command, key), ending);
    }
    if (this.deadlines.pending >= this.#maxPending) return this.#refuse('overload', ending);
    if (!this.breaker.admits()) return this.#refuse('breaker', ending);
    const call = new GuardedCall(this, ending);
    call.hear(this.#sentNow(command, key));
    return call.outcome;
  }

  close(): void {
    for (const stop of this.#stopListening) stop();
  }

  #sent(call: Call, send: Send): Promise<unknown> {
    const isLate = () => this.deadlines.isLate(call);
    if (this.#connection.isReady && !this.#isReleasing) return attempt(send, isLate);
    return this.#ready().then(() => {
      // Nobody waits for it any more: a write that comes so late could undo a later one.
      if (isLate()) throw new UnavailableError('deadline');
      return send(isLate);
    });
  }

  /** What a client throws, rejects. */
  #sentNow(command: readonly Argument[], key: string): Promise<unknown> {
    try {
      return this.#connection.send(command, key);
    } catch (error) {
      return rejected(error);
    }
  }

  #ready(): Promise<void> {
    if (this.#whenReady) return this.#whenReady;
    const waiting = new Promise<void>((resolve) => {
      this.#nowReady = () => {
        this.#nowReady = undefined;
        this.#isReleasing = true;
        resolve();
        // Once nothing that was called in this turn is left to be sent.
        setImmediate(() => {
          this.#isReleasing = false;
          this.#whenReady = undefined;
        });
      };
    });
    return (this.#whenReady = waiting);
  }

  #refuse(fault: 'breaker' | 'overload', ending: Ending<unknown> | undefined): Promise<unknown> {
    this.faults[fault]++;
    return ending ? Promise.resolve(ending.failed()) : Promise.reject(NOT_SENT[fault]);
  }
}

/** Made once: while the server is away, every call fails with one of these. */
const NOT_SENT = {
  breaker: new UnavailableError('breaker'),
  overload: new UnavailableError('overload'),
};

/** What a client throws, rejects. */
function attempt(send: Send, isLate: () => boolean): Promise<unknown> {
  try {
    return send(isLate);
  } catch (error) {
    return rejected(error);
  }
}

function rejected(error: unknown): Promise<never> {
  return Promise.reject(error instanceof Error ? error : new Error(String(error)));
}

/**
 * A call and the promise that its caller holds. An object of a class, as it is made for every command: its
 * methods are shared, where closures would be made anew.
 */
class GuardedCall extends Call {
  readonly outcome: Promise<unknown>;
  #resolve!: (outcome: unknown) => void;
  #reject!: (error: UnavailableError) => void;

  constructor(
    readonly guard: Guard,
    readonly ending: Ending<unknown> | undefined,
  ) {
    super();
    this.outcome = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    guard.deadlines.begin(this);
  }

  hear(sent: Promise<unknown>): void {
    sent.then(
      (answer) => {
        this.#answered(answer);
      },
      (error: unknown) => {
        this.#rejected(error);
      },
    );
  }

  expire(): void {
    this.guard.breaker.failed();
    this.#fail(this.guard.isReady ? 'deadline' : 'connection');
  }

  #answered(answer: unknown): void {
    if (!this.guard.deadlines.end(this)) return; // a server that is slow is as good as none
    this.guard.breaker.answered();
    this.#resolve(this.ending ? this.ending.done(answer) : answer);
  }

  #rejected(error: unknown): void {
    if (!this.guard.deadlines.end(this)) return;
    const isRefusal = REPLY_ERROR.test(String((error as Error | undefined)?.message));
    if (isRefusal) this.guard.breaker.answered();
    else this.guard.breaker.failed();
    this.#fail(isRefusal ? 'refused' : 'connection', error);
  }

  #fail(fault: keyof Faults, cause?: unknown): void {
    this.guard.faults[fault]++;
    if (this.ending) this.#resolve(this.ending.failed());
    else this.#reject(new UnavailableError(fault, { cause }));
  }
}
