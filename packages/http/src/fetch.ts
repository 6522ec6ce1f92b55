/**
 * An answer that the handler makes while this cache watches: stored when it is whole, honest and
 * storable, and for the first reason against it, not. Where a stored answer was to be validated, or
 * may stand in when the handler fails, the handler's 304 or 5xx goes no further, and the client gets
 * the stored one.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { BodyCapture } from './body.js';
import type { CacheStatus } from './cache-status.js';
import { watch } from './capture.js';
import type { Head, ResponseWatcher, Watch } from './capture.js';
import type { Outcome } from './collapse.js';
import { storedFields, storedResponse } from './entry.js';
import type { Resource, StoredResponse } from './entry.js';
import { fieldsOf, linesOf, stillCarries } from './fields.js';
import type { Fields } from './fields.js';
import { ttlSeconds } from './freshness.js';
import { changedFields } from './fronting.js';
import type { Fronting } from './fronting.js';
import type { Flight, FlightBoard } from './in-flight.js';
import { isDestroyed, isGone, isWhole, wasTransformed } from './integrity.js';
import { contained, whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import type { Clock } from './options.js';
import { isReplaced } from './own-methods.js';
import { storable } from './policy.js';
import type { StoragePolicy, StoreDecision } from './policy.js';
import { reasonPhraseOf } from './reason-phrase.js';
import type { Refusal } from './reasons.js';
import type { Lookup } from './request.js';
import { announce, answerFromStore } from './response.js';
import { guardSocket } from './sink.js';
import { groupTagsOf, withVariant } from './store.js';
import type { Address, ResourceStore } from './store.js';
import { storeTags } from './tags.js';
import type { EventSubject, Trace } from './trace.js';
import { isAbout, updatedFields } from './validation.js';
import { selectingFields } from './vary.js';

/** What of a response cache a fetch needs. */
export interface FetchSite {
  readonly settings: StoragePolicy & {
    readonly maxBodyBytes: number;
    readonly makesEtag: boolean;
    readonly cacheStatus: string | false;
    readonly clock: Clock;
  };
  readonly store: ResourceStore;
  readonly flights: FlightBoard;
  readonly trace: Trace;
  readonly fronting: Fronting;
}

/** What a fetch is for. */
export interface FetchOrder {
  readonly plan: Lookup;
  readonly subject: EventSubject;
  /** Why the handler is asked, for Cache-Status. */
  readonly status: CacheStatus;
  /** The request's fields as the client sent them. */
  readonly headers: IncomingHttpHeaders;
  /** What stands against giving the answer before the framework; undefined: nothing that is seen. */
  againstFront(): string | undefined;
  /** Whether a front may give the answer that this one is to take the place of. */
  readonly wasForFront?: boolean | undefined;
  /** The tags that the option `tags` gives the answer. */
  furtherTags(): readonly string[];
  /** What the handler was asked to validate. */
  readonly validating?: StoredResponse | undefined;
  /** What stands in when the handler fails. */
  readonly fallback?: StoredResponse | undefined;
  /** Nobody receives the answer: its request and its connection are over. */
  readonly isBackground?: boolean;
  /** Hears once what became of it. */
  onDone(outcome: Outcome, refusal?: Refusal): void;
}

export class Fetch implements ResponseWatcher {
  readonly #site: FetchSite;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #order: FetchOrder;
  readonly #flight: Flight;
  readonly #requestTimeMs: number;
  /** What outer middlewares have set on the response so far. */
  readonly #before: Fields;
  /** Whether a middleware further out has its hands on what is written, as those that compress have. */
  readonly #isRewritten: boolean;
  readonly #body: BodyCapture;
  readonly #watch: Watch;
  #policy: StoragePolicy;
  #maxBodyBytes: number;

  #responseTimeMs = 0;
  #head: Head | undefined;
  /** What was decided over the fields of {@link #head}; undefined once it is to be decided anew. */
  #decision: StoreDecision | undefined;
  #tags: readonly string[] = [];
  /** The fields that the client was sent, outer middlewares' changes included. */
  #sentFields: Fields | undefined;
  #announced: { readonly before: HeaderValue; readonly after: HeaderValue } | undefined;
  #hasEnded = false;
  #isSettled = false;
  #yielded: Refusal | undefined;

