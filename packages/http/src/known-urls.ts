/**
 * Keys that have been worked out, by the URL they were asked for: a bounded memory of the last few
 * thousand, in two generations, so that forgetting costs nothing at any one request.
 */
import type { Address } from './store.js';

/** URLs in a generation. */
const GENERATION = 8_192;

/** Longer ones, with their host, are not remembered. Characters. */
const LONGEST = 512;

/** Where the answers to a URL are, as long as it is asked for on that host in that way. */
interface KnownUrl {
  readonly host: string;
  readonly isEncrypted: boolean;
  readonly address: Address;
}

export class KnownUrls {
  #young = new Map<string, KnownUrl>();
  #old = new Map<string, KnownUrl>();

  find(url: string, host: string, isEncrypted: boolean): Address | undefined {
    const young = this.#young.get(url);
    const known = young ?? this.#old.get(url);
    if (known?.host !== host || known.isEncrypted !== isEncrypted) return undefined;
    if (young === undefined) this.#keep(url, known);
    return known.address;
  }

  remember(url: string, host: string, isEncrypted: boolean, address: Address): void {
    if (url.length + host.length <= LONGEST) this.#keep(url, { host, isEncrypted, address });
  }

  #keep(url: string, known: KnownUrl): void {
    if (this.#young.size >= GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(url, known);
  }
}
