/**
 * Hits without the whole path: a simple request for a fresh answer, which is what nearly all hits
 * are, is answered with one lookup, no promise, no closure and a head made before. Whatever is not
 * so simple is left to `exchange.ts`, which would have answered the same: that is tested request by
 * request.
 */
import { ServerResponse } from 'node:http';
import type { IncomingMessage } from 'node:http';
import { notModified } from './conditional.js';
import type { StoredResponse } from './entry.js';
import { ageField, isFresh, ttlSeconds } from './freshness.js';
import { KnownUrls } from './known-urls.js';
import { headsOf } from './prepared.js';
import type { PreparedHeads } from './prepared.js';
import { headersOf, planFor, rawTarget } from './request.js';
import type { Lookup } from './request.js';
import { answerFromStore } from './response.js';
import { Glance } from './simple-request.js';
import type { Site } from './site.js';
import { selected } from './store.js';
import type { Address } from './store.js';

/** What became of a request: had, not to be had from the store, or a matter for the long way. */
export type Outcome = 'answered' | 'absent' | 'unknown';

export class QuickHits<Req extends IncomingMessage> {
  readonly #site: Site<Req>;
  readonly #isPossible: boolean;
  readonly #glance = new Glance();
  readonly #urls = new KnownUrls();
  #plan: Lookup | undefined;
  /** The request that may be let on with {@link #plan}. */
  #plannedFor: Req | undefined;

  constructor(site: Site<Req>) {
    this.#site = site;
    const { settings, origin } = site;
    const isAsSent = origin.isAsSentUnlessForwarded ?? !(origin.scheme ?? origin.authority);
    // Otherwise the same URL may have another key for each who asks.
    this.#isPossible = settings.isSameForAll && isAsSent;
  }

  /**
   * Answers the request, if that is simple and the answer is there.
   *
   * @param isInFront whether only what a front may give away will do
   * @param isReadAfterwards whether somebody will want to read the fields of the response
   */
  answer(req: Req, res: ServerResponse, isInFront = false, isReadAfterwards = false): Outcome {
    this.#plan = undefined;
    this.#plannedFor = undefined;
    if (!this.#isPossible || req.httpVersionMajor !== 1) return 'unknown';
    if (req.method !== 'GET' && req.method !== 'HEAD') return 'unknown';
    if (!this.#glance.isSimple(req)) return 'unknown';
    const address = this.#addressOf(req, isInFront);
    if (address === undefined) return 'unknown';
    const stored = this.#storedFor(req, address);
    if (stored !== undefined && this.#hasPlanned()) this.remember(req, address);
    if (this.#site.store.isRemote) return 'unknown';
    if (stored === undefined || (isInFront && !stored.isForFront)) return 'absent';

    const { settings, trace } = this.#site;
    const nowMs = settings.clock.now();
    if (!isFresh(stored, nowMs)) return 'absent';
    // It is answered now: what was planned is not asked for, and must not hold the request.
    this.#plannedFor = undefined;
    const age = ageField(stored, nowMs);
    if (trace.isHeard('hit')) {
      const subject = { method: req.method, url: rawTarget(req) };
      trace.hit(subject, age, ttlSeconds(stored, nowMs));
    } else trace.countHit();

    const heads = headsOf(stored, settings.cacheStatus);
    const { whole } = heads;
    const isFit = !isReadAfterwards && isUnwatched(res) && whole.goesWith(res.getHeaderNames());
    if (isFit) this.#send(req, res, stored, heads, nowMs, age);
    else answerFromStore(req, res, stored, nowMs, settings.cacheStatus);
    return 'answered';
  }

  /** The fresh-or-not answer that this request may have. As `reusable` and `choiceOf` decide. */
  #storedFor(req: Req, address: Address): StoredResponse | undefined {
    const resource = this.#site.store.readNow(address);
    if (resource === undefined) return undefined;
    const [first] = resource.variants;
    const stored =
      resource.variants.length === 1 && first!.selecting.length === 0
        ? first
        : selected(resource, headersOf(req));
    if (stored === undefined || stored.stale.alwaysValidate) return undefined;
    return this.#glance.hasCookie && !stored.audience.withCookie ? undefined : stored;
  }

  #addressOf(req: Req, isInFront: boolean): Address | undefined {
    if (!this.#isByUrl(req)) return undefined;
    const known = this.#urls.find(req.url!, this.#glance.host, isEncrypted(req));
    if (known !== undefined) return known;
    const { settings, origin, customKeyScope } = this.#site;
    // Before its framework has made it, such a request cannot be asked for what the key needs.
    if (isInFront && origin.early) return undefined;
    const plan = planFor(req, settings, origin, customKeyScope, undefined);
    if (plan.kind !== 'lookup') return undefined;
    // Remembered only once something is there: endless URLs that are asked for once are not worth it.
    this.#plan = plan;
    // Between a front and the cache behind it, a middleware may change what a plan depends on.
    if (!isInFront) this.#plannedFor = req;
    return plan.address;
  }

  /** Asked anew: the type checker does not see that the URL may not have been known. */
  #hasPlanned(): boolean {
    return this.#plan !== undefined;
  }

  /** What was planned for a request that has just not been answered, if anything was. */
  takePlan(req: Req): Lookup | undefined {
    if (this.#plannedFor !== req) return undefined;
    this.#plannedFor = undefined;
    return this.#plan;
  }

  /** Where the long way has found out that the answers to a request are. */
  remember(req: Req, address: Address): void {
    const isQuick = this.#isPossible && this.#glance.isSimple(req) && this.#isByUrl(req);
    if (isQuick) this.#urls.remember(req.url!, this.#glance.host, isEncrypted(req), address);
  }

  /** Behind a proxy, a mount path or a rewriting middleware, the key is more than the URL. */
  #isByUrl(req: Req): boolean {
    const { originalUrl } = req as { originalUrl?: string };
    return !this.#glance.isForwarded && (originalUrl === undefined || originalUrl === req.url);
  }

  #send(
    req: Req,
    res: ServerResponse,
    stored: StoredResponse,
    heads: PreparedHeads,
    nowMs: number,
    age: number,
  ): void {
    const is304 = this.#glance.isConditional && notModified(req.headers, stored, nowMs);
    // Node reads the list, and does not keep it.
    if (is304) res.writeHead(304, heads.notModified.at(age) as string[]).end();
    else {
      res.writeHead(stored.status, stored.statusMessage, heads.whole.at(age) as string[]);
      if (req.method === 'HEAD' || stored.status === 204) res.end();
      else res.end(stored.body);
    }
  }
}

function isEncrypted({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket;
}

/** Whether nobody stands in the way of what is written. */
function isUnwatched(res: ServerResponse): boolean {
  return (
    res.writeHead === ServerResponse.prototype.writeHead && res.end === ServerResponse.prototype.end
  );
}
