/**
 * An answer that the handler makes while this cache watches: stored when it is whole, honest and
 * storable, and for the first reason against it, not.
 */
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import { BodyCapture } from './body.js';
import type { CacheStatus } from './cache-status.js';
import type { Head, ResponseWatcher } from './capture.js';
import { storedResponse } from './entry.js';
import type { StoredResponse } from './entry.js';
import { fieldsOf } from './fields.js';
import type { Fields } from './fields.js';
import { ttlSeconds } from './freshness.js';
import type { Flight, FlightBoard } from './in-flight.js';
import { isGone, isWhole, wasTransformed } from './integrity.js';
import { whenThere } from './maybe-promise.js';
import type { MaybePromise } from './maybe-promise.js';
import { storable } from './policy.js';
import type { StoragePolicy, StoreDecision } from './policy.js';
import type { Refusal } from './reasons.js';
import { rawTarget } from './request.js';
import type { Lookup } from './request.js';
import { announce } from './response.js';
import { withVariant } from './store.js';
import type { Address, ResourceStore } from './store.js';
import type { EventSubject, Trace } from './trace.js';
import { selectingFields } from './vary.js';

/** What of a response cache a fetch needs. */
export interface FetchSite {
  readonly settings: StoragePolicy & {
    readonly maxBodyBytes: number;
    readonly cacheStatus: string | false;
    readonly clock: { now(): number };
  };
  readonly store: ResourceStore;
  readonly flights: FlightBoard;
  readonly trace: Trace;
}

export class Fetch implements ResponseWatcher {
  readonly #site: FetchSite;
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #address: Address;
  readonly #status: CacheStatus;
  readonly #subject: EventSubject;
  readonly #flight: Flight;
  readonly #requestTimeMs: number;
  /** The request's fields before anybody further in could change them. */
  readonly #headers: IncomingHttpHeaders;
  /** What outer middlewares have set on the response so far. */
  readonly #before: Fields;
  readonly #body: BodyCapture;
  #policy: StoragePolicy;
  #maxBodyBytes: number;

  #responseTimeMs = 0;
  #head: Head | undefined;
  /** The fields that the client was sent, outer middlewares' changes included. */
  #sentFields: Fields | undefined;
  #announced: { readonly before: HeaderValue; readonly after: HeaderValue } | undefined;
  #hasEnded = false;
  #isSettled = false;

  constructor(
    site: FetchSite,
    req: IncomingMessage,
    res: ServerResponse,
    { address, tags }: Lookup,
    status: CacheStatus,
  ) {
    this.#site = site;
    this.#req = req;
    this.#res = res;
    this.#address = address;
    this.#status = status;
    this.#subject = { method: req.method ?? '', url: rawTarget(req) };
    this.#flight = site.flights.takeOff(tags);
    this.#requestTimeMs = site.settings.clock.now();
    this.#headers = { ...req.headers };
    this.#before = fieldsOf(res);
    this.#policy = site.settings;
    this.#maxBodyBytes = site.settings.maxBodyBytes;
    this.#body = new BodyCapture();
  }

  /** Whether this fetch will be stored at that place of that store. */
  isFor(flights: FlightBoard, address: Address): boolean {
    return (
      flights === this.#site.flights &&
      address.key === this.#address.key &&
      address.version === this.#address.version
    );
  }

  /** A cache further in wants the same answer at the same place: its timeout, and the lower limits. */
  narrow(inner: FetchSite['settings']): void {
    this.#policy = {
      targetedFields: inner.targetedFields,
      heuristic: inner.heuristic || this.#policy.heuristic,
      timeoutSeconds:
        inner.timeoutSeconds === undefined ? this.#policy.timeoutSeconds : inner.timeoutSeconds,
      storeSetCookie: inner.storeSetCookie && this.#policy.storeSetCookie,
    };
    this.#maxBodyBytes = Math.min(inner.maxBodyBytes, this.#maxBodyBytes);
  }

  // ---- while the handler writes --------------------------------------------------------------

  onHead(head: Head): void {
    this.#head = head;
    this.#responseTimeMs = this.#site.settings.clock.now();
    const decision = this.#decide(head.status, head.fields);
    if (!decision.store) this.#refuse(decision.reason);
    this.#announce(decision.store ? undefined : decision.reason);
  }

  onHeadSent(): void {
    this.#sentFields = fieldsOf(this.#res);
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
    if (isGone(this.#req, this.#res)) this.#refuse('aborted');
  }

  onEnded(): void {
    this.#hasEnded = true;
    this.#settle();
  }

  onClose(): void {
    if (!this.#isSettled) this.#refuse('aborted');
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
    // Again, and now over the fields that outer middlewares added at the last moment: a session
    // cookie above all.
    const decision = this.#decide(head.status, sentFields);
    if (!decision.store) {
      this.#refuse(decision.reason);
      return;
    }
    const selecting = selectingFields(decision.vary, this.#headers);
    const isStable = selectingFields(decision.vary, this.#req.headers).every(
      ([, value], index) => value === selecting[index]![1],
    );
    // The next lookup will see the field as this one did, and not what the handler saw.
    if (!isStable) {
      this.#refuse('vary-unstable');
      return;
    }

    const body = head.status === 204 ? Buffer.alloc(0) : this.#body.take();
    this.#isSettled = true;
    const variant = storedResponse(
      {
        status: head.status,
        statusMessage: this.#res.statusMessage,
        before: this.#before,
        fields: head.fields,
        body,
      },
      decision,
      selecting,
    );
    void whenThere(this.#store(variant), (refusal) => {
      this.#site.flights.land(this.#flight);
      const { trace } = this.#site;
      if (refusal === undefined) {
        trace.stored(this.#subject, body.byteLength, ttlSeconds(variant, this.#responseTimeMs));
      } else if (refusal !== 'store-failed') {
        trace.refused(this.#subject, refusal);
      }
    });
  }

  /**
   * Puts the answer among the variants of its resource, unless the URL was invalidated meanwhile.
   * With a remote store that may happen at each step of the way.
   */
  #store(variant: StoredResponse): MaybePromise<'invalidated' | 'store-failed' | undefined> {
    const { store, settings } = this.#site;
    const flight = this.#flight;
    return whenThere(store.read(this.#address), (resource) => {
      if (flight.overtaken) return 'invalidated';
      const nowMs = settings.clock.now();
      const updated = withVariant(resource, variant, this.#headers, nowMs);
      return whenThere(store.write(this.#address, updated, flight.tags, nowMs), (isWritten) => {
        if (!isWritten) return 'store-failed';
        if (!flight.overtaken) return undefined;
        return whenThere(store.remove(this.#address), () => 'invalidated');
      });
    });
  }

  #decide(status: number, fields: Fields): StoreDecision {
    return storable(
      {
        method: this.#req.method ?? '',
        // Whether it came with the request or was put there on the way: it is there.
        headers: { ...this.#req.headers, ...this.#headers },
        timeMs: this.#requestTimeMs,
      },
      { status, fields, timeMs: this.#responseTimeMs },
      this.#policy,
    );
  }

  /** The first reason counts. From here on nothing is kept. */
  #refuse(reason: Refusal): void {
    if (this.#isSettled) return;
    this.#isSettled = true;
    this.#body.stop();
    this.#site.flights.land(this.#flight);
    this.#site.trace.refused(this.#subject, reason);
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
    announce(res, this.#site.settings.cacheStatus, {
      ...this.#status,
      detail: this.#status.detail ?? refusal,
    });
    this.#announced = { before, after: res.getHeader('Cache-Status') };
  }
}

type HeaderValue = ReturnType<ServerResponse['getHeader']>;
