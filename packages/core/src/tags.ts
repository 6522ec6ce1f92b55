/**
 * Groups of entries that die together. A tag is a counter; an entry remembers the counts of its tags
 * at the time it was made, and is good while they are still the same. So `deleteByTag` is one
 * increment however many entries carry the tag: no index is walked, none has to be kept. A soft purge
 * counts on a second counter, and leaves the entry to be served stale.
 */
import { LazyMap } from './lazy-map.js';

interface Tag {
  readonly name: string;
  hard: number;
  soft: number;
  /** How many marks refer to it; the last one gone, the tag is forgotten. */
  marks: number;
}

/** What an entry remembers of its tags. */
export interface TagMark {
  readonly tags: readonly Tag[];
  /** For each tag its hard count, then its soft one. */
  readonly counts: readonly number[];
  /** As many purges as there had been when the counts were last the same. */
  purges: number;
}

export class TagRegistry {
  readonly #tags = new LazyMap<string, Tag>();
  /** Of all tags: until there is one more, no mark needs to look at its tags again. */
  #purges = 0;

  /** Notes the tags as they stand now: whatever is purged from here on no longer counts. */
  mark(names: readonly string[]): TagMark {
    const tags: Tag[] = [];
    const counts: number[] = [];
    for (const name of names) {
      const tag = this.#tag(name);
      if (tags.includes(tag)) continue;
      tag.marks++;
      tags.push(tag);
      counts.push(tag.hard, tag.soft);
    }
    return { tags, counts, purges: this.#purges };
  }

  /** Not purged, neither hard nor softly. */
  isCurrent(mark: TagMark): boolean {
    if (mark.purges === this.#purges) return true;
    if (this.isPurged(mark) || this.#isSoftlyPurged(mark)) return false;
    mark.purges = this.#purges;
    return true;
  }

  /** Purged, so that nobody may have it. */
  isPurged({ tags, counts }: TagMark): boolean {
    for (let i = 0; i < tags.length; i++) if (tags[i]!.hard !== counts[2 * i]) return true;
    return false;
  }

  /** Purged softly, so that it is stale. */
  #isSoftlyPurged({ tags, counts }: TagMark): boolean {
    for (let i = 0; i < tags.length; i++) if (tags[i]!.soft !== counts[2 * i + 1]) return true;
    return false;
  }

  /** The same mark on a second entry. */
  retain({ tags }: TagMark): void {
    for (const tag of tags) tag.marks++;
  }

  release({ tags }: TagMark): void {
    for (const tag of tags) if (--tag.marks === 0) this.#tags.delete(tag.name);
  }

  purge(names: readonly string[], kind: 'hard' | 'soft'): void {
    for (const name of names) {
      const tag = this.#tags.get(name);
      if (!tag) continue;
      tag[kind]++;
      this.#purges++;
    }
  }

  #tag(name: string): Tag {
    let tag = this.#tags.get(name);
    if (!tag) this.#tags.set(name, (tag = { name, hard: 0, soft: 0, marks: 0 }));
    return tag;
  }
}
