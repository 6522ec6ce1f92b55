/**
 * Groups of entries that die together. A tag is a counter; an entry remembers the counts of its tags
 * at the time it was made, and is alive while they are still the same. So `deleteByTag` is one
 * increment however many entries carry the tag: no index is walked, none has to be kept.
 */

interface Tag {
  readonly name: string;
  generation: number;
  /** How many marks refer to it; the last one gone, the tag is forgotten. */
  marks: number;
}

/** What an entry remembers of its tags. */
export interface TagMark {
  readonly tags: readonly Tag[];
  readonly generations: readonly number[];
}

export class TagRegistry {
  readonly #tags = new Map<string, Tag>();

  /** Notes the tags as they stand now: whatever is purged from here on no longer counts. */
  mark(names: readonly string[]): TagMark {
    const tags = [...new Set(names)].map((name) => this.#tag(name));
    for (const tag of tags) tag.marks++;
    return { tags, generations: tags.map((tag) => tag.generation) };
  }

  isCurrent(mark: TagMark): boolean {
    return mark.tags.every((tag, i) => tag.generation === mark.generations[i]);
  }

  /** The same mark on a second entry. */
  retain(mark: TagMark): void {
    for (const tag of mark.tags) tag.marks++;
  }

  release(mark: TagMark): void {
    for (const tag of mark.tags) if (--tag.marks === 0) this.#tags.delete(tag.name);
  }

  purge(names: readonly string[]): void {
    for (const name of names) {
      const tag = this.#tags.get(name);
      if (tag) tag.generation++;
    }
  }

  #tag(name: string): Tag {
    let tag = this.#tags.get(name);
    if (!tag) this.#tags.set(name, (tag = { name, generation: 0, marks: 0 }));
    return tag;
  }
}
