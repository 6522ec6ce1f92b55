/**
 * Hits of a response cache as the bytes that `front` would have had Node write. What may be answered is
 * decided by the cache's own functions, in the order of its `quick-hits.ts`; only writing is done here.
 */
import { Buffer } from 'node:buffer';
import { ageField, isFresh, ttlSeconds } from '../../packages/http/dist/esm/freshness.js';
import { KnownUrls } from '../../packages/http/dist/esm/known-urls.js';
import { PreparedHead } from '../../packages/http/dist/esm/prepared.js';
import { planFor } from '../../packages/http/dist/esm/request.js';
import { partsOf } from '../../packages/http/dist/esm/response-cache.js';
import { selected } from '../../packages/http/dist/esm/store.js';

/** Up to here one write of joined bytes is cheaper than two that are not. */
const JOINED_BYTES = 32_768;

/** What Node would act upon, or has a mind of its own about. */
const NODES_OWN = ['connection', 'keep-alive', 'transfer-encoding', 'upgrade', 'trailer', 'expect'];

export class Hits {
  #site;
  #server;
  #isPossible;
  #urls = new KnownUrls();
  /** By stored answer. */
  #written = new WeakMap();

  /** @param cache of `createResponseCache`, which the front around the server's listener is given, too */
  constructor(cache, server) {
    const { site } = partsOf(cache);
    this.#site = site;
    this.#server = server;
    this.#isPossible = site.settings.isSameForAll && !(site.origin.scheme ?? site.origin.authority);
  }

  /** @returns {readonly Uint8Array[] | undefined} the whole answer to a GET */
  find(target, fields) {
    if (!this.#isPossible) return undefined;
    const { store, settings, trace } = this.#site;
    const known = this.#urls.find(target, fields.host, false);
    const address = known ?? this.#addressOf(target, fields);
    const resource = address && store.readNow(address);
    if (resource === undefined || store.isRemote) return undefined;
    const stored = selectedBy(resource, fields);
    // Of other statuses some have no content; they are rare.
    if (stored?.status !== 200 || stored.stale.alwaysValidate) return undefined;
    const nowMs = settings.clock.now();
    if (!isFresh(stored, nowMs)) return undefined;
    const age = ageField(stored, nowMs);
    const answer = this.#writtenOf(stored).at(age, this.#server.keepAliveTimeout);
    if (answer === undefined) return undefined;

    if (known === undefined) this.#urls.remember(target, fields.host, false, address);
    if (trace.isHeard('hit')) {
      trace.hit({ method: 'GET', url: target }, age, ttlSeconds(stored, nowMs));
    } else trace.countHit();
    return answer;
  }

  #addressOf(url, { raw: rawHeaders }) {
    const { settings, origin, customKeyScope } = this.#site;
    const headers = headersOf(rawHeaders);
    const req = { method: 'GET', url, headers, rawHeaders, socket: NOT_ENCRYPTED };
    const plan = planFor(req, settings, origin, customKeyScope, undefined);
    return plan.kind === 'lookup' ? plan.address : undefined;
  }

  #writtenOf(stored) {
    let written = this.#written.get(stored);
    if (written === undefined) {
      written = new Written(stored, this.#site.settings.cacheStatus);
      this.#written.set(stored, written);
    }
    return written;
  }
}

const NOT_ENCRYPTED = {};

/** None of the fields that are recognised comes twice. */
function headersOf(raw) {
  const headers = {};
  for (let i = 0; i < raw.length; i += 2) headers[raw[i].toLowerCase()] = raw[i + 1];
  return headers;
}

function selectedBy(resource, { raw }) {
  const { variants } = resource;
  const isOnly = variants.length === 1 && variants[0].selecting.length === 0;
  return isOnly ? variants[0] : selected(resource, headersOf(raw));
}

/** A stored answer as bytes, made anew for each second of its age. */
class Written {
  #stored;
  #head;
  #isOrdinary;
  #age = -1;
  #keepAliveMs = -1;
  #parts;

  constructor(stored, cacheStatus) {
    this.#stored = stored;
    this.#head = new PreparedHead(stored, cacheStatus, false);
    const names = new Set(stored.fields.map(([name]) => name.toLowerCase()));
    // A Date that is not stored, Node adds.
    this.#isOrdinary = names.has('date') && !NODES_OWN.some((name) => names.has(name));
  }

  at(age, keepAliveMs) {
    if (!this.#isOrdinary) return undefined;
    if (age !== this.#age || keepAliveMs !== this.#keepAliveMs) {
      this.#age = age;
      this.#keepAliveMs = keepAliveMs;
      this.#parts = this.#write();
    }
    return this.#parts;
  }

  #write() {
    const { status, statusMessage, body } = this.#stored;
    const list = this.#head.at(this.#age);
    let text = `HTTP/1.1 ${status} ${statusMessage}\r\n`;
    for (let i = 0; i < list.length; i += 2) text += `${list[i]}: ${list[i + 1]}\r\n`;
    text += 'Connection: keep-alive\r\n';
    if (this.#keepAliveMs)
      text += `Keep-Alive: timeout=${Math.floor(this.#keepAliveMs / 1_000)}\r\n`;
    const head = Buffer.from(`${text}\r\n`, 'latin1');
    return body.byteLength > JOINED_BYTES ? [head, body] : [Buffer.concat([head, body])];
  }
}
