/**
 * What a front may give away: an answer that is as good before the framework as behind what stands
 * between. Nobody can see everything that a middleware does; here is what can be seen.
 */
import type { Fields } from './fields.js';

/** Constants of a framework, that say nothing about who asks. */
const INDIFFERENT: ReadonlySet<string> = new Set(['x-powered-by']);

export class Fronting {
  #isOn = false;
  #hasWarned = false;

  /** A front has been put before this cache. */
  begin(): void {
    this.#isOn = true;
  }

  /**
   * Whether an answer that is about to be stored may be given by a front.
   *
   * @param before what middlewares before the cache had set on the response
   * @param knowsVisitor whether one of them has found out who asks
   */
  allows(before: Fields, knowsVisitor: () => boolean): boolean {
    if (!this.#isOn) return false;
    const names = [...before].flatMap(([name, field]) =>
      INDIFFERENT.has(name) ? [] : [field.name],
    );
    if (names.length > 0) {
      this.warn(`middlewares before the response cache set ${names.join(', ')}`);
      return false;
    }
    if (!knowsVisitor()) return true;
    this.warn('middlewares before the response cache know who asks');
    return false;
  }

  /** Says once why nothing, or not everything, is given by the front. */
  warn(why: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    process.emitWarning(
      `front() stands aside: ${why}, and an answer given before the framework would go out ` +
        'without them. Mount the cache before them, if it may be.',
      { code: 'LOCMEM_FRONT_STANDS_ASIDE' },
    );
  }
}
