/**
 * Names of keys on the server:
 *
 * ```
 * locmem:shop:{app:1:user:7}         an entry of the cache named shop
 * locmem:shop:{app:1:user:7}:lease   who is loading it
 * locmem:shop:{app:1:user:7}:lock    who is updating it
 * locmem-tag:shop:{orders}           the version of a tag
 * ```
 *
 * In a cluster what stands in braces decides on the slot: entry, lease and lock lie together, for scripts
 * that touch them in one step, and entries are spread over all servers.
 */
import { read, spelt } from '@locmem/core/remote';

const OPENING = '}\\';

export class KeyNames {
  readonly #entries: string;
  readonly #tags: string;

  /** @param store must have no braces */
  constructor(store: string) {
    this.#entries = `locmem:${store}:{`;
    this.#tags = `locmem-tag:${store}:{`;
  }

  /** What the names of all keys of this store begin with. */
  get starts(): readonly [entries: string, tags: string] {
    return [this.#entries, this.#tags];
  }

  entry(at: string): string {
    return `${this.#entries}${guarded(at)}}`;
  }

  lease(at: string): string {
    return `${this.entry(at)}:lease`;
  }

  lock(at: string): string {
    return `${this.entry(at)}:lock`;
  }

  tag(tag: string): string {
    return `${this.#tags}${guarded(spelt(tag))}}`;
  }

  /** What SCAN finds entries, leases and locks by whose key begins so. */
  pattern(start: string): string {
    return `${(this.#entries + guarded(start)).replace(/[\\*?[\]^-]/g, '\\$&')}*`;
  }

  tagPattern(): string {
    return `${this.#tags.replace(/[\\*?[\]^-]/g, '\\$&')}*`;
  }

  /** The key of an entry by its name; undefined when it is the name of something else. */
  at(name: string): string | undefined {
    return name.endsWith('}') ? unguarded(inner(name, this.#entries)) : undefined;
  }

  /** The key whose entry, lease or lock this is. */
  owner(name: string): string {
    const end = name.lastIndexOf('}');
    return this.at(name.slice(0, end + 1)) ?? '';
  }

  /** What a changed key is to this store. */
  told(name: string): { readonly entry?: string; readonly tag?: string } {
    if (name.startsWith(this.#entries)) {
      const at = this.at(name);
      return at === undefined ? {} : { entry: at };
    }
    return name.startsWith(this.#tags) ? { tag: read(unguarded(inner(name, this.#tags))) } : {};
  }
}

function inner(name: string, start: string): string {
  return name.slice(start.length, -1);
}

/** Empty braces are no braces to a cluster: a key must not begin by closing them. */
function guarded(key: string): string {
  return OPENING.includes(key.charAt(0)) && key !== '' ? `\\${key}` : key;
}

function unguarded(key: string): string {
  return key.startsWith('\\') ? key.slice(1) : key;
}
