/**
 * Tells whether some bytes are one complete, simple GET, and nothing else: whatever is the least bit
 * unusual is not recognised, and is for Node's parser. What is recognised, that parser would have made
 * the same one request of; `check.mjs` compares them.
 */

/** More than a client sends for a page, far less than Node allows. */
export const LONGEST_BYTES = 4_096;

/**
 * RFC 9112 §3 and §5, less all that is optional: origin-form with the characters of RFC 3986 §3.3 and
 * §3.4 (two slashes at the start could be taken for an authority), HTTP/1.1, CRLF.
 */
const REQUEST_LINE = /^GET (\/(?!\/)[\w\-.~!$&'()*+,;=:@/?%]*) HTTP\/1\.1\r\n/;

/** One space after the colon, none before it nor at the end, values not empty and of printable ASCII. */
const FIELDS = /^(?:[A-Za-z-]+: (?:[!-~]|[!-~][ -~]*[!-~])\r\n)+\r\n$/;

/**
 * The only fields that may be there, each once. None of them frames a message, changes the protocol,
 * says who asks or what a cache may answer: a list of those that do would never be complete.
 */
const HARMLESS = new Map(
  [
    ...['host', 'connection', 'user-agent', 'accept', 'accept-language', 'accept-encoding'],
    ...['referer', 'dnt', 'sec-gpc', 'priority', 'upgrade-insecure-requests', 'sec-fetch-dest'],
    ...['sec-fetch-mode', 'sec-fetch-site', 'sec-fetch-user', 'sec-ch-ua', 'sec-ch-ua-mobile'],
    'sec-ch-ua-platform',
  ].map((name, place) => [name, 1 << place]),
);

/** RFC 9110 §7.2, without userinfo and percent-encoding. */
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/**
 * @typedef {object} Fields
 * @property {string} host
 * @property {string[]} raw names and values in turn, as Node's `rawHeaders` has them
 */

/** Of one connection: a client sends the same fields again and again, and they are looked at once. */
export class Recogniser {
  #lastText = '';
  /** @type {Fields | undefined} */
  #last;
  /** @type {Fields | undefined} what was recognised with the target that was returned */
  fields;

  /**
   * @param {Buffer} bytes all that has come, of which nothing may be left over
   * @returns {string | undefined} the target of the request that they are
   */
  targetOf(bytes) {
    if (bytes.length > LONGEST_BYTES) return undefined;
    const text = bytes.latin1Slice();
    const line = REQUEST_LINE.exec(text);
    if (line === null) return undefined;
    const rest = text.slice(line[0].length);
    if (rest !== this.#lastText) {
      this.#last = fieldsOf(rest);
      this.#lastText = rest;
    }
    this.fields = this.#last;
    return this.#last && line[1];
  }
}

/** @returns {Fields | undefined} */
function fieldsOf(text) {
  if (!FIELDS.test(text)) return undefined;
  const raw = [];
  let seen = 0;
  let host;
  for (let at = 0; at < text.length - 2;) {
    const colon = text.indexOf(':', at);
    const end = text.indexOf('\r', colon);
    const name = text.slice(at, colon);
    const value = text.slice(colon + 2, end);
    const lowerName = name.toLowerCase();
    const mark = HARMLESS.get(lowerName);
    if (mark === undefined || (seen & mark) !== 0) return undefined;
    seen |= mark;
    if (lowerName === 'host') host = value;
    // Whoever closes, or names fields that end here, is for Node.
    else if (lowerName === 'connection' && value.toLowerCase() !== 'keep-alive') return undefined;
    raw.push(name, value);
    at = end + 2;
  }
  return host !== undefined && HOST.test(host) ? { host, raw } : undefined;
}
