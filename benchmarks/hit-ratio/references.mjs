/** The two ends of the scale: what LRU hits, and what nobody can exceed. */

/** Least recently used, on a Map's order of insertion: plain, and obviously right. */
export function lruHits({ ids }, size) {
  const kept = new Map();
  let hits = 0;
  for (const id of ids) {
    if (kept.delete(id)) hits++;
    else if (kept.size === size) kept.delete(kept.keys().next().value);
    kept.set(id, true);
  }
  return hits;
}

/**
 * Belady's optimum with bypass: keep those whose next use is nearest, and do not take in a key whose
 * own is farther than all of theirs. A heap holds the next uses; as each is a position in the trace, it
 * tells the key as well. Uses that have passed sink to its bottom, below all that are still to come.
 */
export function optimalHits({ ids, distinct }, size) {
  const next = nextUses(ids, distinct);
  const isKept = new Uint8Array(distinct);
  const heap = new MaxHeap(ids.length + 1);
  let kept = 0;
  let hits = 0;
  ids.forEach((id, now) => {
    const isHit = isKept[id] === 1;
    if (isHit) hits++;
    const isLast = next[now] === ids.length;
    if (isLast) {
      if (isHit) kept--;
      isKept[id] = 0;
      return;
    }
    if (!isHit) {
      if (kept < size) kept++;
      else if (heap.top > next[now]) isKept[ids[heap.pop()]] = 0;
      else return;
      isKept[id] = 1;
    }
    heap.push(next[now]);
  });
  return hits;
}

function nextUses(ids, distinct) {
  const next = new Int32Array(ids.length);
  const upcoming = new Int32Array(distinct).fill(ids.length);
  for (let at = ids.length - 1; at >= 0; at--) {
    next[at] = upcoming[ids[at]];
    upcoming[ids[at]] = at;
  }
  return next;
}

class MaxHeap {
  #items;
  #size = 0;

  constructor(capacity) {
    this.#items = new Int32Array(capacity);
  }

  get top() {
    return this.#items[0];
  }

  push(item) {
    const items = this.#items;
    let at = this.#size++;
    for (let parent; at > 0 && items[(parent = (at - 1) >> 1)] < item; at = parent) {
      items[at] = items[parent];
    }
    items[at] = item;
  }

  pop() {
    const items = this.#items;
    const top = items[0];
    const last = items[--this.#size];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child + 1 < this.#size && items[child + 1] > items[child]) child++;
      if (child >= this.#size || items[child] <= last) break;
      items[at] = items[child];
      at = child;
    }
    items[at] = last;
    return top;
  }
}