  constructor(site: FetchSite, req: IncomingMessage, res: ServerResponse, order: FetchOrder) {
    this.#site = site;
    this.#req = req;
    this.#res = res;
    this.#order = order;
    this.#flight = site.flights.takeOff();
    this.#requestTimeMs = site.settings.clock.now();
    this.#before = fieldsOf(res);
    this.#isRewritten = isReplaced(res, 'write') || isReplaced(res, 'end');
    // The cookies that a cache further out has in the key are in this one's, too.
    const cookiesAreKeyed = order.plan.identity.cookies !== undefined;
    this.#policy =
      site.settings.cookiesAreKeyed === cookiesAreKeyed
        ? site.settings
        : { ...site.settings, cookiesAreKeyed };
    this.#maxBodyBytes = site.settings.maxBodyBytes;
    this.#body = new BodyCapture();
    this.#watch = watch(res, this);
  }

  /** Whether this fetch will be stored at that place of that store. */
  isFor(flights: FlightBoard, address: Address): boolean {
    const own = this.#order.plan.address;
    return (
      this.#yielded === undefined &&
      flights === this.#site.flights &&
      address.key === own.key &&
      address.version === own.version
    );
  }

  /** A cache further in wants the same answer at the same place: its timeout, and the lower limits. */
  narrow(inner: FetchSite['settings']): void {
    this.#policy = {
      ...inner,
      heuristic: inner.heuristic || this.#policy.heuristic,
      timeoutSeconds:
        inner.timeoutSeconds === undefined ? this.#policy.timeoutSeconds : inner.timeoutSeconds,
      storeSetCookie: inner.storeSetCookie && this.#policy.storeSetCookie,
      // The key is the same, and so are the cookies in it.
      cookiesAreKeyed: this.#policy.cookiesAreKeyed,
    };
    this.#maxBodyBytes = Math.min(inner.maxBodyBytes, this.#maxBodyBytes);
    this.#decision = undefined;
  }

  /** A cache further in has its own idea of where the answer belongs, or that it belongs nowhere. */
  yields(reason: 'inner-cache' | 'inner-bypass'): void {
    this.#yielded ??= reason;
    this.#refuse(reason);
  }

  // ---- while the handler writes --------------------------------------------------------------

  takes(status: number): boolean {
    const { validating, fallback } = this.#order;
    // Also when it is not to be stored: the client never asked what the handler was asked.
    const isAsked = !this.#isSettled || this.#yielded !== undefined;
    if (status === 304) return validating !== undefined && isAsked;
    return status >= 500 && fallback !== undefined && !this.#isSettled;
  }

  onTaken(head: Head): void {
    const { validating } = this.#order;
    if (head.status === 304 && validating) this.#freshen(validating, head.fields);
    else this.#standIn(head.status);
  }

  onHead(head: Head): void {
    this.#head = head;
    this.#responseTimeMs = this.#site.settings.clock.now();
    // Nobody waits for it: what is stored is better than an error, however fresh that says it is.
    if (this.#order.isBackground && head.status >= 500) this.#refuse('handler-failed');
    const decision = this.#decide(head.status, head.fields);
    this.#decision = decision;
    if (decision.store) this.#noteTags(head.fields);
    else this.#refuse(decision.reason);
    this.#announce(this.#yielded ?? (decision.store ? undefined : decision.reason));
  }

  onHeadSent(): void {
    const fields = this.#head?.fields;
    const isAsBefore = fields !== undefined && stillCarries(this.#res, fields);
    this.#sentFields = isAsBefore ? fields : fieldsOf(this.#res);
    this.#settle();
  }

  onChunk(chunk: string | Uint8Array, encoding: unknown): void {
    this.#body.add(chunk, encoding);
    if (this.#body.bytes > this.#maxBodyBytes) this.#refuse('too-large');
  }

  onTrailers(): void {
    this.#refuse('trailers');
  }

  onEnding(): void {
    const isOver = this.#order.isBackground ? isDestroyed(this.#res) : isGone(this.#req, this.#res);
    if (isOver) this.#refuse('aborted');
  }

  onEnded(): void {
    this.#hasEnded = true;
    this.#settle();
  }

  onClose(): void {
    if (!this.#isSettled) this.#refuse('aborted');
  }

  onFailed(error: unknown): void {
    this.#site.trace.error('capture', error);
    this.#refuse('failed');
  }

  // ---- when the stored answer is given instead -----------------------------------------------

  /**
   * The handler threw, or its time is up. @returns whether the client has got a stored answer, so
   * that the failure is nobody's but the operator's
   */
  failed(): boolean {
    if (this.#order.fallback === undefined || this.#isSettled) return false;
    return this.#watch.take(() => {
      this.#standIn(undefined);
    });
  }

  /** It will not come to anything; who waits need not. */
  giveUp(): void {
    this.#refuse('aborted');
  }

  /** RFC 9111 §4.3.3, 304: what is stored still holds; its fields and its age are new (§4.3.4). */
  #freshen(stored: StoredResponse, notModified: Fields): void {
    const { trace, store, flights } = this.#site;
    const { plan, subject, headers, status } = this.#order;
    const nowMs = this.#site.settings.clock.now();
    this.#responseTimeMs = nowMs;
    const known = new Map([...this.#before, ...storedFields(stored)]);
    for (const name of stored.removed) known.delete(name);
    if (stored.validators.etag === undefined) known.delete('etag');
    const isStatement = isAbout(notModified, stored.validators);
    const fields = updatedFields(known, isStatement ? notModified : new Map(), this.#before);
    const cookies = this.#newCookies(notModified);
    const decided = new Map(fields);
    if (cookies.length > 0) decided.set('set-cookie', { name: 'Set-Cookie', lines: cookies });
    const decision = this.#decide(stored.status, decided);
    trace.validated(subject);

    this.#reset();
    for (const cookie of cookies) this.#res.appendHeader('Set-Cookie', cookie);
    const variant = decision.store
      ? this.#record(stored.status, stored.statusMessage, fields, decision, stored.body)
      : { ...stored, responseTimeMs: nowMs, initialAgeSeconds: 0 };
    const answer = { method: this.#req.method, headers };
    const cacheStatus = { ...status, fwdStatus: 304 };
    answerFromStore(answer, this.#res, variant, nowMs, this.#cacheName, cacheStatus);

    if (!isStatement || (!decision.store && !isAboutTheVisitor(decision.reason))) {
      // The answer may no longer be used, or nobody knows which it is that still holds.
      if (!flights.isOvertaken(this.#flight, plan.tags)) void store.remove(plan.address);
    }
    if (!decision.store) this.#refuse(decision.reason);
    else if (!isStatement) this.#refuse('validator-mismatch');
    else if (!this.#isStable(decision)) this.#refuse('vary-unstable');
    else if (this.#hasLateCookie(decided)) this.#refuse('set-cookie');
    else this.#keep(variant);
  }

  /** RFC 5861 §4. */
  #standIn(handlersStatus: number | undefined): void {
    const { fallback, headers, subject, status } = this.#order;
    const nowMs = this.#site.settings.clock.now();
    this.#reset();
    // What comes after, an error of Express's that follows the first, must not reach the connection.
    guardSocket(this.#req);
    const answer = { method: this.#req.method, headers };
    const cacheStatus: CacheStatus = {
      ...status,
      ...(handlersStatus !== undefined && { fwdStatus: handlersStatus }),
      detail: 'stale-if-error',
    };
    answerFromStore(answer, this.#res, fallback!, nowMs, this.#cacheName, cacheStatus);
    this.#site.trace.stale(subject, 'if-error', ttlSeconds(fallback!, nowMs));
    this.#refuse('handler-failed');
  }

  get #cacheName(): string | false {
    return this.#site.settings.cacheStatus;
  }

  /** Cookies that the handler has set on its 304: for this visitor alone. */
  #newCookies(fields: Fields): string[] {
    const before = linesOf(this.#before, 'set-cookie');
    return linesOf(fields, 'set-cookie').filter((line) => !before.includes(line));
  }

  /** A session that began while the head went through the middlewares further out. */
  #hasLateCookie(decided: Fields): boolean {
    const sent = linesOf(fieldsOf(this.#res), 'set-cookie');
    return sent.length > linesOf(decided, 'set-cookie').length && !this.#policy.storeSetCookie;
  }

  /** Back to what outer middlewares had set: the handler's answer is not the one that is given. */
  #reset(): void {
    const res = this.#res;
    for (const name of res.getHeaderNames()) res.removeHeader(name);
    for (const { name, lines } of this.#before.values()) {
      res.setHeader(name, lines.length === 1 ? lines[0]! : [...lines]);
    }
  }

  // ---- when it has ended ---------------------------------------------------------------------

  /** Stores what has ended and gone out. Outer middlewares may hold the head back beyond the end. */
  #settle(): void {
    const head = this.#head;
    const sentFields = this.#sentFields;
    if (this.#isSettled || !this.#hasEnded || head === undefined || sentFields === undefined)
      return;

    // An outer middleware made another answer of it, whatever the handler meant.
    if (this.#res.statusCode !== head.status) {
      this.#refuse('status');
      return;
    }
    if (wasTransformed(head)) {
      this.#refuse('transformed');
      return;
    }
    if (!isWhole(head, this.#body.bytes)) {
      this.#refuse('truncated');
      return;
    }
    const decision = this.#decideAgain(head, sentFields);
    if (!decision.store) {
      this.#refuse(decision.reason);
      return;
    }
    if (!this.#isStable(decision)) {
      this.#refuse('vary-unstable');
      return;
    }
    const body = head.status === 204 ? Buffer.alloc(0) : this.#body.take();
    this.#keep(this.#record(head.status, reasonPhraseOf(this.#res), head.fields, decision, body));
  }

  /** The next lookup will see the fields in Vary as this one did, and not as the handler did. */
  #isStable({ vary }: Storable): boolean {
    if (vary.length === 0) return true;
    const seen = selectingFields(vary, this.#req.headers);
    return selectingFields(vary, this.#order.headers).every(
      ([, value], index) => value === seen[index]![1],
    );
  }

  #record(
    status: number,
    statusMessage: string,
    fields: Fields,
    decision: Storable,
    body: Uint8Array,
  ): StoredResponse {
    this.#noteTags(fields);
    const captured = {
      status,
      statusMessage,
      fields,
      body,
      before: this.#before,
      tags: this.#tags,
      makesEtag: this.#site.settings.makesEtag,
      isForFront: this.#isForFront(fields),
    };
    return storedResponse(captured, decision, selectingFields(decision.vary, this.#order.headers));
  }

  #isForFront(fields: Fields): boolean {
    if (!this.#site.fronting.isOn) return false;
    const { isBackground, wasForFront } = this.#order;
    // The middlewares further out have not seen this one yet, or not at all.
    const isUnseen = this.#sentFields === undefined || isBackground === true;
    if (isUnseen && wasForFront === false) return false;
    const late = isUnseen ? [] : changedFields(fields, this.#sentFields!);
    const outside = [...this.#before.values()].map(({ name }) => name);
    const rewritten = 'middlewares before the response cache rewrite what is written';
    return this.#site.fronting.allows(
      [...outside, ...late],
      () => this.#order.againstFront() ?? (this.#isRewritten ? rewritten : undefined),
    );
  }

  /** An answer of which nobody knows to which groups it belongs could not be purged. */
  #noteTags(fields: Fields): void {
    try {
      const { plan } = this.#order;
      this.#tags = storeTags(fields, plan.authority, this.#order.furtherTags());
    } catch (error) {
      this.#site.trace.error('option', error);
      this.#refuse('option-threw');
    }
  }

  #keep(variant: StoredResponse): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    const { trace, flights } = this.#site;
    const storing = contained<StoringFailure | undefined>(
      () => this.#store(variant),
      (error) => {
        trace.error('capture', error);
        return 'failed';
      },
    );
    void whenThere(storing, (refusal) => {
      const { subject } = this.#order;
      flights.land(this.#flight);
      if (refusal === undefined) {
        flights.stored++;
        trace.stored(subject, variant.body.byteLength, ttlSeconds(variant, this.#responseTimeMs));
        this.#order.onDone('stored');
        return;
      }
      if (refusal !== 'store-failed') trace.refused(subject, refusal);
      this.#order.onDone('not-stored');
    });
  }

  /**
   * Puts the answer among the variants of its resource, unless it was invalidated meanwhile. With a
   * remote store that may happen at each step of the way.
   */
  #store(variant: StoredResponse): MaybePromise<StoringFailure | undefined> {
    return whenThere(this.#site.store.read(this.#order.plan.address), (resource) =>
      this.#storeBeside(resource, variant),
    );
  }

  #storeBeside(
    resource: Resource | undefined,
    variant: StoredResponse,
  ): MaybePromise<StoringFailure | undefined> {
    const { store, settings } = this.#site;
    const { plan, headers } = this.#order;
    if (this.#isOvertaken(variant)) return 'invalidated';
    const nowMs = settings.clock.now();
    const updated = withVariant(resource, variant, headers, nowMs);
    const groupTags = groupTagsOf(updated);
    const tags = groupTags.length === 0 ? plan.tags : [...plan.tags, ...groupTags];
    return whenThere(store.write(plan.address, updated, tags, nowMs), (isWritten) => {
      if (!isWritten) return 'store-failed';
      if (!this.#isOvertaken(variant)) return undefined;
      return whenThere(store.remove(plan.address), () => 'invalidated');
    });
  }

  #isOvertaken({ tags }: StoredResponse): boolean {
    const { flights } = this.#site;
    const isOvertaken = (some: readonly string[]) => flights.isOvertaken(this.#flight, some);
    return isOvertaken(this.#order.plan.tags) || isOvertaken(tags);
  }

  /**
   * Over the fields that outer middlewares added at the last moment, a session cookie above all, and
   * with the credentials that were put there while the handler wrote. As before, where there are none.
   */
  #decideAgain(head: Head, sentFields: Fields): StoreDecision {
    const isAsBefore = sentFields === head.fields && this.#askedWith() === this.#order.headers;
    return (isAsBefore ? this.#decision : undefined) ?? this.#decide(head.status, sentFields);
  }

  #decide(status: number, fields: Fields): StoreDecision {
    return storable(
      {
        method: this.#req.method ?? '',
        headers: this.#askedWith(),
        timeMs: this.#requestTimeMs,
      },
      { status, fields, timeMs: this.#responseTimeMs },
      this.#policy,
    );
  }

  /** Whether a credential came with the request or was put there on the way: it is there. */
  #askedWith(): IncomingHttpHeaders {
    const { headers: asked } = this.#order;
    const { headers } = this.#req;
    const hasMore =
      ('authorization' in headers && !('authorization' in asked)) ||
      ('cookie' in headers && !('cookie' in asked));
    return hasMore ? { ...headers, ...asked } : asked;
  }

  /** The first reason counts. From here on nothing is kept. */
  #refuse(reason: Refusal): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#body.stop();
    this.#site.flights.land(this.#flight);
    this.#site.trace.refused(this.#order.subject, reason);
    const isFailure = reason === 'handler-failed' || (this.#head?.status ?? 0) >= 500;
    this.#order.onDone(isFailure ? 'failed' : 'not-stored', reason);
  }

  /** Whether it will be stored is not known yet; that it will not be, may be. */
  #announce(refusal: Refusal | undefined): void {
    const res = this.#res;
    // The head was made before and could not be sent; this one takes its place.
    if (this.#announced && res.getHeader('Cache-Status') === this.#announced.after) {
      if (this.#announced.before === undefined) res.removeHeader('Cache-Status');
      else res.setHeader('Cache-Status', this.#announced.before);
    }
    const before = res.getHeader('Cache-Status');
    const { status } = this.#order;
    announce(res, this.#cacheName, { ...status, detail: status.detail ?? refusal });
    this.#announced = { before, after: res.getHeader('Cache-Status') };
  }
}

type HeaderValue = ReturnType<ServerResponse['getHeader']>;
type StoringFailure = 'invalidated' | 'store-failed' | 'failed';
type Storable = StoreDecision & { store: true };

/** Not stored for the sake of who asked; what is stored is as good as before. */
function isAboutTheVisitor(reason: Refusal): boolean {
  return ['set-cookie', 'cookie', 'authorization', 'vary-unstable'].includes(reason);
}
