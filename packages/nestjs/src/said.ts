/**
 * What decorators say of a class or handler. All of it counts: what a class above says, and what stands
 * below another decorator that has put a function of its own in the method's place. Nothing that sets
 * requests or answers apart is lost because something else is said, too.
 */
import { InvalidOptionError } from '@locmem/core';

/** Adds to what is said, behind what is said already. */
export function say(key: string, place: object, what: object): void {
  Reflect.defineMetadata(key, [...saidOn(key, place), what], place);
}

/** What is said on a class or handler, classes above it and the lower decorator first. */
export function saidOn(key: string, place: object): readonly unknown[] {
  return (Reflect.getMetadata(key, place) ?? []) as readonly unknown[];
}

/**
 * The class or handler that a decorator stands on.
 *
 * @param decorator its name, for errors
 * @throws {InvalidOptionError} when it stands where nobody would look: on a getter or a static method
 */
export function placeOf(
  decorator: string,
  target: object,
  name: string | symbol | undefined,
  descriptor: PropertyDescriptor | undefined,
): object {
  if (name === undefined) return target;
  const method: unknown = descriptor?.value;
  if (typeof method === 'function' && typeof target !== 'function') return method;
  const rule = 'must be a class, or a method of its objects';
  throw new InvalidOptionError(`@${decorator}()`, 'target', rule, name);
}
