/**
 * The words in which the conformance rows are written: what the handler answers, what the client
 * asks, how much time passes, and what must come of it. Plain data; `scenario.ts` acts it out.
 */
/** A date, in seconds from the moment at which it is written. */
export interface DateValue {
  readonly at: number;
  readonly form: 'imf' | 'rfc850' | 'asctime' | 'lower' | 'iso' | 'offset';
}

/** A field: one line, several lines, or a date. */
export type FieldValue = string | readonly string[] | DateValue;

export type FieldValues = Readonly<Record<string, FieldValue>>;

export function at(seconds: number, form: DateValue['form'] = 'imf'): DateValue {
  return { at: seconds, form };
}

/** What the handler answers when it runs. Its body is `#1` at its first run, `#2` at its second, … */
export interface HandlerAnswer {
  readonly status?: number;
  readonly reason?: string;
  readonly fields?: FieldValues;
  readonly body?: string;
  readonly trailers?: Readonly<Record<string, string>>;
  /** Seconds that it takes. */
  readonly takes?: number;
  /** Sends 103 Early Hints with this Link before. */
  readonly hints?: string;
  /** Sends 102 Processing before. */
  readonly processing?: true;
  /**
   * `stops`: destroys the response in the middle. `short`: ends before the length it stated.
   * `chunks`: writes in several pieces. `throws`: throws instead of answering.
   */
  readonly manner?: 'stops' | 'short' | 'chunks' | 'throws';
}

export interface Step {
  /** Seconds that pass before the request. */
  readonly wait?: number;
  readonly method?: string;
  /** Default `/`. */
  readonly path?: string;
  /** Fields of the request. */
  readonly fields?: FieldValues;
  /** Content of the request. */
  readonly content?: string;
  /** So many equal requests at once; the handler goes on when all of them have come in. */
  readonly times?: number;
  /** From here on the handler answers this. Default: `Cache-Control: max-age=60`. */
  readonly answer?: HandlerAnswer;

  /**
   * Who answered: `store`: the handler has not run, and Cache-Status says hit. `handler`: it has run
   * and it is its answer. `validation`: it has run, and the stored answer was sent. `cache`: neither,
   * the cache answered by itself. Default: `handler`.
   */
  readonly from?: 'store' | 'handler' | 'validation' | 'cache';
  /** Default 200. */
  readonly status?: number;
  /** Fields of the answer; null: not there. A list: exactly these lines. */
  readonly has?: Readonly<Record<string, string | RegExp | readonly string[] | DateValue | null>>;
  /** The body. Default: that of the handler's run, or for one from the store that of any run. */
  readonly body?: string;
  /** What the handler sees of the request; null: not there. */
  readonly handlerSees?: Readonly<Record<string, string | RegExp | null>>;
  /** The Cache-Status field. */
  readonly says?: RegExp;
  /** The interim answers that came before. */
  readonly interim?: readonly number[];
  /** The answer breaks off. */
  readonly breaks?: true;
  /** How often the handler has run in this step. Default: 0 from store and cache, else 1. */
  readonly runs?: number;
  /** How often it has run in all, some of it after the answer has gone out. */
  readonly thenRuns?: number;
}

/** How strong the sentence is. MAY: an allowance of which this cache promises to make use. */
export type Level = 'MUST' | 'MUST NOT' | 'SHOULD' | 'SHOULD NOT' | 'MAY';

/** What a row waits for: it is run all the same. */
export type Feature =
  | 'validation'
  | 'stale'
  | 'ranges'
  | 'collapse'
  | 'tags'
  | 'groups'
  | 'head-update'
  | 'location-invalidation'
  | 'max-stale'
  | 'cache-status';

export interface Row {
  readonly id: string;
  readonly level: Level;
  /** What the specification says, in our words. */
  readonly sentence: string;
  /** Of `responseCache`. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly steps: readonly Step[];
  readonly pending?: Feature;
}

export interface Section {
  /** `RFC 9111 §4.2.1` */
  readonly spec: string;
  readonly title: string;
  readonly rows: readonly Row[];
}

// ---- short forms ---------------------------------------------------------------------------------

/** The handler answers with this Cache-Control, and perhaps other fields. */
export function cc(value: string | readonly string[], fields: FieldValues = {}): HandlerAnswer {
  return { fields: { 'Cache-Control': value, ...fields } };
}

/** The handler answers with these fields and no others. */
export function plain(fields: FieldValues = {}): HandlerAnswer {
  return { fields };
}

/** Two requests: is the handler's answer stored and reused? */
export function isStored(answer: HandlerAnswer, more: Partial<Step> = {}): Step[] {
  return [
    { answer, ...more },
    { from: 'store', ...more },
  ];
}

/** Two requests: the handler's answer is not reused. */
export function isNotStored(answer: HandlerAnswer, more: Partial<Step> = {}): Step[] {
  return [{ answer, ...more }, more];
}

/** Fresh for exactly so many seconds. */
export function isFreshFor(seconds: number, answer: HandlerAnswer): Step[] {
  if (seconds <= 0) return isNotStored(answer);
  return [{ answer }, { wait: seconds - 1, from: 'store' }, { wait: 1 }];
}
