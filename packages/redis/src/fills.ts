/**
 * Values on their way from the back to the front. One that is changed while it is under way must not be put
 * there when it comes: whoever changed it has taken it away already, and would not do so again.
 */

export class Fill {
  isSpoilt = false;
}

export class Fills {
  readonly #underWay = new Map<string, Set<Fill>>();

  begin(key: string): Fill {
    const fill = new Fill();
    const fills = this.#underWay.get(key);
    if (fills) fills.add(fill);
    else this.#underWay.set(key, new Set([fill]));
    return fill;
  }

  end(key: string, fill: Fill): void {
    const fills = this.#underWay.get(key);
    fills?.delete(fill);
    if (fills?.size === 0) this.#underWay.delete(key);
  }

  spoil(key: string): void {
    for (const fill of this.#underWay.get(key) ?? []) fill.isSpoilt = true;
  }

  /** Which tags a value has is known only when it is there. */
  spoilAll(): void {
    for (const fills of this.#underWay.values()) for (const fill of fills) fill.isSpoilt = true;
  }
}
